/** PROXY headers, written as obviously as possible. */

import { parseIpAddress } from "../../lib/base/ip_address.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";

const SIGNATURE = [0x0d, 0x0a, 0x0d, 0x0a, 0, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];

/** A header of version 1 for a miner. */
export function headerV1({ hostname, port }: PeerAddress): Uint8Array {
  const [kind, destination] = hostname.includes(":") ? ["TCP6", "::1"] : ["TCP4", "10.0.0.5"];
  return new TextEncoder().encode(`PROXY ${kind} ${hostname} ${destination} ${port} 3333\r\n`);
}

/** A header of version 2; what follows its first 16 bytes is `rest`. */
export function rawHeaderV2(command: number, family: number, rest: readonly number[]): Uint8Array {
  const { length } = rest;
  return Uint8Array.from([...SIGNATURE, command, family, length >> 8, length & 0xff, ...rest]);
}

/** A header of version 2 for a miner, with these bytes of extensions. */
export function headerV2(
  { hostname, port }: PeerAddress,
  extensions: readonly number[] = [],
): Uint8Array {
  const source = [...parseIpAddress(hostname)!];
  const ports = [port >> 8, port & 0xff, 3333 >> 8, 3333 & 0xff];
  const family = source.length === 4 ? 0x11 : 0x21;
  return rawHeaderV2(0x21, family, [...source, ...source, ...ports, ...extensions]);
}

/** A header of version 2 for the balancer itself. */
export const LOCAL_HEADER: Uint8Array = rawHeaderV2(0x20, 0, []);
