/** Answers as a table, with the same columns as the command line writes (label, probability_<class name>, value …). */
import { kindOf } from "../contract/outputs";
import type { Contract } from "../contract/contract";
import { perRow, type Answer } from "./protocol";

/**
 * `row`, the columns copied from the file, the answers, `caution`, `error`. A copied column that has the name of one of
 * the others is renamed to `input_<name>`.
 */
export function resultHeader(contract: Contract, copied: readonly string[]): string[] {
  const own = [...answerHeader(contract), "caution", "error"];
  const taken = new Set(["row", ...own]);
  const names = copied.map((name) => {
    while (taken.has(name)) name = `input_${name}`;
    taken.add(name);
    return name;
  });
  return ["row", ...names, ...own];
}

function answerHeader(contract: Contract): string[] {
  return contract.outputs.flatMap((output) => kindOf(output).header(output));
}

/** The answer columns of one row. */
export function answerCells(contract: Contract, answers: readonly Answer[], row: number): string[] {
  return contract.outputs.flatMap((output, index) => {
    const { data, sizes } = answers[index]!;
    const width = perRow(answers[index]!);
    return kindOf(output).cells(output, data.slice(row * width, (row + 1) * width), sizes);
  });
}

export function emptyCells(contract: Contract): string[] {
  return answerHeader(contract).map(() => "");
}

export function csvLine(cells: readonly string[]): string {
  return `${cells.map(quote).join(",")}\n`;
}

function quote(cell: string): string {
  return /[",\r\n;\t]|^\s|\s$/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
