/**
 * Decides by a request's headers whether the status server answers it.
 *
 * Any web page can make a browser on this machine send requests here. The page cannot read the
 * answers, since the server allows no other origin to do so. Its requests must also change nothing
 * and take no time from miners.
 */

import { RequestProblem } from "./answers.ts";

/** The headers of a request. */
export type Sent = Pick<Headers, "get">;

/** The bearer tokens that are accepted; without any, none is required. */
export interface Tokens {
  /** For everything; empty for none. */
  readonly token: string;
  /** For reading alone; empty for none. */
  readonly readToken: string;
}

/** What a request may do: nothing, read, or also change something. */
export type Access = "none" | "read" | "change";

/**
 * Checks that a request calls this server by one of its own names.
 *
 * @throws RequestProblem if it uses another name.
 */
export function checkName(headers: Sent, tokens: Tokens): void {
  // A request with a token cannot come from a random web page.
  if (!isRequired(tokens)) checkHost(headers.get("host") ?? "");
}

/** What a request may do by its token. */
export function accessOf(headers: Sent, tokens: Tokens): Access {
  if (!isRequired(tokens)) return "change";
  // The scheme's name may be in upper or lower case, and clients use both.
  const [, found = ""] = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  // Both are compared each time, so that the time it takes does not tell which one is set.
  const [isAll, isReading] = [isSame(found, tokens.token), isSame(found, tokens.readToken)];
  if (found === "") return "none";
  return isAll ? "change" : isReading ? "read" : "none";
}

/** Checks that a request may read. @throws RequestProblem if it has no token, or a wrong one. */
export function checkToken(access: Access): void {
  if (access !== "none") return;
  throw new RequestProblem(401, "Bearer token of status.token or status.read_token required", {
    "www-authenticate": 'Bearer realm="btcagent"',
  });
}

function isRequired({ token, readToken }: Tokens): boolean {
  return token !== "" || readToken !== "";
}

/**
 * Rejects a request that a browser sends for a page of another origin: the operator did not ask for
 * it.
 *
 * @param isPage Whether the request is for the live page itself, to which links may lead.
 * @throws RequestProblem if it is such a request.
 */
export function checkOrigin(headers: Sent, isPage: boolean): void {
  const site = headers.get("sec-fetch-site");
  if (isPage && isNavigation(headers)) return;
  // No page can set this header. The browser knows the origin that it sees, which behind a reverse
  // proxy differs from the one we see.
  if (site === "same-origin" || site === "none") return;
  if (site === null && isOwnOrigin(headers)) return;
  throw new RequestProblem(403, "Requests from web pages of another origin are refused");
}

/** Whether a person followed a link or typed the address. */
function isNavigation(headers: Sent): boolean {
  return headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

/**
 * Whether the origin is our own, for browsers that do not send `Sec-Fetch-Site`. Programs send no
 * origin; pages send one with every request that could do harm.
 */
function isOwnOrigin(headers: Sent): boolean {
  const origin = headers.get("origin");
  if (origin === null) return true;
  const url = URL.parse(origin);
  if (url === null || url.host === "") return false;
  // A reverse proxy may call us by another name and give its own name here. A page cannot set this
  // header without a preflight request, which is refused.
  const names = [headers.get("host"), headers.get("x-forwarded-host")];
  return names.some((name) => name !== null && hostOf(name, url.protocol) === url.host);
}

/**
 * Returns the host as in an address with this protocol: in lower case, without the protocol's
 * default port.
 */
function hostOf(name: string, protocol: string): string | undefined {
  return URL.parse(`${protocol}//${name.trim()}`)?.host;
}

/**
 * Checks the host name. Without a token only this machine can send requests. But a web page in its
 * browser could reach us through a name of its own that resolves to this machine, so only IP
 * addresses and `localhost` are accepted. Requests without a name come from simple probes, not from
 * browsers.
 */
function checkHost(host: string): void {
  if (/^(?:(?:localhost\.?|[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?)?$/i.test(host)) return;
  throw new RequestProblem(421, "Unknown host name, wanted an IP address or localhost");
}

/** Whether both are the same; the time it takes does not reveal where they differ. */
function isSame(found: string, wanted: string): boolean {
  let difference = found.length ^ wanted.length;
  for (let i = 0; i < wanted.length; i++) {
    difference |= (found.charCodeAt(i) || 0) ^ wanted.charCodeAt(i);
  }
  return difference === 0;
}
