/**
 * Tests a connection with a request to the pool: a proxy or a TLS terminator accepts a connection
 * even without a pool behind it, so a connection counts only after a line from the pool (agent.md
 * "Handshake").
 */

import { ASKED_CAPABILITIES } from "../../base/agent_pool.ts";
import type { Connection } from "./connection.ts";
import { quoteBytes, readSome, withBytesAhead, writeAll } from "./handshake_bytes.ts";

const ID = "conn_test";

const QUESTION = new TextEncoder().encode(
  JSON.stringify({ id: ID, method: "agent.get_capabilities", params: ASKED_CAPABILITIES }) + "\n",
);

/** The longest line accepted. */
const MAX_LINE_BYTES = 64 * 1024;

/** The usual answer has 68 bytes. */
const FIRST_READ_BYTES = 1024;

const LF = 0x0a;

/**
 * Asks the pool on `connection` for its capabilities and waits for a line.
 *
 * @returns the connection to use from now on: all bytes received are still to be read, except the
 * answer itself.
 * @throws Error if the peer is not a Stratum server.
 */
export async function probePool(connection: Connection): Promise<Connection> {
  await writeAll(connection, QUESTION);
  let bytes = new Uint8Array(FIRST_READ_BYTES);
  let length = 0;
  for (;;) {
    if (length === bytes.length) {
      if (length >= MAX_LINE_BYTES) {
        throw new Error(
          `no pool answers: found a line of more than ${MAX_LINE_BYTES} bytes, wanted JSON`,
        );
      }
      const grown = new Uint8Array(length * 4);
      grown.set(bytes);
      bytes = grown;
    }
    const before = length;
    length += await read(connection, bytes.subarray(length));
    const end = bytes.subarray(0, length).indexOf(LF, before);
    if (bytes[0] !== 0x7b) {
      const found = quoteBytes(bytes.subarray(0, length));
      throw new Error(`no pool answers: found ${found}, wanted JSON; check the pool's port`);
    }
    if (end < 0) continue;
    const line = bytes.subarray(0, end + 1);
    // Any other line proves the same, and the next reader gets it.
    return withBytesAhead(connection, bytes.slice(isAnswer(line) ? end + 1 : 0, length));
  }
}

async function read(connection: Connection, into: Uint8Array): Promise<number> {
  try {
    return await readSome(connection, into);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new Error(`no pool answers: ${found}`, { cause: error });
  }
}

/** @throws Error if `line` is not a JSON object. */
function isAnswer(line: Uint8Array): boolean {
  let message: unknown;
  try {
    message = JSON.parse(new TextDecoder().decode(line));
  } catch {
    throw new Error(
      `no pool answers: found ${quoteBytes(line)}, wanted JSON; check the pool's port`,
    );
  }
  return (message as { readonly id?: unknown }).id === ID;
}
