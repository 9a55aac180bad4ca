/**
 * A connection whose far end is the test. The test decides how much each write accepts and when,
 * what is read, and how the connection ends.
 */

import type { Connection } from "../../lib/net/pools/connection.ts";

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly resolve: (count: number) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: unknown) => void;
}

export class FakeConnection implements Connection {
  /** The bytes that each write accepted, in order. */
  readonly writes: Uint8Array[] = [];
  /** The most bytes that one write accepts. */
  maxTake = Infinity;
  /** While true writes stay open until {@linkcode FakeConnection.take}. */
  isHolding = false;
  isClosed = false;
  /** Called with the bytes of each write as they are taken. */
  onTaken: (bytes: Uint8Array) => void = () => {};
  #read: PendingRead | undefined;
  #write: PendingWrite | undefined;
  readonly #incoming: (Uint8Array | null | Error)[] = [];
  #unread = 0;

  read(into: Uint8Array): Promise<number | null> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#read !== undefined) throw new Error("two reads at a time");
    return new Promise((resolve, reject) => {
      this.#read = { into, resolve, reject };
      this.#feed();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    if (this.#write !== undefined) throw new Error("two writes at a time");
    return new Promise((resolve, reject) => {
      this.#write = { bytes, resolve, reject };
      // The bytes are read later, as a kernel might do: they must not have changed by then.
      if (!this.isHolding) queueMicrotask(() => this.take());
    });
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("closed twice");
    this.isClosed = true;
    this.#read?.reject(new Deno.errors.Interrupted("closed"));
    this.#write?.reject(new Deno.errors.Interrupted("closed"));
    this.#read = this.#write = undefined;
  }

  /** Whether a write is open. */
  get isWriting(): boolean {
    return this.#write !== undefined;
  }

  /** Takes up to `count` bytes of the open write, if there is one. */
  take(count = this.maxTake): void {
    const write = this.#write;
    if (write === undefined) return;
    this.#write = undefined;
    const taken = write.bytes.slice(0, Math.min(count, this.maxTake));
    this.writes.push(taken);
    write.resolve(taken.length);
    this.onTaken(taken);
  }

  /** Fails the open write, or the next read. */
  failWrite(error: Error): void {
    const write = this.#write;
    this.#write = undefined;
    write?.reject(error);
  }

  /** All bytes taken so far. */
  get written(): Uint8Array {
    return Uint8Array.from(this.writes.flatMap((bytes) => [...bytes]));
  }

  /** Bytes from the far end. */
  deliver(bytes: Uint8Array | readonly number[]): void {
    this.#incoming.push(Uint8Array.from(bytes));
    this.#feed();
  }

  /** The far end closes. */
  end(): void {
    this.#incoming.push(null);
    this.#feed();
  }

  /** The far end breaks. */
  fail(error: Error): void {
    this.#incoming.push(error);
    this.#feed();
  }

  #feed(): void {
    const [next] = this.#incoming;
    const read = this.#read;
    if (next === undefined || read === undefined) return;
    this.#read = undefined;
    if (next === null) return read.resolve(null);
    if (next instanceof Error) return read.reject(next);
    const bytes = next.subarray(this.#unread, this.#unread + read.into.length);
    read.into.set(bytes);
    this.#unread += bytes.length;
    if (this.#unread === next.length) {
      this.#unread = 0;
      this.#incoming.shift();
    }
    read.resolve(bytes.length);
  }
}
