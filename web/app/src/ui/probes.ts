/** The page's attempts to reach the network, in addition to those that the worker makes too (engine/probe.ts). */
import { addressOf, attemptAll, commonChannels, isAbout, type Channel } from "../engine/probe";
import type { Attempt } from "../engine/protocol";

/** An element that loads something, inserted into the page during the attempt. */
function element(tag: string, setup: (node: HTMLElement, url: string) => void): (url: string) => void {
  return (url) => {
    const node = document.createElement(tag);
    // Not display: none, because an object would then not load.
    node.style.cssText = "position:absolute;width:1px;height:1px;opacity:0";
    setup(node, url);
    document.body.append(node);
    setTimeout(() => node.remove(), 2000);
  };
}

const set =
  (attribute: string, more: Record<string, string> = {}) =>
  (node: HTMLElement, url: string) => {
    for (const [name, value] of Object.entries(more)) node.setAttribute(name, value);
    node.setAttribute(attribute, url);
  };

function channels(): Channel[] {
  const scope = globalThis as unknown as Record<string, unknown>;
  return [
    ...commonChannels(globalThis as never, ""),
    {
      name: "sendBeacon",
      start: typeof navigator.sendBeacon === "function" ? (url) => navigator.sendBeacon(url, "x") : undefined,
    },
    { name: "image", start: (url) => void (new Image().src = url) },
    { name: "script element", start: element("script", set("src")) },
    { name: "import()", start: (url) => import(/* @vite-ignore */ url) },
    { name: "style sheet", start: element("link", set("href", { rel: "stylesheet" })) },
    { name: "font", start: (url) => new FontFace("probe", `url("${url}")`).load() },
    { name: "audio", start: (url) => void (new Audio().src = url) },
    { name: "video", start: element("video", set("src")) },
    { name: "object", start: element("object", set("data")) },
    { name: "worker from outside", start: (url) => new Worker(url) },
    { name: "new window", start: (url) => window.open(url), throwing: true },
    { name: "WebRTC", start: scope["RTCPeerConnection"] ? () => undefined : undefined },
  ];
}

/** Runs the attempts of the page, then those of `inWorker`. */
export async function probeAll(inWorker: () => Promise<Attempt[]>): Promise<Attempt[]> {
  const own = await attemptAll(channels(), globalThis);
  // Firefox reports some violations of a worker to the page.
  const reports: SecurityPolicyViolationEvent[] = [];
  const note = (event: SecurityPolicyViolationEvent) => reports.push(event);
  addEventListener("securitypolicyviolation", note);
  const others = await inWorker();
  removeEventListener("securitypolicyviolation", note);
  return [...own, ...others.map((attempt) => reported(attempt, reports))];
}

function reported(attempt: Attempt, reports: SecurityPolicyViolationEvent[]): Attempt {
  if (attempt.outcome === "refused" || attempt.outcome === "absent") return attempt;
  const report = reports.find((event) => isAbout(event, addressOf(attempt.channel)));
  if (!report) return attempt;
  return { ...attempt, outcome: "refused", detail: `blocked by ${report.effectiveDirective}` };
}
