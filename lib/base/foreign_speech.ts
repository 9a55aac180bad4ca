/**
 * What somebody speaks who connects to a port for miners and speaks no Stratum, and what to do about
 * it; pure. Bytes are shown so that any terminal can: text in ASCII, anything else in hex.
 */

/** Something that is recognized by how it begins. */
interface Language {
  readonly isSpoken: (bytes: Uint8Array, text: string) => boolean;
  /** What it is, and what to do. */
  readonly name: (text: string) => string;
  /** Whether it is certain at the first bytes, so that no line end has to be awaited. */
  readonly isCertain?: true;
}

/** So much of the beginning is looked at. */
const LOOKED_AT = 256;

/** So much of what is not recognized is shown: characters of text, or bytes in hex. */
const SHOWN_CHARACTERS = 60;
const SHOWN_BYTES = 16;

const SCANNER = "probably a scanner: keep it away from this port (firewall, limits.allow)";

/** The first that fits is said. */
const LANGUAGES: readonly Language[] = [
  {
    isSpoken: ([first]) => first === 0x16,
    name: () =>
      "TLS, but this port is for miners without: write stratum+tcp:// in its settings, or give it " +
      "a port that has tls",
    isCertain: true,
  },
  {
    // TPKT, in which RDP asks for its connection.
    isSpoken: ([first, second]) => first === 0x03 && second === 0x00,
    name: () => `RDP (Windows remote desktop), ${SCANNER}`,
    isCertain: true,
  },
  {
    isSpoken: (bytes) => isSocks(bytes),
    name: () => "SOCKS: its settings name this port as a proxy, enter it as the pool",
    isCertain: true,
  },
  {
    // A frame of Stratum V2 without encryption: SetupConnection, of extension 0.
    isSpoken: ([first, second, type, low = 0, high = 0, highest]) =>
      first === 0 && second === 0 && type === 0 && highest === 0 && low + high * 256 >= 20,
    name: () => stratumV2("Stratum V2"),
    isCertain: true,
  },
  {
    isSpoken: (_, text) => /^SSH-\d/.test(text),
    name: () => `SSH, ${SCANNER}`,
  },
  {
    isSpoken: (_, text) => /^PROXY /.test(text),
    name: () => proxyProtocol("version 1"),
  },
  {
    // Its signature ends lines: CR LF, CR LF, NUL CR LF, QUIT LF. The third is the first with bytes.
    isSpoken: (bytes) => (bytes.length === 1 && bytes[0] === 0) || hasSignature(bytes),
    name: () => proxyProtocol("version 2"),
  },
  {
    isSpoken: (_, text) => /^CONNECT [^ ]+ HTTP\//.test(text),
    name: () =>
      "HTTP to a proxy (CONNECT): its settings name this port as a proxy, enter it as the pool",
  },
  {
    isSpoken: (_, text) => /^POST [^ ]+ HTTP\//.test(text),
    name: () =>
      "HTTP (POST), as miners do with getwork: write stratum+tcp:// in its settings; if it has no " +
      "Stratum, it is too old",
  },
  {
    isSpoken: (_, text) => /^[A-Z]{3,10} [^ ]+ (?:HTTP|RTSP)\//.test(text),
    name: (text) =>
      `HTTP (${
        text.split(" ")[0]
      }), but this port is for miners: for the status, use the address ` +
      "of status.listen",
  },
  {
    isSpoken: (_, text) => /^\[\s*\{.*"method"/.test(text),
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
  const size = `${bytes.length} ${bytes.length === 1 ? "byte" : "bytes"}`;
  // What Noise begins with are 64 bytes that look like any others, 32 in older versions.
  const isKey = (bytes.length === 64 || bytes.length === 32) && !isText(bytes);
  return isKey
    ? `it sent ${size} without a line end, perhaps ${stratumV2("Stratum V2")}`
    : `it sent ${size} without a line end: ${shown(bytes)}; a line of Stratum ends with LF`;
}

/** Whether a line that begins so is certain to be no Stratum, whatever comes of it. */
export function isHopeless(start: Uint8Array): boolean {
  return find(start)?.isCertain === true;
}

/** What speaks so, in a sentence with what to do; `undefined` if it is nothing that is known. */
export function languageOf(bytes: Uint8Array): string | undefined {
  const language = find(bytes);
  return language === undefined ? undefined : `it spoke ${language.name(textIn(bytes))}`;
}

function find(bytes: Uint8Array): Language | undefined {
  const start = bytes.subarray(0, LOOKED_AT);
  const text = textIn(start);
  return LANGUAGES.find(({ isSpoken }) => isSpoken(start, text));
}

/** Version 5: methods in a list of the length told. Version 4: a command, a port, an address. */
function isSocks(bytes: Uint8Array): boolean {
  const [version, second] = bytes;
  if (version === 5) return bytes.length >= 3 && bytes.length === 2 + second!;
  return version === 4 && (second === 1 || second === 2) && bytes.length >= 9;
}

function hasSignature(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 5).toHex() === "0d0a0d0a00";
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
  return `${bytes.length} bytes that are no text (${hex}${bytes.length > SHOWN_BYTES ? " …" : ""})`;
}

/** In quotes, anything but printable ASCII as `?`, at most {@linkcode SHOWN_CHARACTERS} of them. */
function quoted(text: string): string {
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `"${cut.replace(/[^\x20-\x7e…]/g, "?")}"`;
}

/** Whether most of it can be read. */
function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, LOOKED_AT);
  let unreadable = 0;
  for (const char of textIn(start)) {
    if (char < " " || char === "\x7f" || char === "\ufffd") unreadable++;
  }
  return unreadable * 4 <= start.length;
}

const decoder = new TextDecoder();

function textIn(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}
