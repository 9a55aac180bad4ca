/**
 * One client of the HTTP server: its requests, one after the other, each with its answer.
 *
 * Every wait for the client has a deadline; the server closes connections that are past it.
 */

import type { Now, Time } from "../../base/clock.ts";
import { ByteSource, type Readable } from "./byte_source.ts";
import { BadRequest, parseHead, type RequestHead } from "./head.ts";
import { RequestBody } from "./request_body.ts";

/** How long the server waits for a client, in milliseconds. */
export const CLIENT_TIMES = {
  /** For a head, after its first byte arrived or the connection was accepted. */
  headMs: 10_000,
  /** For the next request. Scrapers come every 15 to 60 s and like to keep their connection. */
  idleMs: 75_000,
  /** For the client to take a part of an answer. */
  writeMs: 15_000,
  /** For the client to close, after an answer that ends the connection. */
  lingerMs: 2_000,
} as const;

/** A body is written in parts of this length; the client must take each in time. */
const PART_BYTES = 32 * 1024;

/** Bytes that a client sends after the last answer are thrown away, up to this number. */
const MAX_LINGER_BYTES = 256 * 1024;

/** Answers of these types are worth compressing. */
const COMPRESSIBLE =
  /^(?:application\/(?:json|problem\+json|openmetrics-text)|text\/(?!event-stream)|image\/svg)/;

/** Shorter answers are not compressed. */
const MIN_COMPRESSED_BYTES = 1024;

const encoder = new TextEncoder();
const EMPTY = new Uint8Array(0);
const CRLF = encoder.encode("\r\n");
const LAST_CHUNK = encoder.encode("0\r\n\r\n");

/** All this needs of a socket; a `Deno.Conn` already fits. */
export interface Stream extends Readable {
  /** Writes some of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Tells the peer that nothing more will be written. */
  closeWrite(): Promise<void>;
  /** Closes the socket in both directions. */
  close(): void;
}

/** A request as it arrived. */
export interface HttpRequest {
  /** The method as it arrived. */
  readonly method: string;
  /**
   * `http://`, the `Host` header and the target as they arrived, so the text may not be a valid
   * URL.
   */
  readonly url: string;
  /** Its headers. */
  readonly headers: { get(name: string): string | null };
  /** Its body, which may break off; null if there is none. */
  readonly body: ReadableStream<Uint8Array> | null;
}

/** What a connection needs. */
export interface ConnectionOptions {
  /** Answers a request; must not throw. */
  readonly answer: (request: HttpRequest) => Promise<Response>;
  /** Answers input that is no request. */
  readonly refuse: (problem: BadRequest) => Response;
  /** Settles when the next connection may be accepted or the next request read. */
  readonly turn: () => Promise<void>;
  /** Monotonic time, for the deadlines of clients. */
  readonly now: Now;
  /** For the dates of answers, and pauses. */
  readonly time: Time;
}

/** Serves one client, request after request. */
export class HttpConnection {
  readonly #conn: Stream;
  readonly #options: ConnectionOptions;
  readonly #source: ByteSource;
  /** When the current wait for the client began; `undefined` while the client waits for us. */
  #waitsSince: number | undefined;
  #deadline = Infinity;
  #isClosed = false;

  /** Takes over `conn` and serves nothing yet. */
  constructor(conn: Stream, options: ConnectionOptions) {
    this.#conn = conn;
    this.#options = options;
    this.#source = new ByteSource(conn);
    this.#waitFor(CLIENT_TIMES.headMs);
  }

  /**
   * When the current wait for the client began: closing the connection during it loses nothing of
   * ours.
   */
  get waitsSince(): number | undefined {
    return this.#waitsSince;
  }

  /** Whether the client is past its deadline. */
  isLate(time: number): boolean {
    return time > this.#deadline;
  }

  /** Closes the connection at once, whatever is under way. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#workForIt();
    try {
      this.#conn.close();
    } catch {
      // It was closed already.
    }
  }

  /** Serves the client to its end. Never rejects. */
  async serve(): Promise<void> {
    try {
      while (await this.#serveOne());
    } catch {
      // The connection broke or was closed: there is nobody left to answer.
    }
    this.close();
  }

  /** Reads one request and answers it. @returns whether another request may follow. */
  async #serveOne(): Promise<boolean> {
    let head: RequestHead;
    try {
      const text = await this.#source.head(() => this.#waitFor(CLIENT_TIMES.headMs));
      if (text === undefined) return false;
      head = parseHead(text);
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      this.#workForIt();
      await this.#respond(this.#options.refuse(error), { isHead: false, isLast: true });
      await this.#linger();
      return false;
    }
    this.#workForIt();
    await this.#options.turn();
    const body = new RequestBody(head, this.#source, async () => {
      if (head.expectsContinue) await this.#write(encoder.encode("HTTP/1.1 100 Continue\r\n\r\n"));
    });
    const response = await this.#options.answer({
      method: head.method,
      url: urlOf(head),
      headers: { get: (name) => head.headers.get(name.toLowerCase()) ?? null },
      body: body.stream,
    });
    const isLast = !head.keepsOpen || !body.isWhole ||
      // Only closing the connection ends such an answer.
      !head.knowsChunks && !response.headers.has("content-length");
    await this.#respond(response, {
      isHead: head.method === "HEAD",
      isLast,
      accepted: head.headers.get("accept-encoding"),
      knowsChunks: head.knowsChunks,
    });
    if (!isLast) {
      this.#waitFor(CLIENT_TIMES.idleMs);
      return true;
    }
    await this.#linger();
    return false;
  }

  async #respond(response: Response, { isHead, isLast, accepted = "", knowsChunks = true }: {
    isHead: boolean;
    isLast: boolean;
    accepted?: string | undefined;
    knowsChunks?: boolean;
  }): Promise<void> {
    const { headers } = response;
    let { body } = response;
    const isEndless = headers.get("content-type")?.startsWith("text/event-stream") === true;
    if (body !== null && mayCompress(headers, accepted)) {
      body = body.pipeThrough(new CompressionStream("gzip"));
      headers.set("content-encoding", "gzip");
      headers.delete("content-length");
    }
    const isChunked = knowsChunks && !headers.has("content-length");
    headers.set("date", new Date(this.#options.time.wallNow()).toUTCString());
    if (isChunked) headers.set("transfer-encoding", "chunked");
    if (isLast) headers.set("connection", "close");
    let text = `HTTP/1.1 ${response.status} ${REASONS[response.status] ?? ""}\r\n`;
    for (const [name, value] of headers) text += `${name}: ${value}\r\n`;
    const head = encoder.encode(`${text}\r\n`);
    if (isHead || body === null) {
      await body?.cancel();
      return await this.#write(head);
    }
    const reader = body.getReader();
    if (isEndless) void this.#watchForEnd(reader);
    try {
      // The head and the beginning of the body are sent together.
      let before = head;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        await this.#write(isChunked ? chunk(before, value) : joined(before, value));
        before = EMPTY;
      }
      const end = isChunked ? LAST_CHUNK : EMPTY;
      if (before.length + end.length > 0) await this.#write(joined(before, end));
    } catch (error) {
      await reader.cancel(error).catch(() => undefined);
      throw error;
    }
  }

  /** An endless answer ends when the client disconnects, which only a read can show. */
  async #watchForEnd(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    try {
      while ((await this.#source.some(MAX_LINGER_BYTES)).length > 0);
    } catch {
      // Closed, or reset by the client.
    }
    await reader.cancel().catch(() => undefined);
    this.close();
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) {
      this.#waitFor(CLIENT_TIMES.writeMs);
      rest = rest.subarray(await this.#conn.write(rest.subarray(0, PART_BYTES)));
      this.#workForIt();
    }
  }

  /**
   * Waits for the client to close after the last answer: closing a connection that has unread bytes
   * resets it, and the client may lose the answer.
   */
  async #linger(): Promise<void> {
    await this.#conn.closeWrite();
    this.#waitFor(CLIENT_TIMES.lingerMs);
    for (let left = MAX_LINGER_BYTES; left > 0;) {
      const { length } = await this.#source.some(left);
      if (length === 0) return;
      left -= length;
    }
  }

  #waitFor(ms: number): void {
    if (this.#isClosed) return;
    const time = this.#options.now();
    this.#waitsSince = time;
    this.#deadline = time + ms;
  }

  #workForIt(): void {
    this.#waitsSince = undefined;
    this.#deadline = Infinity;
  }
}

function urlOf({ target, headers }: RequestHead): string {
  // Simple probes send no host name: the address serves as one.
  return target.startsWith("/") ? `http://${headers.get("host") || "localhost"}${target}` : target;
}

function mayCompress(headers: Headers, accepted: string): boolean {
  if (!/(?:^|,)\s*gzip\s*(?:;\s*q=(?:1|0?\.\d*[1-9]\d*|1\.0+)\s*)?(?:,|$)/i.test(accepted)) {
    return false;
  }
  if (!COMPRESSIBLE.test(headers.get("content-type") ?? "")) return false;
  headers.append("vary", "accept-encoding");
  const length = headers.get("content-length");
  return length === null || Number(length) >= MIN_COMPRESSED_BYTES;
}

/**
 * Gives `before`, then `bytes` as a chunk. Empty `bytes` make no chunk, since an empty chunk ends a
 * body.
 */
function chunk(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) return before;
  return joined(before, encoder.encode(`${bytes.length.toString(16)}\r\n`), bytes, CRLF);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Status words for people who read answers; programs read the number. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  408: "Request Timeout",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  501: "Not Implemented",
  503: "Service Unavailable",
  505: "HTTP Version Not Supported",
};
