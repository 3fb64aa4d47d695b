import { mount } from "svelte";
import { guard } from "../shell/guard";
import App from "./App.svelte";
// The last three override rules of the others.
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/page.css";
import "./styles/form.css";
import "./styles/result.css";
import "./styles/file.css";
import "./styles/verify.css";
import "./styles/picture.css";
import "./styles/objects.css";
import "./styles/spans.css";
import "./styles/narrow.css";
import "./styles/forced-colors.css";
import "./styles/print.css";

guard();
mount(App, { target: document.getElementById("app")! });
