/** `npm run schemas`: TypeScript types of the JSON members of a sealed file, out of their JSON Schemas. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const app = join(dirname(fileURLToPath(import.meta.url)), "..");
const schemas = join(app, "../../spec/schemas");
const target = join(app, "src/seal/members.ts");
const HEAD = `/**
 * The JSON members of a sealed file as a sound one holds them. Made from spec/schemas by \`npm run schemas\`; do not edit.
 * A reader cannot rely on these types before it has checked a member.
 */
`;

/** The text of src/seal/members.ts, before it is formatted. */
export async function types() {
  const parts = [];
  for (const name of readdirSync(schemas).sort()) {
    if (name === "receipt.schema.json") continue; // of a server, not a member of a file
    const schema = typed(JSON.parse(readFileSync(join(schemas, name), "utf8")));
    const options = {
      bannerComment: "",
      additionalProperties: false,
      ignoreMinAndMaxItems: true,
      format: false,
    };
    parts.push(await compile(schema, schema.title, options));
  }
  return `${HEAD}${parts.join("\n")}`;
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

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(target, await types());
