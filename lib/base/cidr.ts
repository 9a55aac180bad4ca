/**
 * Networks in CIDR notation, `10.0.0.0/8` or `fd00::/8`, and which addresses are of them.
 *
 * An IPv4 address and the same address mapped into IPv6 (`::ffff:10.0.0.1`), which is how a socket
 * for both kinds shows it, are one address here.
 */

import { parseIpAddress } from "./ip_address.ts";

const IPV6_BITS = 128;
/** What IPv4 addresses have before them when they are mapped into IPv6, in bits and as bytes. */
const MAPPED_BITS = 96;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** A network. */
export interface Network {
  /** Its first 16 bytes as an IPv6 address; IPv4 is mapped. */
  readonly bytes: Uint8Array;
  /** How many bits of `bytes` an address shares with it, 0..128. */
  readonly bits: number;
}

/** Reads a network, or one address, which is a network of its own; `undefined` if it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [address, length, ...more] = text.split("/");
  const parsed = parseIpAddress(address!);
  if (parsed === undefined || more.length > 0) return undefined;
  const isIpv4 = parsed.length === 4;
  const ownBits = parsed.length * 8;
  const isLength = length === undefined || /^(?:0|[1-9]\d{0,2})$/.test(length);
  const bits = length === undefined ? ownBits : Number(length);
  if (!isLength || bits > ownBits) return undefined;
  return { bytes: toIpv6(parsed), bits: isIpv4 ? bits + MAPPED_BITS : bits };
}

/**
 * Reads an address as the 16 bytes of IPv6; `undefined` if it is none. A zone (`fe80::1%eth0`) is
 * left out.
 */
export function addressBytes(text: string): Uint8Array | undefined {
  const zone = text.indexOf("%");
  const parsed = parseIpAddress(zone < 0 ? text : text.slice(0, zone));
  return parsed === undefined ? undefined : toIpv6(parsed);
}

/** Whether an address of 16 bytes is an IPv4 address. */
export function isMappedIpv4(address: Uint8Array): boolean {
  return MAPPED_PREFIX.every((byte, i) => address[i] === byte);
}

/** Whether an address, given as 16 bytes, is of a network. No IPv4 address is of `::/0`. */
export function isInNetwork(address: Uint8Array, { bytes, bits }: Network): boolean {
  if (bits < MAPPED_BITS && isMappedIpv4(address)) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((address[whole]! ^ bytes[whole]!) >> (8 - rest)) === 0;
}

function toIpv6(parsed: Uint8Array): Uint8Array {
  return parsed.length === IPV6_BITS / 8 ? parsed : Uint8Array.of(...MAPPED_PREFIX, ...parsed);
}
