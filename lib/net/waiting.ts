/**
 * What waits for one slow peer: bytes in order, and behind them the newest replaceable message.
 */

import type { Replaceable } from "./engine.ts";

/** See the head of this file. Begins with what the socket did not take of the first write. */
export class Waiting {
  /** The piece being written. */
  #begun: Uint8Array | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #latest: Uint8Array | undefined;

  /** When the socket last took anything, or when this began; milliseconds. */
  progressAt: number;

  /** `rest` of a write begun at `now`. */
  constructor(rest: Uint8Array, now: number) {
    this.#begun = rest;
    this.progressAt = now;
  }

  /** All bytes the socket has still to take. */
  get bytes(): number {
    return (this.#begun?.length ?? 0) + this.#queuedBytes + (this.#latest?.length ?? 0);
  }

  /** What the socket is to be offered next; `undefined` when everything is written. */
  get next(): Uint8Array | undefined {
    return this.#begun;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** Adds a message that replaces the one of its kind that waits. */
  addLatest({ line, cleanLine, keptBytes = 0 }: Replaceable): void {
    const bytes = this.#latest === undefined ? line : cleanLine;
    if (keptBytes > 0) this.add(bytes.subarray(0, keptBytes));
    this.#latest = bytes.subarray(keptBytes);
  }

  /** The socket took `count` bytes of what it was offered. */
  took(count: number, now: number): void {
    this.progressAt = now;
    if (count < this.#begun!.length) {
      this.#begun = this.#begun!.subarray(count);
    } else if (this.#queue.length > 0) {
      this.#begun = join(this.#queue, this.#queuedBytes);
      this.#queue = [];
      this.#queuedBytes = 0;
    } else {
      this.#begun = this.#latest;
      this.#latest = undefined;
    }
  }
}

/** `pieces`, which have `length` bytes together, as one array; a single one is handed on as it is. */
export function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
