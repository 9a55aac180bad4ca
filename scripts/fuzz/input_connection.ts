/**
 * A pool connection that gives an input in chunks, accepts everything that is written, and ends.
 */

import assert from "node:assert/strict";
import type { Connection } from "../../lib/net/pools/connection.ts";
import { chunksOf } from "./target.ts";

/** Gives an input in chunks. It must be closed exactly once. */
export class InputConnection implements Connection {
  readonly #chunks: Generator<Uint8Array>;
  readonly #dry: () => void;
  #rest = new Uint8Array(0);
  /** Whether the session has closed it. */
  isClosed = false;

  /** `dry` is called when all bytes were read, before the end of the stream. */
  constructor(input: Uint8Array, dry: () => void = () => {}) {
    this.#chunks = chunksOf(input);
    this.#dry = dry;
  }

  /** Gives the next chunk, or a part of it. */
  read(into: Uint8Array): Promise<number | null> {
    if (this.#rest.length === 0) {
      const { value, done } = this.#chunks.next();
      if (done) {
        this.#dry();
        return Promise.resolve(null);
      }
      this.#rest = value as Uint8Array<ArrayBuffer>;
    }
    const piece = this.#rest.subarray(0, into.length);
    into.set(piece);
    this.#rest = this.#rest.subarray(piece.length);
    return Promise.resolve(piece.length);
  }

  /** Accepts all bytes. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    return Promise.resolve(bytes.length);
  }

  /** Notes that it was closed. */
  close(): void {
    assert.ok(!this.isClosed, "it is closed once");
    this.isClosed = true;
  }
}
