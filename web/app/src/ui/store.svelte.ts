/** The state that the tabs share: the opened model, and the result of the golden examples. */
import { withoutMarks } from "../contract/marks";
import { parseContract } from "../contract/parse";
import type { Contract } from "../contract/contract";
import { checkPorts } from "../engine/fit";
import { parseGolden } from "../engine/golden";
import type { Golden, GoldenReport } from "../engine/protocol";
import { asProblem, type Problem } from "../errors";
import { blobsOf, jsonMember, readSeal, weightsOf, type Manifest } from "../seal/read";
import type { Signatures } from "../seal/signature";
import type { FromInside, ToInside } from "../shell/messages";
import { Client } from "./client";
import { Workers, workersFor } from "./picture/workers";

export interface Ready {
  client: Client;
  workers: Workers;
  contract: Contract;
  golden: Golden;
  manifest: Manifest;
  identity: string;
  signed: Signatures | null;
  card: string;
  evidence: unknown;
  provenance: unknown;
  /** The sealed file, for saving. */
  sealed: Blob;
}

class Store {
  ready = $state.raw<Ready | null>(null);
  problem = $state.raw<Problem | null>(null);
  golden = $state.raw<GoldenReport | null>(null);

  /** Requests the parts from the outer page: first the worker's code, then the runtime and the sealed file. */
  begin(): void {
    let client: Client | null = null;
    let code = "";
    addEventListener("message", (event: MessageEvent<ToInside>) => {
      if (event.source !== parent) return;
      if (event.data.type === "worker") client = new Client((code = event.data.worker));
      else if (event.data.type === "load" && client)
        void this.load(client, code, event.data.wasm, event.data.seal);
    });
    tell({ type: "ready" });
  }

  async verify(): Promise<void> {
    if (this.ready) this.golden = await this.ready.client.call({ op: "golden" });
  }

  private async load(client: Client, code: string, wasm: ArrayBuffer, bytes: ArrayBuffer): Promise<void> {
    try {
      const engine = new Blob([wasm]);
      const started = client.call({ op: "runtime", wasm }, { transfer: [wasm] });
      started.catch(() => undefined); // "open" fails for the same reason, and is handled
      const sealed = new Blob([bytes]);
      const seal = await readSeal(new Uint8Array(bytes));
      const raw = jsonMember(seal, "contract.json");
      let blobs = new Map<string, unknown>();
      const contract = parseContract(raw, () => (blobs = blobsOf(seal)));
      checkPorts(seal.graph, contract);
      const golden = parseGolden(jsonMember(seal, "golden/examples.json"), contract, seal.members);
      const { manifest, identity, card, signed } = seal;
      const [evidence, provenance] = [jsonMember(seal, "evidence.json"), jsonMember(seal, "provenance.json")];
      const graph = seal.members.get("model.onnx")!;
      const weights = weightsOf(seal);
      // The graph is a view into the file, which is transferred to the worker with it, without a copy.
      await client.call({ op: "open", contract: raw, blobs, golden, graph, weights }, { transfer: [bytes] });
      const another = async () => {
        const [further, [runtime, file]] = [
          new Client(code),
          await Promise.all([engine.arrayBuffer(), sealed.arrayBuffer()]),
        ];
        const again = await readSeal(new Uint8Array(file));
        await further.call({ op: "runtime", wasm: runtime }, { transfer: [runtime] });
        const model = {
          contract: raw,
          blobs,
          golden: { ...golden, rows: golden.rows.slice(0, 1) }, // for the first run, which is slow
          graph: again.members.get("model.onnx")!,
          weights: weightsOf(again),
        };
        await further.call({ op: "open", ...model }, { transfer: [file] });
        return further;
      };
      this.ready = {
        client,
        workers: new Workers(client, workersFor(sealed.size, navigator.hardwareConcurrency || 1), another),
        contract,
        golden,
        manifest,
        identity,
        signed,
        card: withoutMarks(card),
        evidence,
        provenance,
        sealed,
      };
      await this.verify();
    } catch (error) {
      this.problem = asProblem(error, {
        code: "E207",
        what: "The model could not be loaded.",
        where: "",
        fix: "Open the file in a current Chrome, Edge, Firefox or Safari.",
      });
    }
  }
}

export function tell(message: FromInside): void {
  parent.postMessage(message, "*");
}

export const store = new Store();
