/**
 * IP addresses: from text to bytes, and back.
 */

const IPV6_GROUPS = 8;

const DIGIT_0 = 0x30;

/** A dot, or the end of the text, as a distance from the digit 0. */
const END_OF_PART = 0x2e - DIGIT_0;

/**
 * Reads an IP address without brackets: 4 bytes for IPv4, 16 for IPv6, in network order.
 *
 * @returns `undefined` for anything else: names, IPv6 with a zone.
 */
export function parseIpAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Reads an IPv4 address as a number of 32 bits, the first byte highest; `undefined` for anything
 * else. It is asked for each miner that connects, so it makes nothing but the number.
 */
export function ipv4Number(text: string): number | undefined {
  let address = 0;
  let parts = 0;
  let part = -1;
  for (let i = 0; i <= text.length; i++) {
    const digit = i < text.length ? text.charCodeAt(i) - DIGIT_0 : END_OF_PART;
    if (digit >= 0 && digit <= 9) {
      // "01" is read as octal by some programs, and as decimal by others.
      if (part === 0) return undefined;
      part = part < 0 ? digit : part * 10 + digit;
      if (part > 255) return undefined;
    } else if (digit === END_OF_PART && part >= 0 && parts < 4) {
      address = address * 256 + part;
      parts++;
      part = -1;
    } else {
      return undefined;
    }
  }
  return parts === 4 ? address : undefined;
}

/** The IPv4 address in the 4 bytes at `at`. */
export function formatIpv4(bytes: DataView, at: number): string {
  const byte = (i: number) => bytes.getUint8(at + i);
  return `${byte(0)}.${byte(1)}.${byte(2)}.${byte(3)}`;
}

/**
 * The IPv6 address in the 16 bytes at `at`, as RFC 5952 spells it: the first of the longest runs of
 * two or more zero groups is written `::`.
 */
export function formatIpv6(bytes: DataView, at: number): string {
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

function parseIpv4(text: string): Uint8Array | undefined {
  const address = ipv4Number(text);
  if (address === undefined) return undefined;
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, address);
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map(ipv6Groups);
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 16 ? Uint8Array.from(head) : undefined;
  // "::" stands for one group of zeros or more.
  if (tail === undefined || head.length + tail.length > 14) return undefined;
  const bytes = new Uint8Array(16);
  bytes.set(head);
  bytes.set(tail, 16 - tail.length);
  return bytes;
}

/** The bytes of groups between colons, the last of which may be an IPv4 address. */
function ipv6Groups(text: string): number[] | undefined {
  if (text === "") return [];
  const bytes: number[] = [];
  const groups = text.split(":");
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16);
      bytes.push(value >> 8, value & 0xff);
      continue;
    }
    const embedded = i === groups.length - 1 ? parseIpv4(group) : undefined;
    if (embedded === undefined) return undefined;
    bytes.push(...embedded);
  }
  return bytes;
}
