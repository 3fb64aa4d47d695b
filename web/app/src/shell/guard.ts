/** WebRTC is the one channel that neither the content policy nor the sandbox closes, so its constructors go first. */
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
