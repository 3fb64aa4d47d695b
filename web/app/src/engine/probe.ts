/** Attempts to reach the network from the page or the worker, each with a host name that cannot exist. */
import type { Attempt } from "./protocol";

/** RFC 2606 reserves .invalid: a request that was not refused would reach no host. */
const HOST = "sealift-probe.invalid";
/** Milliseconds until an attempt without any event ends, and from an error to the end of an attempt. */
const PATIENCE = 6000;
const GRACE = 700;

export interface Channel {
  name: string;
  /** Undefined if the browser does not have this channel here. */
  start: ((url: string) => unknown) | undefined;
  scheme?: "wss";
  /** Whether any exception of the call is a refusal, because an address that does not exist raises none. */
  throwing?: true;
}

type Scope = { addEventListener: typeof addEventListener; removeEventListener: typeof removeEventListener };

/** The address for a channel. Each has its own host, because some directives report only the origin. */
export function addressOf(channel: string, scheme = "https"): string {
  return `${scheme}://${channel.replace(/[^a-zA-Z]+/g, "-").toLowerCase()}x.${HOST}/`;
}

/** Whether a report of the content policy is about `url`. */
export function isAbout(event: SecurityPolicyViolationEvent, url: string): boolean {
  return event.blockedURI !== "" && url.startsWith(event.blockedURI);
}

/**
 * A channel counts as refused only if the browser reports it: by a policy violation with the address of this attempt, or
 * by a security error of the call. A mere failure proves nothing, because the host does not exist; it is reported as
 * failed.
 */
export async function attempt(channel: Channel, scope: Scope): Promise<Attempt> {
  const { name, start, scheme, throwing } = channel;
  if (!start) return { channel: name, outcome: "absent", detail: "not available in this page" };
  const url = addressOf(name, scheme);
  return new Promise((resolve) => {
    let timer = 0 as unknown as ReturnType<typeof setTimeout>;
    const settle = (outcome: Attempt["outcome"], detail: string) => {
      clearTimeout(timer);
      scope.removeEventListener("securitypolicyviolation", onViolation as EventListener);
      resolve({ channel: name, outcome, detail });
    };
    const onViolation = (event: SecurityPolicyViolationEvent) => {
      if (isAbout(event, url)) settle("refused", `blocked by ${event.effectiveDirective}`);
    };
    scope.addEventListener("securitypolicyviolation", onViolation as EventListener);
    timer = setTimeout(() => settle("open", "the browser did not say that it refused"), PATIENCE);
    // A violation may follow the error.
    const fail = () => {
      clearTimeout(timer);
      timer = setTimeout(() => settle("failed", "failed; the browser gives no reason"), GRACE);
    };
    try {
      const result = start(url);
      if (result === null) settle("refused", "blocked by the sandbox");
      if (result instanceof EventTarget) result.addEventListener("error", fail, { once: true });
      if (result instanceof Promise) {
        result.catch((error: unknown) => {
          if ((error as Error | undefined)?.name === "SecurityError")
            settle("refused", "blocked by the sandbox");
          else fail();
        });
      }
    } catch (error) {
      const { name: kind, message } = error as Error;
      const refused = throwing || kind === "SecurityError" || /violates|Refused|blocked/i.test(message);
      // A violation is dispatched right after the exception, and has more information.
      setTimeout(() => settle(refused ? "refused" : "failed", kind), 100);
    }
  });
}

/** Runs the attempts one after another, so that each event belongs to the current one. */
export async function attemptAll(channels: Channel[], scope: Scope): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  for (const channel of channels) attempts.push(await attempt(channel, scope));
  return attempts;
}

interface NetworkScope {
  fetch?: typeof fetch;
  XMLHttpRequest?: typeof XMLHttpRequest;
  WebSocket?: typeof WebSocket;
  EventSource?: typeof EventSource;
  WebTransport?: new (url: string) => { ready: Promise<unknown>; closed: Promise<unknown> };
}

function ready(transport: { ready: Promise<unknown>; closed: Promise<unknown> }): Promise<unknown> {
  transport.closed.catch(() => undefined); // fails together with `ready`, which is observed
  return transport.ready;
}

/** The channels that exist in a page and in a worker. */
export function commonChannels(scope: NetworkScope, place: string): Channel[] {
  const {
    fetch: fetching,
    XMLHttpRequest: Xhr,
    WebSocket: Socket,
    EventSource: Events,
    WebTransport: Transport,
  } = scope;
  return [
    { name: `fetch${place}`, start: fetching && ((url) => fetching.call(scope, url)) },
    {
      name: `XMLHttpRequest${place}`,
      start:
        Xhr &&
        ((url) => {
          const request = new Xhr();
          request.open("GET", url);
          request.send();
          return request;
        }),
    },
    { name: `WebSocket${place}`, scheme: "wss", start: Socket && ((url) => new Socket(url)) },
    { name: `EventSource${place}`, start: Events && ((url) => new Events(url)) },
    {
      name: `WebTransport${place}`,
      start: Transport && ((url) => ready(new Transport(url))),
    },
  ];
}
