/**
 * Socket addresses as the Linux kernel writes them (`struct sockaddr_in`, `sockaddr_in6`).
 */

import { formatIpv4, formatIpv6 } from "../../base/ip_address.ts";
import type { PeerAddress } from "../../base/peer_address.ts";

/** Bytes of the longer of the two. */
export const SOCKADDR_BYTES = 28;

/** The family is in the machine's byte order, which is little-endian on all supported machines. */
const FAMILY = { ipv4: 2, ipv6: 10 } as const;
const AT = { family: 0, port: 2, ipv4: 4, ipv6: 8 } as const;

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
