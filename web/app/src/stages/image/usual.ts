/** The usual statistics of a model's pictures, and what is unusual in another one (spec/IMAGE.md §9; stages/image/usual.py). */
import { keys, Malformed } from "../read";
import { NAMES, type Statistics } from "./statistics";
import { numbers } from "./steps/base";

type Name = keyof typeof NAMES;
const KNOWN = Object.keys(NAMES) as Name[];

export class Usual {
  private readonly bounds: ReadonlyMap<Name, readonly [number, number]>;

  /** Reads the key `usual` of a stage. Throws Malformed. */
  constructor(raw: unknown) {
    const given = Object.entries(keys(raw, [], KNOWN));
    this.bounds = new Map(given.map(([name, pair]) => [name as Name, pairOf(name, pair)]));
  }

  /** What is unusual, each once, such as `brightness`. */
  unlike(statistics: Statistics): string[] {
    const outside = new Set<string>();
    for (const [name, [low, high]] of this.bounds)
      if (!(low <= statistics[name] && statistics[name] <= high)) outside.add(NAMES[name]);
    return [...new Set<string>(Object.values(NAMES))].filter((name) => outside.has(name));
  }
}

/** What a picture has in which something is unusual, to complete `The picture has …`. */
export function caution(unlike: readonly string[]): string {
  const last = unlike.at(-1)!;
  const before = unlike.slice(0, -1).join(", ");
  return `${before ? `${before} and ` : ""}${last} unlike the training pictures`;
}

function pairOf(name: string, raw: unknown): [number, number] {
  const [low, high, ...more] = numbers(raw, name);
  if (high === undefined || more.length > 0 || low! > high)
    throw new Malformed(`${name} must be two numbers in ascending order`);
  return [low!, high];
}
