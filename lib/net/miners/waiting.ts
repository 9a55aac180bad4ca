/**
 * What waits for one slow peer: bytes in order, and whether there is news for it behind them. What
 * the news says is asked for when its turn comes: of all that was news meanwhile it is the newest.
 */

/** See the head of this file. Begins with what the socket did not take of the first write. */
export class Waiting {
  /** The piece being written. */
  #writing: Uint8Array | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;

  /** Whether there is news for it. */
  hasNews = false;
  /** When the socket last took anything, or when this began; milliseconds. */
  progressAt: number;

  /** `rest` of a write begun at `now`. */
  constructor(rest: Uint8Array, now: number) {
    this.#writing = rest;
    this.progressAt = now;
  }

  /** All bytes the socket has still to take. */
  get bytes(): number {
    return (this.#writing?.length ?? 0) + this.#queuedBytes;
  }

  /** What the socket is to be offered next; `undefined` when everything is written. */
  get next(): Uint8Array | undefined {
    return this.#writing;
  }

  /** Adds bytes. */
  add(bytes: Uint8Array): void {
    if (this.#writing === undefined) {
      this.#writing = bytes;
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** The socket took `count` bytes of what it was offered. */
  took(count: number, now: number): void {
    this.progressAt = now;
    if (count < this.#writing!.length) {
      this.#writing = this.#writing!.subarray(count);
    } else if (this.#queue.length > 0) {
      this.#writing = join(this.#queue, this.#queuedBytes);
      this.#queue = [];
      this.#queuedBytes = 0;
    } else {
      this.#writing = undefined;
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
