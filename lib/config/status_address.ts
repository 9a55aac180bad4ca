/**
 * The address of the status server: an IP address and a port, and whether other machines can reach
 * it; pure.
 */

import { hasTokenOf } from "./bearer_token.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { Config } from "./schema.ts";

/** The default address of the status server. */
const DEFAULT_ADDRESS = "127.0.0.1:9999";

/** An address to listen on. */
export interface StatusAddress {
  /** IPv4 or IPv6 address, without brackets. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
}

/** Reads `127.0.0.1:9999`, `[::1]:9999`, `localhost:9999` or `:9999`, which is every address. */
export function parseStatusAddress(text: string): StatusAddress | undefined {
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)|(localhost)|):(\d{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const [, ipv6, ipv4, localhost] = parts;
  const port = Number(parts[4]);
  if (port < 1 || port > 65535) return undefined;
  if (localhost !== undefined) return { hostname: "127.0.0.1", port };
  const hostname = ipv6 ?? ipv4 ?? "0.0.0.0";
  return parseIpAddress(hostname) === undefined ? undefined : { hostname, port };
}

/** The address in the form that {@linkcode parseStatusAddress} reads. */
export function formatAddress({ hostname, port }: StatusAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Whether only this machine can reach it. */
export function isLoopback({ hostname }: StatusAddress): boolean {
  return /^127\./.test(hostname) || /^(?:0*:)*:?0*1$/.test(hostname) && hostname.includes(":");
}

/** The configured address; `undefined` for no status server. */
export function statusAddress({ status, http_debug }: Config): StatusAddress | undefined {
  const text = status.listen ?? (http_debug.enable ? http_debug.listen : DEFAULT_ADDRESS);
  return text === "" ? undefined : parseStatusAddress(text);
}

/** Whether the status server may use it: if other machines can reach it, it needs a token. */
export function mayServe(address: StatusAddress, { status }: Config): boolean {
  return isLoopback(address) || hasTokenOf(status, "token") || hasTokenOf(status, "read_token");
}
