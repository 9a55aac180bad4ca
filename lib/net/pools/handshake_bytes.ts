/**
 * What handshakes need of a connection: so many bytes read, so many written, one after the other,
 * and bytes that were read too far given back. And a few of the peer's bytes for an error.
 */

import type { Connection } from "./connection.ts";

/** How much of a peer's own words an error repeats. */
const MAX_QUOTED_BYTES = 40;

/** Reads exactly `count` bytes. @throws Error when the stream ends before. */
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

/** `connection` with `bytes`, which were read already, to be read before all others. */
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

/** The beginning of the first line of `bytes` in double quotes, harmless to a terminal. */
export function quoteBytes(bytes: Uint8Array): string {
  const end = bytes.findIndex((byte) => byte === 0x0a || byte === 0x0d);
  const line = end < 0 ? bytes : bytes.subarray(0, end);
  const text = Array.from(
    line.subarray(0, MAX_QUOTED_BYTES),
    (byte) => byte < 0x20 || byte > 0x7e ? "?" : String.fromCharCode(byte),
  ).join("");
  return JSON.stringify(line.length > MAX_QUOTED_BYTES ? `${text}...` : text);
}
