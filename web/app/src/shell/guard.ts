/** Removes the constructors of WebRTC, the only channel that neither the content security policy nor the sandbox closes. */
const NAMES = [
  "RTCPeerConnection",
  "webkitRTCPeerConnection",
  "mozRTCPeerConnection",
  "RTCDataChannel",
  "RTCIceTransport",
  "RTCDtlsTransport",
  "RTCSctpTransport",
  "RTCCertificate",
  "RTCIceCandidate",
  "RTCSessionDescription",
];

export function guard(): void {
  for (const name of NAMES) {
    if (!(name in globalThis)) continue;
    try {
      Object.defineProperty(globalThis, name, { value: undefined, writable: false, configurable: false });
    } catch {
      delete (globalThis as Record<string, unknown>)[name];
    }
  }
}

const FRAMES = "iframe, frame, object, embed";
/** The methods that insert nodes or parsed text into a tree, by prototype. */
const INSERTING: Record<string, readonly string[]> = {
  Node: ["appendChild", "insertBefore", "replaceChild"],
  Element: [
    "append",
    "prepend",
    "after",
    "before",
    "replaceWith",
    "replaceChildren",
    "moveBefore",
    "insertAdjacentElement",
    "insertAdjacentHTML",
    "setHTML",
    "setHTMLUnsafe",
  ],
  CharacterData: ["after", "before", "replaceWith"],
  DocumentType: ["after", "before", "replaceWith"],
  Document: ["append", "prepend", "replaceChildren", "moveBefore", "execCommand"],
  DocumentFragment: ["append", "prepend", "replaceChildren", "moveBefore"],
  ShadowRoot: ["setHTML", "setHTMLUnsafe"],
  Range: ["insertNode", "surroundContents"],
};
const PARSING: readonly [string, string][] = [
  ["Element", "innerHTML"],
  ["Element", "outerHTML"],
  ["ShadowRoot", "innerHTML"],
];
/** Other methods that make parsed nodes or windows; the page does not need them. */
const UNNEEDED: readonly [string, string][] = [
  ["Document", "write"],
  ["Document", "writeln"],
  ["Document", "open"],
  ["Range", "createContextualFragment"],
  ["DOMParser", "parseFromString"],
  ["XSLTProcessor", "transformToFragment"],
  ["XSLTProcessor", "transformToDocument"],
];

/**
 * Refuses further frames and windows in this document. A new frame of the same origin would have its own interfaces,
 * which `guard` did not remove. (In the sandbox a new frame has another origin, so its interfaces are not accessible.)
 */
export function refuseFrames(): void {
  for (const [owner, names] of Object.entries(INSERTING)) {
    for (const name of names) replace(prototype(owner), name, "value");
  }
  for (const [owner, name] of PARSING) replace(prototype(owner), name, "set");
  for (const [owner, name] of UNNEEDED) remove(prototype(owner), name);
  remove(Document, "parseHTMLUnsafe");
  remove(globalThis, "open");
}

function prototype(owner: string): object | undefined {
  return (globalThis as unknown as Record<string, { prototype: object } | undefined>)[owner]?.prototype;
}

function replace(owner: object | undefined, name: string, part: "value" | "set"): void {
  const before = owner && Object.getOwnPropertyDescriptor(owner, name);
  const original = before?.[part] as ((...given: unknown[]) => unknown) | undefined;
  if (!owner || !original) return;
  const checked = function (this: unknown, ...given: unknown[]): unknown {
    for (const one of given) {
      if (hasFrame(one)) throw new DOMException("A further frame is refused here.", "SecurityError");
    }
    return Reflect.apply(original, this, given);
  };
  const fixed = part === "value" ? { writable: false } : {};
  Object.defineProperty(owner, name, { ...before, [part]: checked, configurable: false, ...fixed });
}

// Stored once, so that a node's own property of the same name has no effect.
const { matches, querySelector } = Element.prototype;
const inFragment = DocumentFragment.prototype.querySelector;

function hasFrame(given: unknown): boolean {
  if (given instanceof Element)
    return matches.call(given, FRAMES) || querySelector.call(given, FRAMES) !== null;
  if (given instanceof DocumentFragment) return inFragment.call(given, FRAMES) !== null;
  if (given instanceof Node || given === null) return false;
  // Any other object could be converted to one string when it is checked and to another when it is used.
  return (
    typeof given === "object" || typeof given === "function" || /frame|object|embed/i.test(String(given))
  );
}

function remove(owner: object | undefined, name: string): void {
  if (owner && name in owner) {
    Object.defineProperty(owner, name, { value: undefined, writable: false, configurable: false });
  }
}
