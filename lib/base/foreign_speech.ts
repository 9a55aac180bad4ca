/**
 * What somebody speaks who connects to a port for miners and speaks no Stratum, and what to do about
 * it; pure. Bytes are shown so that any terminal can: text in ASCII, anything else in hex.
 */

import { counted } from "./counted.ts";

/** Something that is recognized by its first bytes. */
interface BinaryLanguage {
  readonly isSpoken: (bytes: Uint8Array) => boolean;
  /** What it is, and what to do. */
  readonly name: string;
  /** Whether it is certain at the first bytes, so that no line end has to be awaited. */
  readonly isCertain: boolean;
}

/** Something that is recognized by how its text begins. */
interface TextLanguage {
  readonly pattern: RegExp;
  /** What it is, and what to do. */
  readonly name: (text: string) => string;
}

/** So much of the beginning is looked at. */
const LOOKED_AT = 256;

/** So much of what is not recognized is shown: characters of text, or bytes in hex. */
const SHOWN_CHARACTERS = 60;
const SHOWN_BYTES = 16;

const SCANNER = "probably a scanner: keep it away from this port (firewall, limits.allow)";

/** Looked for before any text is: a crowd that sends noise is to cost little. */
const BINARY_LANGUAGES: readonly BinaryLanguage[] = [
  {
    isSpoken: isTls,
    name:
      "TLS, but this port is for miners without: write stratum+tcp:// in its settings, or give it " +
      "a port that has tls",
    isCertain: true,
  },
  {
    // TPKT, in which RDP asks for its connection.
    isSpoken: (bytes) => bytes[0] === 0x03 && bytes[1] === 0x00,
    name: `RDP (Windows remote desktop), ${SCANNER}`,
    isCertain: true,
  },
  {
    isSpoken: isSocks,
    name: "SOCKS: its settings name this port as a proxy, enter it as the pool",
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

/** The first that fits is said. All of them pass {@linkcode mayBeText}. */
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
      "HTTP to a proxy (CONNECT): its settings name this port as a proxy, enter it as the pool",
  },
  {
    pattern: /^POST [^ ]+ HTTP\//,
    name: () =>
      "HTTP (POST), as miners do with getwork: write stratum+tcp:// in its settings; if it has no " +
      "Stratum, it is too old",
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
    name: () => "JSON-RPC in batches, which is no Stratum: look for the right software, or setting",
  },
];

/** Methods with which software for other coins begins. */
const COINS: readonly (readonly [pattern: RegExp, coin: string])[] = [
  [/^(?:login|getjob|keepalived)$/, "Monero's"],
  [/^(?:eth_\w+|mining\.hello)$/, "Ethereum's"],
  [/^get(?:work|blocktemplate)$/, "a node's (getwork, getblocktemplate)"],
];

/** The JSON-RPC that begins with `method` and is no Stratum V1 for Bitcoin; `undefined` if none is. */
export function foreignMethod(method: string): string | undefined {
  const coin = COINS.find(([pattern]) => pattern.test(method))?.[1];
  if (coin === undefined) return undefined;
  return `it spoke ${coin} JSON-RPC (${
    quoted(method)
  }): Bitcoin is mined here, by Stratum V1; look ` +
    "for the right pool address and algorithm in its settings";
}

/**
 * The same of a `mining.subscribe` that names another coin's dialect behind the client agent;
 * `undefined` for one of Bitcoin, where an older session may stand there.
 */
export function foreignDialect(named: unknown): string | undefined {
  if (typeof named !== "string" || !/^\w*Stratum\/\d/.test(named)) return undefined;
  return `it spoke ${quoted(named)}, another coin's Stratum: Bitcoin is mined here; look for the ` +
    "right pool address and algorithm in its settings";
}

/** What is said of a line that is no JSON object. */
export function notStratum(line: Uint8Array): string {
  return languageOf(line) ?? `Cannot read a line: found ${shown(line)}, wanted a JSON object`;
}

/** What is said of somebody who is gone and has sent only the beginning of a line. */
export function unfinishedLine(bytes: Uint8Array): string {
  const language = languageOf(bytes);
  if (language !== undefined) return language;
  const size = counted(bytes.length, "byte");
  // What Noise begins with are 64 bytes that look like any others, 32 in older versions.
  const isKey = (bytes.length === 64 || bytes.length === 32) && !isText(bytes);
  return isKey
    ? `it sent ${size} without a line end, perhaps ${stratumV2("Stratum V2")}`
    : `it sent ${size} without a line end: ${shown(bytes)}; a line of Stratum ends with LF`;
}

/** Whether a line that begins so is certain to be no Stratum, whatever comes of it. */
export function isHopeless(start: Uint8Array): boolean {
  return BINARY_LANGUAGES.some(({ isSpoken, isCertain }) => isCertain && isSpoken(start));
}

/** Whether somebody tries TLS first, as bfgminer does at every connect to see whether it is spoken. */
export function isTls(start: Uint8Array): boolean {
  return start[0] === 0x16;
}

/** What speaks so, in a sentence with what to do; `undefined` if it is nothing that is known. */
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

/** Whether a text language may begin so: with a capital, a bracket, or a byte order mark. */
function mayBeText(first = 0): boolean {
  return (first >= 0x41 && first <= 0x5b) || first === 0xef;
}

/** Version 5: methods in a list of the length told. Version 4: a command, a port, an address. */
function isSocks(bytes: Uint8Array): boolean {
  const version = bytes[0];
  const second = bytes[1];
  if (version === 5) return bytes.length >= 3 && bytes.length === 2 + second!;
  return version === 4 && (second === 1 || second === 2) && bytes.length >= 9;
}

/** A frame without encryption: SetupConnection, of extension 0. */
function isStratumV2(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0 || bytes[5] !== 0) return false;
  return bytes[3]! + bytes[4]! * 256 >= 20;
}

function hasSignature(bytes: Uint8Array): boolean {
  return bytes[0] === 0x0d && bytes.subarray(0, 5).toHex() === "0d0a0d0a00";
}

function stratumV2(name: string): string {
  return `${name}: this port takes Stratum V1, write stratum+tcp:// in its settings`;
}

function proxyProtocol(version: string): string {
  return `the PROXY protocol (${version}): switch it off in the load balancer before this port ` +
    "(send-proxy in HAProxy, proxy_protocol in nginx)";
}

function shown(bytes: Uint8Array): string {
  if (isText(bytes)) return quoted(textIn(bytes.subarray(0, SHOWN_CHARACTERS * 4)));
  const hex = bytes.subarray(0, SHOWN_BYTES).toHex().replace(/(..)(?!$)/g, "$1 ");
  const more = bytes.length > SHOWN_BYTES ? " …" : "";
  return `${counted(bytes.length, "byte")}, no text (${hex}${more})`;
}

/** In quotes, anything but printable ASCII as `?`, at most {@linkcode SHOWN_CHARACTERS} of them. */
function quoted(text: string): string {
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `"${cut.replace(/[^\x20-\x7e…]/g, "?")}"`;
}

/** Whether most of it can be read. */
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
