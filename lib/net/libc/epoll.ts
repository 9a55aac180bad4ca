/**
 * Tells which of many sockets can be read or written, by the kernel's epoll.
 *
 * Level-triggered: events that are not handled are reported again. Each descriptor is watched under
 * a tag, so that a late event of a closed socket is never taken for an event of the next socket
 * with the same number.
 */

import { type Libc, MAX_EVENT_BYTES } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";

/** The events to wait for and to report; `error` and `hangUp` are always reported. */
export const READY = { read: 1, write: 4, error: 8, hangUp: 0x10 } as const;

const EDGE_TRIGGERED = 0x8000_0000;
const OPERATION = { add: 1, remove: 2, change: 3 } as const;

/** `struct epoll_event` is packed on x86_64 alone. */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const AT = { events: 0, fd: EVENT_BYTES - 8, tag: EVENT_BYTES - 4 } as const;

/** The most events of one wait: bounds the work between two turns of the event loop. */
export const MAX_EVENTS = 256;

/** An epoll instance. Its events can be read between the end of one wait and the next wait. */
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
   * Creates an instance and checks that it works as expected.
   *
   * @throws LibcUnavailable if the kernel gives none, or its events do not look as expected
   */
  constructor(libc: Libc) {
    this.#libc = libc;
    this.#fd = libc.epollCreate();
    this.#wakeFd = libc.eventfd();
    const tag = 0x89abcdef;
    // Edge-triggered, so that the counter need not be read.
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

  /** Watches it for other events. */
  change(fd: number, interest: number, tag: number): void {
    this.#control(OPERATION.change, fd, interest, tag);
  }

  /** Stops watching it. Closing a descriptor also stops watching it. */
  remove(fd: number): void {
    this.#control(OPERATION.remove, fd, 0, 0);
  }

  /** Waits at most `ms`, during which nothing else runs, and returns the number of events. */
  wait(ms: number): number {
    if (this.#isWaitingAside) throw new Error("Cannot wait: another wait is under way");
    return this.#libc.epollWait(this.#fd, this.#eventBytes, ms);
  }

  /**
   * The same on another thread, so that everything else runs on; -1 ms waits forever. Resolves to
   * -1 if a signal interrupted it.
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

  /** The descriptor of an event; that of {@linkcode Epoll.wake} belongs to no connection. */
  fd(index: number): number {
    return this.#events.getInt32(index * EVENT_BYTES + AT.fd, true);
  }

  /** The tag the descriptor of an event was watched under. */
  tag(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + AT.tag, true);
  }

  /** The flags of an event, see {@linkcode READY}. */
  flags(index: number): number {
    return this.#events.getUint32(index * EVENT_BYTES + AT.events, true);
  }

  /** Ends the wait under way, or else the next one. */
  wake(): void {
    this.#libc.raise(this.#wakeFd);
  }

  /** Closes everything. No wait may be under way. */
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
