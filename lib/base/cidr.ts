/**
 * Networks in CIDR notation, such as `10.0.0.0/8` or `fd00::/8`, and which addresses are in them.
 *
 * An IPv4 address and the same address mapped into IPv6 (`::ffff:10.0.0.1`), which is how a socket
 * for both kinds shows it, are one address here.
 */

import { parseIpAddress } from "./ip_address.ts";

const IPV6_BITS = 128;
/** The prefix of IPv4 addresses that are mapped into IPv6, in bits and as bytes. */
const MAPPED_BITS = 96;
const MAPPED_PREFIX = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff] as const;

/** A network. */
export interface Network {
  /** Its first 16 bytes as an IPv6 address; IPv4 is mapped. */
  readonly bytes: Uint8Array;
  /** How many of the first bits an address must share with `bytes`, 0..128. */
  readonly bits: number;
}

/**
 * Reads a network or a single address, which counts as a network; `undefined` for anything else.
 */
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
 * Reads an address as the 16 bytes of IPv6, without its zone (`fe80::1%eth0`); `undefined` if the
 * text is not an address.
 */
export function addressBytes(text: string): Uint8Array | undefined {
  const zone = text.indexOf("%");
  const parsed = parseIpAddress(zone < 0 ? text : text.slice(0, zone));
  return parsed === undefined ? undefined : toIpv6(parsed);
}

/** Whether an address of 16 bytes is an IPv4 address. */
export function isMappedIpv4(address: Uint8Array): boolean {
  for (let i = 0; i < MAPPED_PREFIX.length; i++) {
    if (address[i] !== MAPPED_PREFIX[i]) return false;
  }
  return true;
}

/** Whether an address, given as 16 bytes, is in a network. `::/0` contains no IPv4 address. */
export function isInNetwork(address: Uint8Array, { bytes, bits }: Network): boolean {
  if (bits < MAPPED_BITS && isMappedIpv4(address)) return false;
  const whole = bits >> 3;
  for (let i = 0; i < whole; i++) if (address[i] !== bytes[i]) return false;
  const rest = bits & 7;
  return rest === 0 || ((address[whole]! ^ bytes[whole]!) >> (8 - rest)) === 0;
}

function toIpv6(parsed: Uint8Array): Uint8Array {
  if (parsed.length === IPV6_BITS / 8) return parsed;
  const bytes = new Uint8Array(IPV6_BITS / 8);
  bytes.set(MAPPED_PREFIX);
  bytes.set(parsed, MAPPED_PREFIX.length);
  return bytes;
}
