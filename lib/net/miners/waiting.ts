/**
 * What waits for a peer that does not read as fast as it is written to, the same for every engine:
 * bytes in order, whether there is news behind them, and when it is too slow to be kept.
 *
 * What the news says is asked for when its turn comes: of all that was news meanwhile it is the
 * newest.
 */

import type { Now } from "../../base/clock.ts";
import type { EngineLimits, SlowPeer } from "./engine.ts";

/** A peer that is to be closed for not taking bytes. */
export interface TooSlow {
  /** Why, for the log. */
  readonly reason: string;
  /** The bound it has passed. */
  readonly fault: SlowPeer;
}

/**
 * The bytes and news that wait for one peer. Flat, and with whole milliseconds only: an engine may
 * keep one for each of ten thousand peers.
 */
export class Waiting {
  /** The piece the socket is offered; `undefined` when it has taken everything. */
  #offered: Uint8Array | undefined = undefined;
  /** What comes after it; `undefined` for nothing. */
  #queue: Uint8Array[] | undefined = undefined;
  #queuedBytes = 0;
  #hasNews = false;
  #isEnding = false;
  /** While anything waits, when the socket last took some of it, or was first offered it. */
  #progressAt = 0;

  /** Whether the socket has taken everything. */
  get isEmpty(): boolean {
    return this.#offered === undefined;
  }

  /** Whether the owner has closed it: what waits is still written, and nothing comes after. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** All bytes the socket has still to take. */
  get bytes(): number {
    return (this.#offered?.length ?? 0) + this.#queuedBytes;
  }

  /** What the socket is to be offered next; `undefined` when it has taken everything. */
  get next(): Uint8Array | undefined {
    return this.#offered;
  }

  /** Adds bytes. If nothing waits, they are what the socket is offered from now on. */
  add(bytes: Uint8Array, now: Now): void {
    if (this.#offered === undefined) {
      this.#offered = bytes;
      this.#progress(now);
      return;
    }
    (this.#queue ??= []).push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** There is news for it, after everything that waits. */
  addNews(): void {
    this.#hasNews = true;
  }

  /** Whether the news is to be asked for now. It is no news any more then. */
  takeNews(): boolean {
    const isDue = this.#hasNews && !this.#isEnding && this.#offered === undefined;
    if (isDue) this.#hasNews = false;
    return isDue;
  }

  /** The socket took `count` bytes of what it was offered. */
  took(count: number, now: Now): void {
    const offered = this.#offered;
    if (offered === undefined || (count === 0 && offered.length > 0)) return;
    if (count < offered.length) {
      this.#offered = offered.subarray(count);
    } else if (this.#queue !== undefined) {
      this.#offered = join(this.#queue, this.#queuedBytes);
      this.#queue = undefined;
      this.#queuedBytes = 0;
    } else {
      this.#offered = undefined;
      return;
    }
    this.#progress(now);
  }

  /** The owner closes it: from now on it has the time of one stall for all that waits. */
  end(now: Now): void {
    if (this.#isEnding) return;
    this.#progress(now);
    this.#isEnding = true;
  }

  /** It is gone: gives the memory back. */
  clear(): void {
    this.#offered = this.#queue = undefined;
    this.#queuedBytes = 0;
  }

  /** What to close it for if more bytes wait than may. */
  overflow({ maxWaitingBytes }: EngineLimits): TooSlow | undefined {
    const { bytes } = this;
    if (bytes <= maxWaitingBytes) return undefined;
    return { reason: `too slow: ${bytes} bytes wait for it`, fault: "waiting_bytes" };
  }

  /** What to close it for at time `now` if it has taken nothing for too long. */
  stall({ stallTimeoutMs }: EngineLimits, now: number): TooSlow | undefined {
    if (this.#offered === undefined || this.#progressAt >= now - stallTimeoutMs) return undefined;
    return { reason: `took no byte for ${stallTimeoutMs / 1000} s`, fault: "stall_timeout" };
  }

  /** Once it is ending, what it takes gives it no more time. */
  #progress(now: Now): void {
    if (!this.#isEnding) this.#progressAt = Math.floor(now());
  }
}

/** `pieces`, which have `length` bytes together, as one array; a single one is handed on as it is. */
function join(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const [only] = pieces;
  if (only?.length === length) return only;
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
