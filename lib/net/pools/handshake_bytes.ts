/**
 * Helpers of handshakes: read or write an exact number of bytes, give back bytes that were read too
 * early, and quote a peer's bytes in an error.
 */

import type { Connection } from "./connection.ts";

/** The most bytes of a peer that an error quotes. */
const MAX_QUOTED_BYTES = 40;

/** Reads exactly `count` bytes. @throws Error if the stream ends before that. */
export async function readExactly(
  connection: Pick<Connection, "read">,
  count: number,
): Promise<Uint8Array> {
  const bytes = new Uint8Array(count);
  for (let length = 0; length < count;) {
    length += await readSome(connection, bytes.subarray(length));
  }
  return bytes;
}

/** Reads one byte or more. @throws Error at the end of the stream. */
export async function readSome(
  connection: Pick<Connection, "read">,
  into: Uint8Array,
): Promise<number> {
  const count = await connection.read(into);
  if (count === null) throw new Error("it closed the connection");
  return count;
}

/** Writes all of `bytes`. */
export async function writeAll(
  connection: Pick<Connection, "write">,
  bytes: Uint8Array,
): Promise<void> {
  for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
}

/** Wraps `connection` so that `bytes`, which were read already, are read again first. */
export function withBytesAhead(connection: Connection, bytes: Uint8Array): Connection {
  return bytes.length === 0 ? connection : new BytesAhead(connection, bytes);
}

class BytesAhead implements Connection {
  readonly #connection: Connection;
  #bytes: Uint8Array;

  constructor(connection: Connection, bytes: Uint8Array) {
    this.#connection = connection;
    this.#bytes = bytes;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#bytes.length === 0) return this.#connection.read(into);
    const count = Math.min(into.length, this.#bytes.length);
    into.set(this.#bytes.subarray(0, count));
    this.#bytes = this.#bytes.subarray(count);
    return Promise.resolve(count);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#connection.write(bytes);
  }

  close(): void {
    this.#connection.close();
  }
}

/** The beginning of the first line of `bytes` in double quotes, safe for a terminal. */
export function quoteBytes(bytes: Uint8Array): string {
  const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  const text = Array.from(
    line.subarray(0, MAX_QUOTED_BYTES),
    (byte) => byte < 0x20 || byte > 0x7e ? "?" : String.fromCharCode(byte),
  ).join("");
  return JSON.stringify(line.length > MAX_QUOTED_BYTES ? `${text}...` : text);
}
