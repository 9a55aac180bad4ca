/**
 * Who may ask the status server, and who may change anything: by the headers of a request.
 *
 * Any web page can have the browser of somebody on this machine send requests here. It cannot read
 * the answers, since nothing here lets other origins do so, but it must neither change anything nor
 * cost miners their time.
 */

import { RequestProblem } from "./answers.ts";

/** The headers of a request. */
export type Sent = Pick<Headers, "get">;

/**
 * Lets a request in that calls this server by a name of its own.
 *
 * @param token The bearer token that is wanted; empty for none.
 * @throws RequestProblem if it does not.
 */
export function checkName(headers: Sent, token: string): void {
  // What has the token is no page that chance led here.
  if (token === "") checkHost(headers.get("host") ?? "");
}

/** Whether a request has the token, if one is wanted. */
export function hasToken(headers: Sent, token: string): boolean {
  if (token === "") return true;
  // The name of the scheme is spelled in any case, and clients do.
  const [, found = ""] = /^bearer +(\S+) *$/i.exec(headers.get("authorization") ?? "") ?? [];
  return isSame(found, token);
}

/** Turns a request away that has no token. @throws RequestProblem if one is wanted. */
export function checkToken(headers: Sent, token: string): void {
  if (hasToken(headers, token)) return;
  throw new RequestProblem(401, "Wanted the bearer token of status.token", {
    "www-authenticate": 'Bearer realm="btcagent"',
  });
}

/**
 * Turns a request away that a browser sends for a page of another origin: it is no wish of the
 * operator, whatever it asks for.
 *
 * @param isPage Whether it is for the page itself, to which a link may lead.
 * @throws RequestProblem if it is such a request.
 */
export function checkOrigin(headers: Sent, isPage: boolean): void {
  const site = headers.get("sec-fetch-site");
  if (isPage && isNavigation(headers)) return;
  // No page can set this header, and the browser knows the origin that it sees: behind a reverse
  // proxy that is another than we do.
  if (site === "same-origin" || site === "none") return;
  if (site === null && isOwnOrigin(headers)) return;
  throw new RequestProblem(403, "Nothing is done for a web page of another origin");
}

/** Whether somebody followed a link, or typed the address. */
function isNavigation(headers: Sent): boolean {
  return headers.get("sec-fetch-mode") === "navigate" &&
    headers.get("sec-fetch-dest") === "document";
}

/** Without a word of the browser on the site: programs send no origin, pages do when they can harm. */
function isOwnOrigin(headers: Sent): boolean {
  const origin = headers.get("origin");
  if (origin === null) return true;
  const url = URL.parse(origin);
  if (url === null || url.host === "") return false;
  // A reverse proxy may call us by another name and say here by which it was called; a page cannot
  // set that without asking first, in vain.
  const names = [headers.get("host"), headers.get("x-forwarded-host")];
  return names.some((name) => name !== null && hostOf(name, url.protocol) === url.host);
}

/** As in an address with this protocol: in lower case, without the protocol's own port. */
function hostOf(name: string, protocol: string): string | undefined {
  return URL.parse(`${protocol}//${name.trim()}`)?.host;
}

/**
 * Without a token only this machine can ask. A page in its browser could too, under a name of its
 * own that leads here: so only addresses and `localhost` are names of ours. What sends no name at
 * all is no browser, but a simple probe.
 */
function checkHost(host: string): void {
  if (/^(?:(?:localhost\.?|[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?)?$/i.test(host)) return;
  throw new RequestProblem(421, "Not known by this name here, wanted an IP address or localhost");
}

/** Whether both are the same, in a time that says nothing about where they differ. */
function isSame(found: string, wanted: string): boolean {
  let difference = found.length ^ wanted.length;
  for (let i = 0; i < wanted.length; i++) {
    difference |= (found.charCodeAt(i) || 0) ^ wanted.charCodeAt(i);
  }
  return difference === 0;
}
