/**
 * The header that a load balancer sends before everything else on a connection, to name the miner
 * behind it: the PROXY protocol, versions 1 and 2 (proxy.md). Pure.
 */

import { formatIpv4, formatIpv6, parseIpAddress } from "../../base/ip_address.ts";
import { shown } from "../../base/foreign_speech.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { MinerFault } from "../../base/violation.ts";

/** A whole header. */
export interface ProxyHeader {
  /** Its bytes; what follows is the connection's own. */
  readonly length: number;
  /**
   * The miner; `undefined` if the balancer connects for itself, as for a health check, or names
   * none.
   */
  readonly source: PeerAddress | undefined;
}

/** The longest header of version 1, its CR LF included. */
const MAX_V1_BYTES = 107;

/** The most bytes after the first 16 of version 2: addresses, then extensions. */
const MAX_V2_REST = 536;

/** No header is longer. */
export const MAX_HEADER_BYTES: number = 16 + MAX_V2_REST;

const V1_START = Uint8Array.from("PROXY ", (char) => char.charCodeAt(0));
const V2_START = Uint8Array.fromHex("0d0a0d0a000d0a515549540a");

const LF = 0x0a;
const CR = 0x0d;

/** Offsets in a header of version 2, big-endian. */
const AT = { command: 12, family: 13, length: 14, source: 16 } as const;

const LOCAL = 0x20;
const PROXY = 0x21;

/** Address families, each with the byte streams of its own. */
const FAMILY = { unknown: 0x00, ipv4: 0x11, ipv6: 0x21, unix: 0x31 } as const;

/** Bytes of the addresses of a family, and where the source's port is among them. */
const ADDRESSES: ReadonlyMap<number, { readonly size: number; readonly port: number }> = new Map([
  [FAMILY.unknown, { size: 0, port: 0 }],
  [FAMILY.ipv4, { size: 12, port: 8 }],
  [FAMILY.ipv6, { size: 36, port: 32 }],
  [FAMILY.unix, { size: 216, port: 0 }],
]);

const CODE = "proxy-header";

/**
 * Reads the header at the beginning of `bytes`, which are everything that has come so far.
 *
 * @returns `undefined` if more has to come.
 * @throws MinerFault if they are not the beginning of a header.
 */
export function readProxyHeader(bytes: Uint8Array): ProxyHeader | undefined {
  if (startsAs(bytes, V1_START)) return readV1(bytes);
  if (startsAs(bytes, V2_START)) return readV2(bytes);
  throw new MinerFault(
    CODE,
    `began without a PROXY header: found ${shown(bytes)}; turn it on in the load balancer ` +
      "(send-proxy-v2 in HAProxy, proxy_protocol on in nginx), or take the address out of " +
      "trusted in the port's proxy_protocol",
  );
}

/** Whether `bytes` begin with `start`, as far as both go. */
function startsAs(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}

function readV1(bytes: Uint8Array): ProxyHeader | undefined {
  const most = bytes.subarray(0, MAX_V1_BYTES);
  const end = most.indexOf(LF);
  if (end < 0) {
    if (bytes.length < MAX_V1_BYTES) return undefined;
    throw malformed(most, `a line of at most ${MAX_V1_BYTES} bytes`);
  }
  const line = bytes.subarray(0, end);
  if (line.at(-1) !== CR) throw malformed(line, "a line that ends with CR LF");
  const words = String.fromCharCode(...line.subarray(V1_START.length, -1)).split(" ");
  const length = end + 1;
  // Nothing is said of what may follow this word, only that it does not count.
  if (words[0] === "UNKNOWN") return { length, source: undefined };
  const [protocol, source = "", destination = "", port = "", destinationPort = ""] = words;
  const size = protocol === "TCP4" ? 4 : protocol === "TCP6" ? 16 : undefined;
  const address = parseIpAddress(source);
  const isGood = words.length === 5 && size !== undefined && address?.length === size &&
    parseIpAddress(destination)?.length === size && isPort(port) && isPort(destinationPort);
  if (!isGood) {
    throw malformed(line, "TCP4 or TCP6, two addresses and two ports, with one space between each");
  }
  return { length, source: sourceAt(new DataView(address.buffer), 0, size, Number(port)) };
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 0xffff;
}

function readV2(bytes: Uint8Array): ProxyHeader | undefined {
  if (bytes.length < AT.source) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = bytes.subarray(0, AT.source);
  const command = view.getUint8(AT.command);
  if (command !== LOCAL && command !== PROXY) {
    throw malformed(head, "version 2 with the command LOCAL or PROXY");
  }
  const rest = view.getUint16(AT.length);
  if (rest > MAX_V2_REST) throw malformed(head, `at most ${MAX_V2_REST} bytes after the first 16`);
  const family = view.getUint8(AT.family);
  // What a header for the balancer itself says of addresses does not count.
  const addresses = command === LOCAL ? ADDRESSES.get(FAMILY.unknown) : ADDRESSES.get(family);
  if (addresses === undefined) {
    throw malformed(head, "TCP over IPv4 or IPv6, a stream of unix, or an unknown family");
  }
  if (rest < addresses.size) {
    throw malformed(head, `at least ${addresses.size} bytes, those of its two addresses`);
  }
  const length = AT.source + rest;
  if (bytes.length < length) return undefined;
  if (command === LOCAL || (family !== FAMILY.ipv4 && family !== FAMILY.ipv6)) {
    return { length, source: undefined };
  }
  const port = view.getUint16(AT.source + addresses.port);
  return { length, source: sourceAt(view, AT.source, family === FAMILY.ipv4 ? 4 : 16, port) };
}

function sourceAt(view: DataView, at: number, size: 4 | 16, port: number): PeerAddress {
  return { hostname: size === 4 ? formatIpv4(view, at) : formatIpv6(view, at), port };
}

function malformed(found: Uint8Array, wanted: string): MinerFault {
  return new MinerFault(
    CODE,
    `sent a PROXY header that cannot be read: found ${shown(found)}, wanted ${wanted}`,
  );
}
