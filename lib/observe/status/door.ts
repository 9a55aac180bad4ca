/**
 * Who may ask the status server, and who may change anything: by the headers of a request.
 *
 * Any web page can have the browser of somebody on this machine send requests here. It cannot read
 * the answers, since nothing here lets other origins do so, but it must not change anything either.
 */

import { RequestProblem } from "./answers.ts";

/**
 * Lets a request in that calls this server by a name of its own.
 *
 * @param token The bearer token that is wanted; empty for none.
 * @throws RequestProblem if it does not.
 */
export function checkName(headers: Pick<Headers, "get">, token: string): void {
  // Who has the token is no page that chance led here.
  if (token === "") checkHost(headers.get("host") ?? "");
}

/**
 * Lets a request see what is here, and change it if that is what it is for.
 *
 * @throws RequestProblem if it may not.
 */
export function checkRights(
  headers: Pick<Headers, "get">,
  token: string,
  isChange: boolean,
): void {
  if (token !== "") checkToken(headers.get("authorization") ?? "", token);
  if (isChange) checkOrigin(headers, headers.get("host") ?? "");
}

/** What a browser sends for a page of another origin is no wish of the operator. */
function checkOrigin(headers: Pick<Headers, "get">, host: string): void {
  const origin = headers.get("origin");
  const site = headers.get("sec-fetch-site");
  const isOwn = origin === null || URL.parse(origin)?.host === host.toLowerCase();
  if (isOwn && (site === null || site === "same-origin" || site === "none")) return;
  throw new RequestProblem(403, "Nothing is changed for a web page of another origin");
}

/**
 * Without a token only this machine can ask. A page in its browser could too, under a name of its
 * own that leads here: so only addresses and `localhost` are names of ours.
 */
function checkHost(host: string): void {
  if (/^(?:localhost|[0-9.]+|\[[0-9A-Fa-f:.]+\])(?::\d+)?$/i.test(host)) return;
  throw new RequestProblem(421, "Not known by this name here, wanted an IP address or localhost");
}

function checkToken(authorization: string, token: string): void {
  if (isSame(authorization, `Bearer ${token}`)) return;
  throw new RequestProblem(401, "Wanted the bearer token of status.token", {
    "www-authenticate": 'Bearer realm="btcagent"',
  });
}

/** Whether both are the same, in a time that says nothing about where they differ. */
function isSame(found: string, wanted: string): boolean {
  let difference = found.length ^ wanted.length;
  for (let i = 0; i < wanted.length; i++) {
    difference |= (found.charCodeAt(i) || 0) ^ wanted.charCodeAt(i);
  }
  return difference === 0;
}
