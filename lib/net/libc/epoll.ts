/**
 * Which of many sockets can be read or written, from the kernel's epoll.
 *
 * Level-triggered: what is not dealt with is reported again. Each descriptor is watched under a
 * tag, so that an event of a socket that is gone never passes for one of its successor, which has
 * the same number.
 */

import { type Libc, MAX_EVENT_BYTES } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";

/** What can be waited for and what is reported; `error` and `hangUp` are reported unasked. */
export const READY = { read: 1, write: 4, error: 8, hangUp: 0x10 } as const;

const EDGE_TRIGGERED = 0x8000_0000;
const OPERATION = { add: 1, remove: 2, change: 3 } as const;

/** `struct epoll_event` is packed on x86_64 alone. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const AT = { events: 0, fd: EVENT_BYTES - 8, tag: EVENT_BYTES - 4 } as const;

/** Most events of one wait: bounds the work between two turns of the event loop. */
export const MAX_EVENTS = 256;

/** An epoll instance. Between a wait's end and the next wait, its events can be looked at. */
export class Epoll {
  readonly #libc: Libc;
  readonly #fd: number;
  readonly #wakeFd: number;
  readonly #events = new DataView(new ArrayBuffer(MAX_EVENTS * MAX_EVENT_BYTES));
  readonly #eventBytes = new Uint8Array(this.#events.buffer);
  readonly #event = new DataView(new ArrayBuffer(MAX_EVENT_BYTES));
  readonly #eventRecord = new Uint8Array(this.#event.buffer);
  #isWaitingAside = false;

  /**
   * A new instance, and a check that it behaves.
   *
   * @throws LibcUnavailable when the kernel gives none, or its events do not look as expected
   */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = libc.epollCreate();
    this.#wakeFd = libc.eventfd();
    const tag = 0x89abcdef;
    // Edge-triggered, so that nobody has to read the counter.
    const isWatched = this.#control(
      OPERATION.add,
      this.#wakeFd,
      (READY.read | EDGE_TRIGGERED) >>> 0,
      tag,
    );
    this.wake();
    const isAsExpected = isWatched && this.wait(0) === 1 && this.fd(0) === this.#wakeFd &&
      this.tag(0) === tag && this.flags(0) === READY.read;
    if (!isAsExpected) {
      this.close();
      throw new LibcUnavailable("epoll does not behave here as it does on Linux");
    }
  }

  /** Watches a descriptor. False if the kernel cannot. */
  add(fd: number, interest: number, tag: number): boolean {
    return this.#control(OPERATION.add, fd, interest, tag);
  }

  /** Watches it for something else. */
  change(fd: number, interest: number, tag: number): void {
    this.#control(OPERATION.change, fd, interest, tag);
  }

  /** Watches it no more. A descriptor that is closed is not watched, either. */
  remove(fd: number): void {
    this.#control(OPERATION.remove, fd, 0, 0);
  }

  /** How many events there are, after at most `ms` during which everything else stands still. */
  wait(ms: number): number {
    if (this.#isWaitingAside) throw new Error("Cannot wait: another wait is under way");
    return this.#libc.epollWait(this.#fd, this.#eventBytes, ms);
  }

  /**
   * The same without anything standing still; -1 ms is for ever. A wait that a signal interrupted
   * gives -1.
   */
  async waitAside(ms: number): Promise<number> {
    if (this.#isWaitingAside) throw new Error("Cannot wait: another wait is under way");
    this.#isWaitingAside = true;
    try {
      return await this.#libc.epollWaitAside(this.#fd, this.#eventBytes, ms);
    } finally {
      this.#isWaitingAside = false;
    }
  }

  /** The descriptor of an event; the one of {@linkcode Epoll.wake} is nobody's. */
  fd(index: number): number {
    return this.#events.getInt32(index * EVENT_BYTES + AT.fd, true);
  }

  /** The tag the descriptor of an event was watched under. */
  tag(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + AT.tag, true);
  }

  /** What an event says, of {@linkcode READY}. */
  flags(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + AT.events, true);
  }

  /** Ends the wait under way, or else the next one. */
  wake(): void {
    this.#libc.raise(this.#wakeFd);
  }

  /** Gives everything back. No wait may be under way. */
  close(): void {
    this.#libc.close(this.#wakeFd);
    this.#libc.close(this.#fd);
  }

  #control(operation: number, fd: number, interest: number, tag: number): boolean {
    this.#event.setUint32(AT.events, interest, true);
    this.#event.setInt32(AT.fd, fd, true);
    this.#event.setUint32(AT.tag, tag, true);
    return this.#libc.epollControl(this.#fd, operation, fd, this.#eventRecord) === 0;
  }
}
