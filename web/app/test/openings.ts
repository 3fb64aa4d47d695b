/** For tests/attacks/fuzz_members.py: reads files in base64, one a line, and writes the code of each (or "ok"). */
import { createInterface } from "node:readline";
import { parseContract } from "../src/contract/parse";
import { parseGolden } from "../src/engine/golden";
import { SealiftError } from "../src/errors";
import { blobsOf, jsonMember, readSeal } from "../src/seal/read";
import { Stages } from "../src/stages";

async function codeOf(file: Uint8Array): Promise<string> {
  try {
    const seal = await readSeal(file);
    const contract = parseContract(jsonMember(seal, "contract.json"), () => blobsOf(seal));
    const stages = Stages.of(contract);
    const golden = parseGolden(jsonMember(seal, "golden/examples.json"), contract);
    for (const piece of stages.pieces(golden.rows)) void piece;
    return "ok";
  } catch (error) {
    if (error instanceof SealiftError) return error.code;
    return `${(error as Error).name}: ${(error as Error).message}`.slice(0, 200);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await codeOf(new Uint8Array(Buffer.from(line, "base64")))}\n`);
}
