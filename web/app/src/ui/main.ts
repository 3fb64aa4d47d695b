import { mount } from "svelte";
import { guard } from "../shell/guard";
import App from "./App.svelte";
import "./app.css";
import "./panels.css";

guard();
mount(App, { target: document.getElementById("app")! });
