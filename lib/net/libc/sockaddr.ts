/**
 * Socket addresses as the Linux kernel writes them (`struct sockaddr_in`, `sockaddr_in6`).
 */

import type { PeerAddress } from "../../base/peer_address.ts";

/** Bytes of the longer of the two. */
export const SOCKADDR_BYTES = 28;

/** The family is in the machine's byte order, which is little-endian on all supported machines. */
const FAMILY = { ipv4: 2, ipv6: 10 } as const;
const AT = { family: 0, port: 2, ipv4: 4, ipv6: 8 } as const;
const IPV6_GROUPS = 8;

/**
 * The address in the first {@linkcode SOCKADDR_BYTES} of `bytes`, spelled as Deno spells it;
 * `undefined` if it is neither IPv4 nor IPv6. The zone of a link-local address is left out.
 */
export function decodeSockaddr(bytes: DataView): PeerAddress | undefined {
  const port = bytes.getUint16(AT.port);
  switch (bytes.getUint16(AT.family, true)) {
    case FAMILY.ipv4:
      return { hostname: formatIpv4(bytes, AT.ipv4), port };
    case FAMILY.ipv6:
      return { hostname: formatIpv6(bytes, AT.ipv6), port };
    default:
      return undefined;
  }
}

function formatIpv4(bytes: DataView, at: number): string {
  const byte = (i: number) => bytes.getUint8(at + i);
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`;
}

/** RFC 5952: the first of the longest runs of two or more zero groups is written `::`. */
function formatIpv6(bytes: DataView, at: number): string {
  const groups = Array.from({ length: IPV6_GROUPS }, (_, i) => bytes.getUint16(at + 2 * i));
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  if (isMapped) return `::ffff:${formatIpv4(bytes, at + 12)}`;

  let [longestStart, longest] = [0, 1];
  let run = 0;
  for (const [i, group] of groups.entries()) {
    run = group === 0 ? run + 1 : 0;
    if (run > longest) [longestStart, longest] = [i + 1 - run, run];
  }
  const text = (from: number, to?: number) =>
    groups.slice(from, to).map((group) => group.toString(16)).join(":");
  if (longest === 1) return text(0);
  return `${text(0, longestStart)}::${text(longestStart + longest)}`;
}
