/** For tests/attacks/fuzz_members.py: reads files in base64, one a line, and writes the verdict on each. */
import { createInterface } from "node:readline";
import { parseContract } from "../src/contract/parse";
import { parseGolden } from "../src/engine/golden";
import { SealiftError } from "../src/errors";
import { blobsOf, jsonMember, readSeal } from "../src/seal/read";
import { Stages } from "../src/stages";

/** "ok" or a code, with the message if the contract is malformed. */
async function verdictOn(file: Uint8Array): Promise<string> {
  try {
    const seal = await readSeal(file);
    const contract = parseContract(jsonMember(seal, "contract.json"), () => blobsOf(seal));
    const stages = Stages.of(contract);
    const golden = parseGolden(jsonMember(seal, "golden/examples.json"), contract, seal.members);
    const prepared = await Promise.all(golden.rows.map((row) => stages.prepare(row)));
    if (prepared.some(({ problems }) => problems.length > 0)) return "E205"; // as the page, which needs each example
    for (const piece of stages.pieces(prepared.map(({ row }) => row))) void piece;
    return "ok";
  } catch (error) {
    if (error instanceof SealiftError) {
      const { code, where, what } = error;
      return code === "E106" || code === "E107" ? `${code} ${where}: ${what}` : code;
    }
    return `${(error as Error).name}: ${(error as Error).message}`.slice(0, 200);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${await verdictOn(new Uint8Array(Buffer.from(line, "base64")))}\n`);
}
