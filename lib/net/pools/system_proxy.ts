/**
 * The proxy in the environment, which `"system"` in the list of proxies stands for.
 */

import { parseProxyAddress, type ProxyAddress } from "../../base/proxy_address.ts";
import type { PoolAddress } from "./connection.ts";
import { parseIpAddress } from "../../base/ip_address.ts";

/** Looks up an environment variable. */
export type Environment = (name: string) => string | undefined;

/**
 * In the order of the Go agent. ALL_PROXY is first for another good reason: HTTP proxies often
 * allow only port 443, while a proxy for everything is usually SOCKS.
 */
const VARIABLES = [
  "ALL_PROXY",
  "all_proxy",
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
] as const;

/**
 * The proxy for `address`; `undefined` if there is none, or NO_PROXY excludes the address; a text
 * with the problem if a variable does not hold the address of a proxy.
 */
export function systemProxy(
  environment: Environment,
  address: PoolAddress,
): ProxyAddress | string | undefined {
  const name = VARIABLES.find((name) => (environment(name) ?? "") !== "");
  if (name === undefined) return undefined;
  const exceptions = environment("NO_PROXY") || environment("no_proxy") || "";
  if (isException(exceptions, address)) return undefined;
  const result = parseProxyAddress(environment(name)!);
  if (result.ok) return result.proxy;
  return `cannot use the environment variable ${name}: found ${result.found}, ` +
    "wanted a proxy such as socks5://host:1080";
}

/**
 * Whether NO_PROXY excludes `address`. Its entries: `*`, a name (with all names below it), an IP
 * address, or a range such as 10.0.0.0/8; each may have a port, with IPv6 in brackets.
 */
function isException(exceptions: string, { host, port }: PoolAddress): boolean {
  const name = host.toLowerCase().replace(/\.$/, "");
  const ip = parseIpAddress(name);
  return exceptions.toLowerCase().split(/[\s,]+/).some((entry) => {
    if (entry === "") return false;
    if (entry === "*") return true;
    const [, inBrackets, outside, itsPort] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(entry) ??
      [undefined, entry];
    if (itsPort !== undefined && Number(itsPort) !== port) return false;
    const place = inBrackets ?? outside!;
    if (ip !== undefined) return isInRange(place, ip);
    const suffix = place.replace(/^\*?\./, "").replace(/\.$/, "");
    return suffix !== "" && (name === suffix || name.endsWith(`.${suffix}`));
  });
}

/** Whether `ip` is the address or in the range given by `text`. */
function isInRange(text: string, ip: Uint8Array): boolean {
  const [start, prefix] = text.split("/", 2);
  const first = parseIpAddress(start!);
  if (first === undefined || first.length !== ip.length) return false;
  const bits = prefix === undefined ? ip.length * 8 : Number(prefix);
  if (!Number.isInteger(bits) || bits < 0 || prefix === "") return false;
  return ip.every((byte, i) => {
    const ours = Math.min(Math.max(bits - i * 8, 0), 8);
    const mask = 0xff << (8 - ours) & 0xff;
    return (byte & mask) === (first[i]! & mask);
  });
}
