/** `npm run schemas`: TypeScript types of the JSON members of a sealed file, out of their JSON Schemas. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const app = join(dirname(fileURLToPath(import.meta.url)), "..");
const schemas = join(app, "../../spec/schemas");
const target = join(app, "src/seal/members");

/** Name of a file in src/seal/members → its text, before it is formatted. */
export async function types() {
  const files = {};
  for (const name of readdirSync(schemas).sort()) {
    if (name === "receipt.schema.json") continue; // of a server, not a member of a file
    const schema = typed(JSON.parse(readFileSync(join(schemas, name), "utf8")));
    const options = {
      bannerComment: head(name),
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      format: false,
    };
    files[name.replace(".schema.json", ".ts")] = await compile(schema, schema.title, options);
  }
  return files;
}

function head(name) {
  return `/**
 * The types of spec/schemas/${name}, made by \`npm run schemas\`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */`;
}

/** The schema without what has no type: conditions, and the forms of texts and lists. */
function typed(schema) {
  if (Array.isArray(schema)) return schema.map(typed);
  if (typeof schema !== "object" || schema === null) return schema;
  const { allOf: _conditions, prefixItems: _first, propertyNames: _names, $id: _id, ...rest } = schema;
  // "pattern" is a keyword where it is a text, and a key of a text stage where it is a schema.
  if (typeof rest.pattern === "string") delete rest.pattern;
  return Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, typed(value)]));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target);
  for (const [name, text] of Object.entries(await types())) writeFileSync(join(target, name), text);
}
