/**
 * The bytes and news that wait for a slow peer, the same for every engine: bytes in order, whether
 * news comes after them, and when the peer is too slow to be kept.
 *
 * The content of the news is fetched when its turn comes, so it is always the newest.
 */

import type { Now } from "../../base/clock.ts";
import type { EngineLimits, SlowPeer } from "./engine.ts";

/** Why a slow peer must be closed. */
export interface TooSlow {
  /** Why, for the log. */
  readonly reason: string;
  /** The bound that it exceeded. */
  readonly fault: SlowPeer;
}

/**
 * The bytes and news that wait for one peer. Flat, and with whole milliseconds, to save memory: an
 * engine may have ten thousand of them.
 */
export class Waiting {
  /** The piece offered to the socket; `undefined` when it has accepted everything. */
  #offered: Uint8Array | undefined = undefined;
  /** The pieces after it; `undefined` for none. */
  #queue: Uint8Array[] | undefined = undefined;
  #queuedBytes = 0;
  #hasNews = false;
  #isEnding = false;
  /** While anything waits: when the socket last accepted bytes, or was first offered them. */
  #progressAt = 0;

  /** Whether the socket has accepted everything. */
  get isEmpty(): boolean {
    return this.#offered === undefined;
  }

  /** Whether the owner has closed it: waiting bytes are still written, and nothing is added. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** All bytes that the socket has not accepted yet. */
  get bytes(): number {
    return (this.#offered?.length ?? 0) + this.#queuedBytes;
  }

  /** The piece to offer to the socket next; `undefined` when it has accepted everything. */
  get next(): Uint8Array | undefined {
    return this.#offered;
  }

  /** Adds bytes. If nothing waits, they become the piece offered to the socket. */
  add(bytes: Uint8Array, now: Now): void {
    if (this.#offered === undefined) {
      this.#offered = bytes;
      this.#progress(now);
      return;
    }
    (this.#queue ??= []).push(bytes);
    this.#queuedBytes += bytes.length;
  }

  /** Notes news, to be sent after everything that waits. */
  addNews(): void {
    this.#hasNews = true;
  }

  /** Whether to fetch the news now. If so, it no longer counts as news. */
  takeNews(): boolean {
    const isDue = this.#hasNews && !this.#isEnding && this.#offered === undefined;
    if (isDue) this.#hasNews = false;
    return isDue;
  }

  /** The socket accepted `count` of the bytes offered. */
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

  /** The owner closes it: all waiting bytes must be accepted within the time of one stall. */
  end(now: Now): void {
    if (this.#isEnding) return;
    this.#progress(now);
    this.#isEnding = true;
  }

  /** The peer is gone: frees the memory. */
  clear(): void {
    this.#offered = this.#queue = undefined;
    this.#queuedBytes = 0;
  }

  /** The reason to close it if too many bytes wait. */
  overflow({ maxWaitingBytes }: EngineLimits): TooSlow | undefined {
    const { bytes } = this;
    if (bytes <= maxWaitingBytes) return undefined;
    return { reason: `too slow: ${bytes} bytes wait for it`, fault: "waiting_bytes" };
  }

  /** The reason to close it at time `now` if it has accepted nothing for too long. */
  stall({ stallTimeoutMs }: EngineLimits, now: number): TooSlow | undefined {
    if (this.#offered === undefined || this.#progressAt >= now - stallTimeoutMs) return undefined;
    return { reason: `took no byte for ${stallTimeoutMs / 1000} s`, fault: "stall_timeout" };
  }

  /** Once it is ending, accepted bytes give it no more time. */
  #progress(now: Now): void {
    if (!this.#isEnding) this.#progressAt = Math.floor(now());
  }
}

/**
 * Joins `pieces`, with `length` bytes in all, into one array; a single piece is returned itself.
 */
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
