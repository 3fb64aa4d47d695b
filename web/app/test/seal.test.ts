import { describe, expect, it } from "vitest";
import { parseContract } from "../src/contract/parse";
import { parseGolden } from "../src/engine/golden";
import { SealiftError } from "../src/errors";
import { crc32, hex, sha256 } from "../src/seal/bytes";
import { canonical, MOST_CONTRACT, MOST_JSON, parseStrict, TooMany, type Marks } from "../src/seal/json";
import { unpack } from "../src/seal/layout";
import { blobsOf, jsonMember, readSeal } from "../src/seal/read";
import { sha256Portable } from "../src/seal/sha256";
import { verifyKey } from "../src/seal/signature";
import { Stages } from "../src/stages";
import { readJson, readRoot } from "./vectors";

const expected = readJson("tests/attacks/expected.json") as Record<
  string,
  { code: string | null; why: string; verify?: string | null; open?: string | null }
>;
const publisher = new TextDecoder().decode(readRoot("tests/attacks/publisher.pub"));
const file = (name: string) => readRoot(`tests/attacks/files/${name}`);

async function codeOf(work: () => Promise<unknown>): Promise<string | null> {
  try {
    await work();
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(SealiftError);
    expect((error as SealiftError).fix).not.toBe("");
    return (error as SealiftError).code;
  }
}

describe("attacks", () => {
  it.each(Object.entries(expected))("%s", async (name, { code }) => {
    expect(await codeOf(() => readSeal(file(name)))).toBe(code);
  });

  it.each(Object.entries(expected).filter(([, entry]) => "open" in entry))(
    "opening %s",
    async (name, { open }) => {
      const seal = await readSeal(file(name));
      const work = () => {
        const contract = parseContract(jsonMember(seal, "contract.json"), () => blobsOf(seal));
        Stages.of(contract);
        parseGolden(jsonMember(seal, "golden/examples.json"), contract, seal.members);
        return Promise.resolve();
      };
      expect(await codeOf(() => Promise.resolve().then(work))).toBe(open);
    },
  );

  it.each(Object.entries(expected).filter(([, entry]) => "verify" in entry))(
    "the publisher's key on %s",
    async (name, { verify }) => {
      const { signed } = await readSeal(file(name));
      const check = () =>
        signed ? verifyKey(signed, publisher) : Promise.reject(new SealiftError("E503", "", "", "-"));
      expect(await codeOf(check)).toBe(verify);
    },
  );
});

describe("a sound file", () => {
  const vector = readJson("spec/vectors/seal/signed.json") as Record<string, string> & {
    keyids: Record<string, string>;
  };

  it("has the identity and the signed bytes of the vector", async () => {
    const seal = await readSeal(readRoot(vector["file"]!));
    expect(seal.identity).toBe(vector["identity"]);
    expect(hex(seal.signed!.message)).toBe(vector["preAuthenticationEncoding"]);
    expect(await verifyKey(seal.signed!, vector["publicKey"]!)).toBe(vector.keyids["publisher"]);
  });

  it("is refused when any one of its bytes is changed", async () => {
    const sound = file("sound.seal");
    for (let at = 0; at < sound.length; at += 7) {
      const changed = sound.slice();
      changed[at]! ^= 0x10;
      expect(await codeOf(() => readSeal(changed)), `byte ${at}`).not.toBeNull();
    }
  });
});

describe("public keys", () => {
  const { accepted, refused } = readJson("spec/vectors/seal/keys.json") as Record<string, string[]>;
  it.each(refused!)("refuses %s, which anyone can sign for", async (encoded) => {
    const { signed } = await readSeal(file("sound-signed.seal"));
    expect(await codeOf(() => verifyKey(signed!, encoded))).toBe("E501");
  });
  it.each(accepted!)("accepts %s", async (encoded) => {
    const { signed } = await readSeal(file("sound-signed.seal"));
    expect(await codeOf(() => verifyKey(signed!, encoded))).toBeNull();
  });
});

describe("JSON", () => {
  const { accepted, refused } = readJson("spec/vectors/seal/json.json") as Record<string, string[]>;
  const parse = (text: string) => parseStrict(new TextEncoder().encode(text));
  it.each(accepted!)("accepts %s", (text) => expect(() => parse(text)).not.toThrow());
  it("counts values and keys outside of strings before it parses, over all texts together", () => {
    const read = (text: string, marks: Marks) => parseStrict(new TextEncoder().encode(text), marks);
    const marks = { values: 0, keys: 0 };
    read('{"a,[{:":",[{:","b":[1,2,{}]}', marks);
    expect(marks).toEqual({ values: 6, keys: 2 });
    const near = () => ({ values: MOST_JSON.values - 3, keys: MOST_JSON.keys - 1 });
    expect(read("[1,2,3]", near())).toEqual([1, 2, 3]);
    for (const text of ["[1,2,3,4]", '{"a":1,"b":2}', "[[[["])
      expect(() => read(text, near())).toThrow(TooMany);
  });
  it("counts the keys of the contract by a limit of their own", () => {
    const keys = Array.from({ length: MOST_CONTRACT.keys + 1 }, (_, i) => `"${i}":0`);
    const read = (count: number) => {
      const bytes = new TextEncoder().encode(`{${keys.slice(0, count).join(",")}}`);
      return parseStrict(bytes, { values: 0, keys: 0 }, MOST_CONTRACT);
    };
    expect(Object.keys(read(MOST_CONTRACT.keys) as object)).toHaveLength(MOST_CONTRACT.keys);
    expect(() => read(MOST_CONTRACT.keys + 1)).toThrow(TooMany);
  });
  it.each(refused!)("refuses %s", (text) => expect(() => parse(text)).toThrow(SyntaxError));
});

describe("canonical JSON", () => {
  const { numbers, values, inexact } = readJson("spec/vectors/seal/canonical.json") as {
    numbers: { bits: string; text: string }[];
    values: { why: string; json: string; text: string }[];
    inexact: string[];
  };
  const parse = (text: string) => parseStrict(new TextEncoder().encode(text));
  it.each(numbers)("a number $text", ({ bits, text }) => {
    const value = new DataView(Uint8Array.from(Buffer.from(bits, "hex")).buffer).getFloat64(0);
    expect(canonical(value)).toBe(text);
    expect(parse(text)).toBe(value); // toBe tells -0 from 0
  });
  it.each(values)("$why", ({ json, text }) => {
    expect(canonical(parse(json))).toBe(text);
    expect(canonical(parse(text))).toBe(text);
  });
  it.each(inexact)("refuses %s", (text) => expect(() => parse(text)).toThrow(SyntaxError));
});

describe("ZIP64", () => {
  const { members, files } = readJson("spec/vectors/seal/zip64.json") as {
    members: Record<string, number>;
    files: { far: number; file: string }[];
  };
  const bytes = (file: string) => new Uint8Array(Buffer.from(file, "base64"));
  const sizes = (members: Map<string, Uint8Array>) =>
    Object.fromEntries([...members].map(([name, { length }]) => [name, length]));
  it.each(files)("fields stand where they are needed: from $far bytes on", ({ far, file }) => {
    expect(sizes(unpack(bytes(file), far))).toEqual(members);
  });
  it.each(files.filter(({ far }) => far < 3000))("is refused where 32 bits are enough ($far)", ({ file }) => {
    expect(() => unpack(bytes(file))).toThrow(expect.objectContaining({ code: "E202" }));
  });
  it.each(files)("no byte of a file can be another ($far)", ({ far, file }) => {
    for (let at = 0; at < bytes(file).length; at += 5) {
      const changed = bytes(file);
      changed[at]! ^= 1;
      expect(() => unpack(changed, far), String(at)).toThrow(SealiftError);
    }
  });
});

describe("digests", () => {
  it("are those of the standards", async () => {
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
    expect(hex(sha256Portable(new TextEncoder().encode("abc")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("are the browser's own at every length around a block", async () => {
    for (const length of [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 37) & 255);
      expect(hex(sha256Portable(bytes)), String(length)).toBe(await sha256(bytes));
    }
  });
});
