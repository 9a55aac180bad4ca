/**
 * Parses the head of an HTTP/1.1 request (RFC 9112): method, target, headers and how the body
 * follows. Pure.
 */

/** The longest head that is accepted, its empty line included. */
export const MAX_HEAD_BYTES: number = 16 * 1024;

/** Most header lines of a request. */
const MAX_HEADERS = 100;

/** Input that is no valid request, with the HTTP status for it. */
export class BadRequest extends Error {
  /** The HTTP status of the answer. */
  readonly status: number;

  /** `message` says what was found and what was wanted. */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A request without its body. */
export interface RequestHead {
  /** As it arrived: upper and lower case are kept. */
  readonly method: string;
  /** As it arrived: `/path?query`, `*`, or a whole address. */
  readonly target: string;
  /** By name in lower case; the values of a repeated header are joined. */
  readonly headers: ReadonlyMap<string, string>;
  /** Length of the body in bytes; -1 if it comes in chunks. */
  readonly bodyLength: number;
  /** Whether the client wants to send more requests on this connection, and can. */
  readonly keepsOpen: boolean;
  /** Whether the client understands answers in chunks: HTTP/1.0 does not. */
  readonly knowsChunks: boolean;
  /** Whether the client waits for `100 Continue` before it sends the body. */
  readonly expectsContinue: boolean;
}

const REQUEST_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/(\d)\.(\d)$/;
const HEADER_LINE = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*$/;

/**
 * Returns the end of the head that begins at `start`, after its empty line; -1 while that has not
 * arrived. Lines may end in a single LF.
 */
export function headEnd(bytes: Uint8Array, start: number, end: number): number {
  for (let at = bytes.indexOf(LF, start); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF && at + 1 < end) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF && at + 2 < end) return at + 3;
  }
  return -1;
}

const LF = 10;
const CR = 13;

/**
 * Parses a head; each character of `text` is one byte.
 *
 * @throws BadRequest when it is not valid, or when its body could be mistaken for another request.
 */
export function parseHead(text: string): RequestHead {
  const [first, ...lines] = text.split(/\r?\n/).slice(0, -2);
  const [, method, target, major, minor] = REQUEST_LINE.exec(first ?? "") ?? [];
  if (method === undefined || target === undefined) {
    throw new BadRequest(400, "Cannot read the request line, wanted METHOD /path HTTP/1.1");
  }
  if (major !== "1") throw new BadRequest(505, `Found HTTP/${major}.${minor}, wanted HTTP/1.1`);
  if (lines.length > MAX_HEADERS) {
    throw new BadRequest(431, `Found ${lines.length} headers, wanted at most ${MAX_HEADERS}`);
  }
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER_LINE.exec(line) ?? [];
    if (name === undefined || value === undefined) {
      throw new BadRequest(400, "Cannot read a header line, wanted Name: value");
    }
    const key = name.toLowerCase();
    const before = headers.get(key);
    if (before !== undefined && ONCE.has(key)) {
      throw new BadRequest(400, `Found ${key} twice, wanted it once`);
    }
    headers.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  const isNew = minor !== "0";
  const connection = words(headers.get("connection"));
  return {
    method,
    target,
    headers,
    bodyLength: bodyLengthIn(headers, isNew),
    keepsOpen: isNew ? !connection.includes("close") : connection.includes("keep-alive"),
    knowsChunks: isNew,
    expectsContinue: isNew && words(headers.get("expect")).includes("100-continue"),
  };
}

/**
 * Headers that may occur only once: of two values, a proxy in front of us may read the other one.
 */
const ONCE: ReadonlySet<string> = new Set([
  "authorization",
  "content-length",
  "content-type",
  "host",
  "origin",
  "sec-fetch-site",
  "transfer-encoding",
]);

function bodyLengthIn(headers: ReadonlyMap<string, string>, knowsChunks: boolean): number {
  const length = headers.get("content-length");
  const coding = headers.get("transfer-encoding");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") {
      throw new BadRequest(501, "Found an unknown transfer-encoding, wanted chunked");
    }
    if (length !== undefined || !knowsChunks) {
      throw new BadRequest(400, "Found two lengths of the body, wanted one");
    }
    return -1;
  }
  if (length === undefined) return 0;
  if (!/^\d{1,15}$/.test(length)) {
    throw new BadRequest(400, "Cannot read content-length, wanted a whole number");
  }
  return Number(length);
}

/** Returns the words of a header that is a list, in lower case. */
function words(list = ""): string[] {
  return list.toLowerCase().split(",").map((word) => word.trim());
}
