/** What the page shows of evidence.json, which may hold anything in a foreign file. */
import { isObject } from "../seal/json";

/** The tolerance that the packer stated where it is looser than the policy's, else null. */
export function statedTolerance(evidence: unknown): { stated: number; policy: number } | null {
  const parity = isObject(evidence) ? evidence["parity"] : null;
  const told = isObject(parity) ? parity["tolerance"] : null;
  if (!isObject(told)) return null;
  const { stated, policy } = told;
  if (typeof stated !== "number" || typeof policy !== "number" || !(stated > policy)) return null;
  return { stated, policy };
}
