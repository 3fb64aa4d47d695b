/** What the tabs share: the opened model, and the golden examples' verdict. */
import { parseContract } from "../contract/parse";
import type { Contract } from "../contract/types";
import { parseGolden } from "../engine/golden";
import type { Golden, GoldenReport } from "../engine/protocol";
import { asProblem, type Problem } from "../errors";
import { jsonMember, readSeal, type Manifest } from "../seal/read";
import type { Signatures } from "../seal/signature";
import type { FromInside, ToInside } from "../shell/messages";
import { Client } from "./client";

export interface Ready {
  client: Client;
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

  /** Ask the outer page for the parts, start the worker, check the examples. */
  begin(): void {
    addEventListener("message", (event: MessageEvent<ToInside>) => {
      if (event.source === parent && event.data.type === "load") void this.load(event.data);
    });
    tell({ type: "ready" });
  }

  async verify(): Promise<void> {
    if (this.ready) this.golden = await this.ready.client.call({ op: "golden" });
  }

  private async load(message: ToInside): Promise<void> {
    try {
      const sealed = new Blob([message.seal]);
      const client = new Client(message.worker);
      const seal = await readSeal(new Uint8Array(message.seal));
      const contract = parseContract(jsonMember(seal, "contract.json"));
      const golden = parseGolden(jsonMember(seal, "golden/examples.json"), contract);
      const { manifest, identity, card, signed } = seal;
      const [evidence, provenance] = [jsonMember(seal, "evidence.json"), jsonMember(seal, "provenance.json")];
      const graph = seal.members.get("model.onnx")!;
      const { wasm } = message;
      // The graph is a view into the whole file; the file moves to the worker with it, and is not copied.
      await client.call({ op: "open", contract, golden, graph, wasm }, { transfer: [message.seal, wasm] });
      this.ready = {
        client,
        contract,
        golden,
        manifest,
        identity,
        signed,
        card,
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
