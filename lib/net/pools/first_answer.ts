/**
 * Waits for a pool's first answer to the first lines of the handshake. A proxy or a TLS terminator
 * accepts a connection even without a pool behind it, so a connection counts only after a line that
 * may be Stratum. Only those lines are sent: ckpool closes the connection on a request that it does
 * not know.
 */

import type { Attempt } from "./attempt.ts";
import type { Connection } from "./connection.ts";
import { quoteBytes, readSome, withBytesAhead } from "./handshake_bytes.ts";

/** The most bytes that may come before a line of JSON. */
const MAX_BYTES = 64 * 1024;

/** A subscribe answer has about 100 bytes; a job often comes with it. */
const FIRST_READ_BYTES = 4096;

const LF = 0x0a;

/** First bytes that no pool sends. */
const NO_POOL = /^(?:HTTP\/|SSH-|[^\t\n\r -\x7e])/;

/**
 * Waits for a line that is a JSON object. Other lines before it are skipped: ckpool sends plain
 * English when it closes, and DATUM may answer with invalid JSON.
 *
 * @returns the connection to use from now on: all bytes received are still to be read.
 * @throws Error if the peer cannot be a pool, or closes before such a line.
 */
export async function awaitFirstAnswer(
  connection: Connection,
  attempt: Pick<Attempt, "waitingFor">,
): Promise<Connection> {
  attempt.waitingFor = "the pool's answer";
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
    if (NO_POOL.test(String.fromCharCode(...came.subarray(0, 5)))) {
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
