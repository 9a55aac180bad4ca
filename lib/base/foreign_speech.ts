/**
 * Recognizes other protocols on a port for miners, and says what to do about each; pure. Bytes are
 * shown in a form that any terminal accepts: text in ASCII, anything else in hex.
 */

import { counted } from "./counted.ts";

/** A protocol that is recognized by its first bytes. */
interface BinaryLanguage {
  readonly isSpoken: (bytes: Uint8Array) => boolean;
  /** What it is, and what to do. */
  readonly name: string;
  /** Whether the first bytes are proof, so that there is no need to wait for a line end. */
  readonly isCertain: boolean;
}

/** A protocol that is recognized by the beginning of its text. */
interface TextLanguage {
  readonly pattern: RegExp;
  /** What it is, and what to do. */
  readonly name: (text: string) => string;
}

/** Only this many of the first bytes are examined. */
const LOOKED_AT = 256;

/** How much of an unknown protocol is shown: characters of text, or bytes in hex. */
const SHOWN_CHARACTERS = 60;
const SHOWN_BYTES = 16;

const SCANNER = "probably a scanner: keep it away from this port (firewall, limits.allow)";

/** Checked before any text is decoded: many connections that send noise must cost little. */
const BINARY_LANGUAGES: readonly BinaryLanguage[] = [
  {
    isSpoken: isTls,
    name: "TLS, but this port has none: write stratum+tcp:// in its settings, or connect it to a " +
      "port with tls",
    isCertain: true,
  },
  {
    // TPKT, which carries RDP's connection request.
    isSpoken: (bytes) => bytes[0] === 0x03 && bytes[1] === 0x00,
    name: `RDP (Windows remote desktop), ${SCANNER}`,
    isCertain: true,
  },
  {
    isSpoken: isSocks,
    name: "SOCKS: its settings have this port as a proxy; enter it as the pool instead",
    isCertain: true,
  },
  {
    isSpoken: isStratumV2,
    name: stratumV2("Stratum V2"),
    isCertain: true,
  },
  {
    // Its signature ends lines: CR LF, CR LF, NUL CR LF, QUIT LF. The third is the first with bytes.
    isSpoken: (bytes) => (bytes.length === 1 && bytes[0] === 0) || hasSignature(bytes),
    name: proxyProtocol("version 2"),
    isCertain: false,
  },
];

/** The first match is reported. All of them pass {@linkcode mayBeText}. */
const TEXT_LANGUAGES: readonly TextLanguage[] = [
  {
    pattern: /^SSH-\d/,
    name: () => `SSH, ${SCANNER}`,
  },
  {
    pattern: /^PROXY /,
    name: () => proxyProtocol("version 1"),
  },
  {
    pattern: /^CONNECT [^ ]+ HTTP\//,
    name: () =>
      "HTTP to a proxy (CONNECT): its settings have this port as a proxy; enter it as the pool " +
      "instead",
  },
  {
    pattern: /^POST [^ ]+ HTTP\//,
    name: () =>
      "HTTP (POST), as miners with getwork do: write stratum+tcp:// in its settings; if it does " +
      "not know Stratum, it is too old",
  },
  {
    pattern: /^[A-Z]{3,10} [^ ]+ (?:HTTP|RTSP)\//,
    name: (text) =>
      `HTTP (${
        text.split(" ")[0]
      }), but this port is for miners: for the status, use the address ` +
      "of status.listen",
  },
  {
    pattern: /^\[\s*\{.*"method"/,
    name: () =>
      "JSON-RPC in batches, which is not Stratum: check which software it runs, and " +
      "its settings",
  },
];

/** Methods that software for other coins calls first. */
const COINS: readonly (readonly [pattern: RegExp, coin: string])[] = [
  [/^(?:login|getjob|keepalived)$/, "Monero's"],
  [/^(?:eth_\w+|mining\.hello)$/, "Ethereum's"],
  [/^get(?:work|blocktemplate)$/, "a node's (getwork, getblocktemplate)"],
];

/**
 * Describes the JSON-RPC of another coin that begins with `method`; `undefined` if it is not known
 * as one.
 */
export function foreignMethod(method: string): string | undefined {
  const coin = COINS.find(([pattern]) => pattern.test(method))?.[1];
  if (coin === undefined) return undefined;
  return `it spoke ${coin} JSON-RPC (${quoted(method)}): this port is for Bitcoin with Stratum ` +
    "V1; check the pool address and the algorithm in its settings";
}

/**
 * Describes a `mining.subscribe` that names another coin's dialect after the client agent;
 * `undefined` for Bitcoin, where an earlier session may be named there.
 */
export function foreignDialect(named: unknown): string | undefined {
  if (typeof named !== "string" || !/^\w*Stratum\/\d/.test(named)) return undefined;
  return `it spoke ${quoted(named)}, another coin's Stratum: this port is for Bitcoin; check ` +
    "the pool address and the algorithm in its settings";
}

/** Describes a line that is not a JSON object. */
export function notStratum(line: Uint8Array): string {
  return languageOf(line) ?? `Cannot read a line: found ${shown(line)}, wanted a JSON object`;
}

/** Describes a peer that has disconnected and sent only the beginning of a line. */
export function unfinishedLine(bytes: Uint8Array): string {
  const language = languageOf(bytes);
  if (language !== undefined) return language;
  const size = counted(bytes.length, "byte");
  // Noise begins with 64 random-looking bytes, 32 in older versions.
  const isKey = (bytes.length === 64 || bytes.length === 32) && !isText(bytes);
  return isKey
    ? `it sent ${size} without a line end, perhaps ${stratumV2("Stratum V2")}`
    : `it sent ${size} without a line end: ${shown(bytes)}; a line of Stratum ends with LF`;
}

/** Whether a line with this beginning cannot be Stratum, whatever follows. */
export function isHopeless(start: Uint8Array): boolean {
  return BINARY_LANGUAGES.some(({ isSpoken, isCertain }) => isCertain && isSpoken(start));
}

/**
 * Whether a peer tries TLS first, as bfgminer does at every connect to find out if the port has
 * TLS.
 */
export function isTls(start: Uint8Array): boolean {
  return start[0] === 0x16;
}

/** Names the protocol of these bytes and says what to do; `undefined` if it is not known. */
export function languageOf(bytes: Uint8Array): string | undefined {
  const name = BINARY_LANGUAGES.find(({ isSpoken }) => isSpoken(bytes))?.name ??
    textLanguage(bytes);
  return name === undefined ? undefined : `it spoke ${name}`;
}

function textLanguage(bytes: Uint8Array): string | undefined {
  if (!mayBeText(bytes[0])) return undefined;
  const text = textIn(bytes.subarray(0, LOOKED_AT));
  return TEXT_LANGUAGES.find(({ pattern }) => pattern.test(text))?.name(text);
}

/** Whether a text protocol can begin with this byte: a capital, a bracket, or a byte order mark. */
function mayBeText(first = 0): boolean {
  return (first >= 0x41 && first <= 0x5b) || first === 0xef;
}

/** Version 5: a list of methods after its length. Version 4: a command, a port, an address. */
function isSocks(bytes: Uint8Array): boolean {
  const version = bytes[0];
  const second = bytes[1];
  if (version === 5) return bytes.length >= 3 && bytes.length === 2 + second!;
  return version === 4 && (second === 1 || second === 2) && bytes.length >= 9;
}

/** A SetupConnection frame without encryption, extension 0. */
function isStratumV2(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0 || bytes[5] !== 0) return false;
  return bytes[3]! + bytes[4]! * 256 >= 20;
}

function hasSignature(bytes: Uint8Array): boolean {
  return bytes[0] === 0x0d && bytes.subarray(0, 5).toHex() === "0d0a0d0a00";
}

function stratumV2(name: string): string {
  return `${name}: this port is for Stratum V1; write stratum+tcp:// in its settings`;
}

function proxyProtocol(version: string): string {
  return `the PROXY protocol (${version}): turn it off in the load balancer in front of this ` +
    "port (send-proxy in HAProxy, proxy_protocol in nginx), or list the balancer's address in " +
    "trusted of the port's proxy_protocol";
}

/** The beginning of these bytes, for a log line: text in quotes, or hex. */
export function shown(bytes: Uint8Array): string {
  if (isText(bytes)) return quoted(textIn(bytes.subarray(0, SHOWN_CHARACTERS * 4)));
  const hex = bytes.subarray(0, SHOWN_BYTES).toHex().replace(/(..)(?!$)/g, "$1 ");
  const more = bytes.length > SHOWN_BYTES ? " …" : "";
  return `${counted(bytes.length, "byte")}, no text (${hex}${more})`;
}

/**
 * At most {@linkcode SHOWN_CHARACTERS} characters in quotes, with `?` for anything but printable
 * ASCII.
 */
function quoted(text: string): string {
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `"${cut.replace(/[^\x20-\x7e…]/g, "?")}"`;
}

/** Whether most of it is readable text. */
function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, LOOKED_AT);
  const most = Math.floor(start.length / 4);
  const text = textIn(start);
  let unreadable = 0;
  for (let i = 0; i < text.length && unreadable <= most; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 || unit === 0x7f || unit === 0xfffd) unreadable++;
  }
  return unreadable <= most;
}

const decoder = new TextDecoder();

function textIn(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
