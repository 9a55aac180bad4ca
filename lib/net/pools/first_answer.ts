/**
 * Waits for a pool's first answer to the first bytes of the handshake. A proxy or a TLS terminator
 * accepts a connection even without a pool behind it, so a connection counts only after an answer
 * that may be a pool's: a line of JSON or, from a Stratum V2 pool, enough bytes that are no text.
 * Nothing else is asked: ckpool closes the connection on a request that it does not know.
 */

import type { Attempt } from "./attempt.ts";
import type { Connection, Opening } from "./connection.ts";
import { quoteBytes, readSome, withBytesAhead } from "./handshake_bytes.ts";

/** The most bytes that may come before a line of JSON. */
const MAX_BYTES = 64 * 1024;

/** A subscribe answer has about 100 bytes; a job often comes with it. */
const FIRST_READ_BYTES = 4096;

const LF = 0x0a;

/** First bytes that no pool of any kind sends. */
const NO_POOL = /^(?:HTTP\/|SSH-)/;

/** What no line of JSON begins with. */
const NO_TEXT = /^[^\t\n\r -\x7e]/;

/**
 * A Stratum V2 pool's answer looks random. Of 24 such bytes, all are printable once in 10^9 pools.
 */
const SURELY_TEXT = /^[\t\n\r -\x7e]{24}/;

/**
 * Waits for the answer to `opening`, which has been written.
 *
 * @returns the connection to use from now on: all bytes received are still to be read.
 * @throws Error if the peer cannot be a pool, or closes before its answer.
 */
export async function awaitFirstAnswer(
  connection: Connection,
  attempt: Pick<Attempt, "waitingFor">,
  { answerBytes }: Pick<Opening, "answerBytes"> = {},
): Promise<Connection> {
  attempt.waitingFor = "the pool's answer";
  return answerBytes === undefined
    ? await awaitLine(connection, attempt)
    : await awaitBytes(connection, attempt, answerBytes);
}

async function awaitBytes(
  connection: Connection,
  attempt: Pick<Attempt, "waitingFor">,
  count: number,
): Promise<Connection> {
  const bytes = new Uint8Array(count);
  for (let length = 0; length < count;) {
    length += await read(connection, bytes, length);
    const came = bytes.subarray(0, length);
    const start = String.fromCharCode(...came.subarray(0, 24));
    if (NO_POOL.test(start) || SURELY_TEXT.test(start)) {
      throw new Error(
        `no pool answers: found ${quoteBytes(came)}, wanted Stratum V2; check the pool's port`,
      );
    }
    attempt.waitingFor = `all ${count} bytes of the pool's answer, of which ${length} came`;
  }
  return withBytesAhead(connection, bytes);
}

/**
 * Waits for a line that is a JSON object. Other lines before it are skipped: ckpool sends plain
 * English when it closes, and DATUM may answer with invalid JSON.
 */
async function awaitLine(
  connection: Connection,
  attempt: Pick<Attempt, "waitingFor">,
): Promise<Connection> {
  let bytes = new Uint8Array(FIRST_READ_BYTES);
  let length = 0;
  let lineStart = 0;
  for (;;) {
    if (length === bytes.length) {
      if (length >= MAX_BYTES) {
        throw new Error(`no pool answers: found ${MAX_BYTES} bytes without a line of JSON`);
      }
      const grown = new Uint8Array(length * 4);
      grown.set(bytes);
      bytes = grown;
    }
    const before = length;
    length += await read(connection, bytes, length);
    const came = bytes.subarray(0, length);
    const start = String.fromCharCode(...came.subarray(0, 5));
    if (NO_POOL.test(start) || NO_TEXT.test(start)) {
      throw new Error(
        `no pool answers: found ${quoteBytes(came)}, wanted JSON; check the pool's port`,
      );
    }
    for (let end = came.indexOf(LF, before); end >= 0; end = came.indexOf(LF, lineStart)) {
      const line = came.subarray(lineStart, end);
      if (isJsonObject(line)) return withBytesAhead(connection, came.slice());
      lineStart = end + 1;
      attempt.waitingFor = `a line of JSON after ${quoteBytes(came)}`;
    }
  }
}

/** Reads into `bytes` after its first `length` bytes. */
async function read(connection: Connection, bytes: Uint8Array, length: number): Promise<number> {
  try {
    return await readSome(connection, bytes.subarray(length));
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const said = length === 0 ? "" : ` after it said ${quoteBytes(bytes.subarray(0, length))}`;
    throw new Error(`no pool answers: ${found}${said}`, { cause: error });
  }
}

function isJsonObject(line: Uint8Array): boolean {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(line));
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
