"use strict";
// Shows openapi.json and sends requests. Text from the document is only ever set as text, never as HTML.

const base = location.pathname.replace(/\/docs\/?$/, "");
const byId = (id) => document.getElementById(id);
let key = "";

/** An element with properties and children. */
function make(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

async function send(method, path, body, mediaType) {
  const headers = key ? { authorization: `Bearer ${key}` } : {};
  if (body !== undefined) headers["content-type"] = mediaType;
  return fetch(base + path, { method, headers, body, cache: "no-store", credentials: "omit" });
}

/** JSON with line breaks. The text is not parsed, so that no number changes. */
function spaced(text) {
  let depth = 0;
  return text.replace(/"(?:[^"\\]|\\.)*"|[\[{]\s*[\]}]|[[\]{},:]/g, (token) => {
    const line = (by) => "\n" + "  ".repeat(Math.max(0, (depth += by)));
    if (token === "{" || token === "[") return token + line(1);
    if (token === "}" || token === "]") return line(-1) + token;
    return token === "," ? "," + line(0) : token === ":" ? ": " : token;
  });
}

/** A schema in place of its reference. */
function resolved(schema, whole) {
  const name = schema?.$ref?.replace("#/components/schemas/", "");
  return name ? whole.components.schemas[name] : (schema ?? {});
}

/** The schema of the values themselves, and whether null is permitted. */
function values(property) {
  const options = property.anyOf ?? [property];
  const own = options.filter((option) => option.type !== "null");
  const optional = own.length < options.length;
  return { own: own.length === 1 ? { ...property, anyOf: undefined, ...own[0] } : property, optional };
}

function kind(own) {
  return own.enum ? "category" : (own.type ?? "any");
}

/** The range that the contract declares; the limits of all whole numbers are not shown. */
function range({ minimum, maximum }) {
  const low = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const high = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (low === undefined) return high === undefined ? "" : `≤ ${high}`;
  return high === undefined ? `≥ ${low}` : `${low} to ${high}`;
}

const shown = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** A table of the fields of a row. */
function table(row) {
  const head = ["Field", "Type", "Range or categories", "Missing", "Description", "Example"];
  const body = Object.entries(row.properties).map(([name, property]) => {
    const { own, optional } = values(property);
    const allowed = own.enum ? own.enum.map(shown).join(", ") : range(own);
    const text = [property.title, property.description].filter(Boolean).join(". ");
    const cells = [kind(own), allowed, optional ? "allowed" : "refused", text, shown(property.examples?.[0]) ?? ""];
    return make("tr", {}, make("td", {}, make("code", {}, name)), ...cells.map((cell) => make("td", {}, cell)));
  });
  const rows = [make("tr", {}, ...head.map((cell) => make("th", { scope: "col" }, cell)))];
  return make("div", { className: "scroll", tabIndex: 0 }, make("table", {}, make("thead", {}, ...rows), make("tbody", {}, ...body)));
}

/** The text of a control as JSON: what is not JSON of the field's type is a string, which the server judges. */
function asJson(text, own) {
  if (text === "") return "null";
  const isText = own.type === "string" || (own.enum ?? []).some((value) => typeof value === "string");
  if (!isText && /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false)$/.test(text)) return text;
  return JSON.stringify(text);
}

/** A form for the fields of one row, which writes the row into the text area. */
function form(row, area, example, id) {
  const controls = new Map();
  const update = () => {
    const parts = [...controls].map(([name, [control, own]]) => `${JSON.stringify(name)}: ${asJson(control.value, own)}`);
    area.value = `{\n  ${parts.join(",\n  ")}\n}`;
  };
  const fields = Object.entries(row.properties).filter(([, property]) => values(property).own.type || values(property).own.enum);
  if (fields.length < Object.keys(row.properties).filter((name) => name in example).length) return null;
  const boxes = fields.map(([name, property], number) => {
    const { own, optional } = values(property);
    const choices = own.enum ?? (own.type === "boolean" ? [true, false] : null);
    const given = example[name] ?? null;
    const control = choices ? make("select", {}) : make("input", { autocomplete: "off", spellcheck: false });
    if (own.type === "number" || own.type === "integer") control.inputMode = "decimal";
    if (choices) {
      if (optional) control.append(make("option", { value: "" }, "(missing)"));
      control.append(...choices.map((choice) => make("option", { value: shown(choice) }, shown(choice))));
    } else if (optional) control.placeholder = "missing";
    control.id = `${id}-${number}`;
    control.value = given === null ? "" : shown(given);
    control.addEventListener("input", update);
    controls.set(name, [control, own]);
    const notes = [property.title && name, property.description, own.enum ? "" : range(own)].filter(Boolean).join(" · ");
    return make(
      "div",
      { className: "field" },
      make("label", { htmlFor: control.id }, property.title || name),
      ...(notes ? [make("span", { className: "quiet small" }, notes)] : []),
      control,
    );
  });
  update();
  return make("fieldset", {}, make("legend", {}, "One row"), make("div", { className: "fields" }, ...boxes));
}

/** The controls that send a request, and the response. */
function trial(method, path, operation, row, id) {
  const content = Object.entries(operation.requestBody?.content ?? {}).filter(
    ([, body]) => body.example !== undefined || body.examples,
  );
  const area = make("textarea", { id: `${id}-body`, spellcheck: false });
  const types = make("select", { id: `${id}-type` });
  const answer = make("div", { ariaLive: "polite" });
  const parts = [];
  if (content.length) {
    const bodies = content.flatMap(([type, body]) =>
      Object.entries(body.examples ?? { "": { value: body.example } }).map(([name, { value }]) => [type, name, value]),
    );
    types.append(...bodies.map(([type, name], at) => make("option", { value: at }, name ? `${type} (${name})` : type)));
    const fill = () => {
      const value = bodies[types.value || 0][2];
      area.value = typeof value === "string" ? value : spaced(JSON.stringify(value));
    };
    fill();
    const fields = row ? form(row, area, bodies[0][2][0], id) : null;
    if (fields) parts.push(fields);
    types.addEventListener("change", () => {
      if (fields) fields.hidden = types.value !== "0";
      fill();
    });
    const choice = make("div", { className: "field" }, make("label", { htmlFor: types.id }, "Content type"), types);
    choice.hidden = bodies.length < 2;
    parts.push(choice, make("div", { className: "field" }, make("label", { htmlFor: area.id }, "Body"), area));
    types.bodies = bodies;
  }
  const button = make("button", { className: "primary" }, "Send");
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const response = await send(method, path, content.length ? area.value : undefined, types.bodies?.[types.value]?.[0]);
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      const status = make("span", { className: response.ok ? "status" : "status bad" }, `${response.status} ${response.statusText}`);
      answer.replaceChildren(make("p", {}, status), make("pre", { tabIndex: 0 }, isJson ? spaced(text) : text));
      if (response.status === 401) byId("access").hidden = false;
    } catch (error) {
      answer.replaceChildren(make("p", { className: "status bad" }, `The server does not respond: ${error.message}`));
    }
    button.disabled = false;
  });
  return make("div", {}, make("h3", {}, "Try it"), ...parts, make("p", { className: "row send" }, button), answer);
}

function responses(operation) {
  const body = Object.entries(operation.responses).map(([status, { description, content }]) => {
    const types = Object.keys(content ?? {}).join(", ");
    return make("tr", {}, make("td", {}, status), make("td", {}, description), make("td", {}, types));
  });
  const head = make("tr", {}, ...["Status", "Meaning", "Content types"].map((cell) => make("th", { scope: "col" }, cell)));
  return make("div", { className: "scroll", tabIndex: 0 }, make("table", {}, make("thead", {}, head), make("tbody", {}, ...body)));
}

function route(whole, path, method, operation, id) {
  const name = path.endsWith("/predict") ? operation.tags?.[0] : undefined;
  const row = name && whole.components.schemas[`${name}_row`];
  const inside = make("div", {});
  const fill = () => {
    if (inside.childElementCount) return;
    if (operation.description) inside.append(make("p", {}, operation.description));
    if (row) inside.append(make("h3", {}, "Fields of a row"), table(row));
    inside.append(trial(method.toUpperCase(), path, operation, row, id), make("h3", {}, "Responses"), responses(operation));
  };
  const title = [make("code", { className: "method" }, method.toUpperCase()), make("code", {}, path), make("span", { className: "quiet" }, operation.summary ?? "")];
  const details = make("details", {}, make("summary", {}, ...title), inside);
  if (row && id === "r1") {
    fill();
    details.open = true;
  }
  details.addEventListener("toggle", fill); // a route that nobody opens costs nothing
  return details;
}

function show(whole) {
  const groups = new Map();
  for (const [path, operations] of Object.entries(whole.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const group = operation.tags?.[0] ?? "";
      groups.set(group, [...(groups.get(group) ?? []), [path, method, operation]]);
    }
  let number = 0;
  const sections = [...groups].map(([name, routes]) => {
    const title = name ? `Model ${name}` : "Server";
    const described = name && resolved({ $ref: `#/components/schemas/${name}_row` }, whole).title;
    return make(
      "section",
      {},
      make("h2", {}, title),
      ...(described ? [make("p", { className: "quiet" }, described)] : []),
      ...routes.map(([path, method, operation]) => route(whole, path, method, operation, `r${(number += 1)}`)),
    );
  });
  byId("main").replaceChildren(...sections);
  const link = make("a", { href: `${base}/openapi.json` }, "openapi.json");
  byId("about").replaceChildren(`${whole.info.title} ${whole.info.version} · OpenAPI ${whole.openapi} · `, link);
}

async function load() {
  try {
    const response = await send("GET", "/openapi.json");
    if (response.status === 401) {
      byId("access").hidden = false;
      byId("key").focus();
      if (key) throw new Error("the server does not accept this key");
      byId("about").replaceChildren("Enter an API key to see the routes and models.");
      return;
    }
    if (!response.ok) throw new Error(`openapi.json has the status ${response.status}`);
    show(await response.json());
    byId("access").hidden = true;
  } catch (error) {
    byId("about").replaceChildren(make("span", { className: "status bad" }, `The document cannot be shown: ${error.message}.`));
  }
}

byId("access").addEventListener("submit", (event) => {
  event.preventDefault();
  key = byId("key").value;
  load();
});
load();
