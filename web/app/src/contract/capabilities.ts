/** Capabilities that a contract requires of its reader (spec/CONTRACT.md §1a; contract/capabilities.py). */
import { SealiftError } from "../errors";
import { isObject } from "../seal/json";
import { STAGE_TYPES } from "../stages";
import { KINDS } from "./outputs";
import { TYPES } from "./types";

/** The capabilities of this program beyond those of every reader of format 1. */
const CAPABILITIES: ReadonlySet<string> = new Set(
  [...TYPES, ...STAGE_TYPES, ...KINDS].map(({ capability }) => capability).filter(Boolean),
);
const MOST = 64;
const FORM = /^[a-z]{1,16}:[a-z0-9_]{1,64}\/[1-9][0-9]{0,3}$/;

/** The capabilities in `requires`. Throws E107 if this program lacks one of them, E106 for a malformed list. */
export function checkRequired(raw: unknown): string[] {
  const names: unknown[] = Array.isArray(raw) ? raw : [null];
  const isSound = names.every(
    (name, i) => typeof name === "string" && FORM.test(name) && (i === 0 || (names[i - 1] as string) < name),
  );
  if (!isSound || names.length > MOST)
    throw new SealiftError(
      "E106",
      `The contract is malformed: requires must be an ascending list of at most ${MOST} capabilities.`,
      "",
      "See §1a of `sealift docs spec/CONTRACT`.",
    );
  const lacking = (names as string[]).filter((name) => !CAPABILITIES.has(name));
  if (lacking.length > 0)
    throw new SealiftError(
      "E107",
      `The model requires a capability that this program does not have: ${lacking.join(", ").slice(0, 300)}.`,
      "",
      "Make the page again with a newer Sealift, or answer with `sealift predict` or from Python.",
    );
  return names as string[];
}

/** Whether a contract has the form that preceded format 1: outputs without `kind`, tensors without `shape`. */
export function isProvisional(raw: unknown): boolean {
  if (!isObject(raw)) return false;
  return [
    ["outputs", "kind"],
    ["tensors", "shape"],
  ].every(([key, added]) => {
    const entries: unknown = raw[key!];
    return (
      Array.isArray(entries) &&
      entries.length > 0 &&
      entries.every((entry) => isObject(entry) && !Object.hasOwn(entry, added!))
    );
  });
}
