/**
 * Sockets that the test controls completely: the kernel calls of the libc engine, done in memory.
 */

import assert from "node:assert/strict";
import { MAX_EVENTS, READY } from "../../lib/net/libc/epoll.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import type { Readiness, Sockets } from "../../lib/net/libc/engine.ts";
import type { LibcListener } from "../../lib/net/libc/listener.ts";
import type { Appetite, FakePeer } from "./fake_peer.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const EAGAIN = 11;
const EPIPE = 32;
const FIRST_FD = 10;
const LISTENER_FD = 3;
const WAKE_FD = 4;

/** One connection, seen from both sides. */
export class FakeSocket implements FakePeer {
  readonly address: PeerAddress;
  taken = "";
  isClosed = false;
  /** The number of calls of `send`. */
  sends = 0;
  readonly #changed: () => void;
  #appetite: Appetite = "all";
  #incoming: Uint8Array[] = [];
  #isEnded = false;
  #isBroken = false;
  #hasVanished = false;
  /** Bytes that it still accepts although it reads nothing. */
  #room = 0;
  /** The bytes of the last `send` that it did not accept. */
  #offered = 0;

  /** A peer at `port`; `changed` is called when it has become ready for something. */
  constructor(port: number, changed: () => void) {
    this.address = { hostname: "10.0.0.7", port };
    this.#changed = changed;
  }

  get appetite(): Appetite {
    return this.#appetite;
  }

  set appetite(appetite: Appetite) {
    this.#appetite = appetite;
    this.#changed();
  }

  take(appetite: "all" | number): void {
    this.#room += appetite === "all" ? this.#offered : Math.min(appetite, this.#offered);
    this.#changed();
  }

  failWrite(): void {
    this.#isBroken = true;
    this.#changed();
  }

  /** Both directions are closed, and a call has already returned the error. */
  vanish(): void {
    this.#hasVanished = true;
    this.#changed();
  }

  send(text: string): void {
    this.#incoming.push(encoder.encode(text));
    this.#changed();
  }

  end(): void {
    this.#isEnded = true;
    this.#changed();
  }

  /** Its state as epoll reports it. */
  get flags(): number {
    const isReadable = this.#incoming.length > 0 || this.#isEnded;
    const isWritable = this.#appetite !== "nothing" || this.#room > 0;
    if (this.#hasVanished) return READY.read | READY.write | READY.hangUp;
    return this.#isBroken
      ? READY.read | READY.write | READY.error | READY.hangUp
      : (isReadable ? READY.read : 0) | (isWritable ? READY.write : 0);
  }

  /** As `recv`, but -errno for an error. */
  receive(buffer: Uint8Array): number {
    if (this.#hasVanished) return 0;
    const chunk = this.#incoming.shift();
    if (chunk === undefined) return this.#isBroken ? -EPIPE : this.#isEnded ? 0 : -EAGAIN;
    buffer.set(chunk);
    return chunk.length;
  }

  /** As `send`, but -errno for an error. */
  write(bytes: Uint8Array): number {
    this.sends++;
    if (this.#isBroken || this.#hasVanished) return -EPIPE;
    const most = this.#appetite === "all"
      ? bytes.length
      : this.#appetite === "nothing"
      ? this.#room
      : this.#appetite;
    const count = Math.min(most, bytes.length);
    this.taken += decoder.decode(bytes.subarray(0, count));
    this.#room = Math.max(0, this.#room - count);
    this.#offered = bytes.length - count;
    return count === 0 ? -EAGAIN : count;
  }
}

/** What epoll reports. */
export interface Event {
  readonly fd: number;
  readonly tag: number;
  readonly flags: number;
}

/** Does in memory what the kernel does for the libc engine. */
export class FakeKernel {
  /** `accept` fails with this. */
  acceptErrno: number | undefined;
  /** The number of calls of `accept`. */
  accepts = 0;
  isListening = true;
  isReleased = false;
  /** The number of waits. */
  waits = 0;
  /** Every wait fails at once. */
  failsToWait = false;
  /** The listening socket cannot be watched. */
  refusesListener = false;
  /** What a wait reports instead of what is ready. */
  arrange: (events: readonly Event[]) => readonly Event[] = (events) => events;
  readonly #pending: FakeSocket[] = [];
  readonly #open = new Map<number, FakeSocket>();
  readonly #watched = new Map<number, { interest: number; tag: number }>();
  #errno = 0;
  #accepted: FakeSocket | undefined;
  #events: readonly Event[] = [];
  #isAwake = false;
  #isHeld = false;
  #resolveWait: ((count: number) => void) | undefined;

  /** The tag a file is watched under. */
  tagOf(fd: number): number {
    return this.#watched.get(fd)!.tag;
  }

  /** A connection comes in. */
  admit(socket: FakeSocket): void {
    this.#pending.push(socket);
    this.changed();
  }

  /** Something may have become ready. */
  readonly changed = (): void => {
    if (this.#isHeld || this.#resolveWait === undefined || this.#look() === 0) return;
    this.#endWait(this.#events.length);
  };

  /** One wait reports everything that happens in `act`. */
  atOnce(act: () => void): void {
    this.#isHeld = true;
    act();
    this.#isHeld = false;
    this.changed();
  }

  /** A signal interrupts the wait. */
  interrupt(): void {
    this.#endWait(-1);
  }

  readonly listener: LibcListener = {
    addr: { hostname: "127.0.0.1", port: 3333 },
    fd: LISTENER_FD,
    close: () => {
      assert.ok(!this.#watched.has(LISTENER_FD), "nobody watches a file that is closed");
      this.isListening = false;
    },
  };

  readonly sockets: Sockets = {
    accept: () => {
      assert.ok(this.isListening);
      this.accepts++;
      this.#accepted = this.acceptErrno === undefined ? this.#pending.shift() : undefined;
      if (this.#accepted === undefined) return this.#result(-(this.acceptErrno ?? EAGAIN));
      let fd = FIRST_FD;
      while (this.#open.has(fd)) fd++;
      this.#open.set(fd, this.#accepted);
      return fd;
    },
    peerAddress: () => this.#accepted!.address,
    receive: (fd, buffer) => this.#result(this.#socket(fd).receive(buffer)),
    send: (fd, bytes) => this.#result(this.#socket(fd).write(bytes)),
    close: (fd) => {
      this.#socket(fd).isClosed = true;
      this.#open.delete(fd);
      this.#watched.delete(fd);
    },
    lastError: () => this.#errno,
    unload: () => {
      assert.equal(this.#resolveWait, undefined, "no wait is under way");
      this.isReleased = true;
    },
  };

  readonly readiness: Readiness = {
    add: (fd, interest, tag) => {
      assert.ok(!this.#watched.has(fd));
      if (fd === LISTENER_FD && this.refusesListener) return false;
      this.#watched.set(fd, { interest, tag });
      this.changed();
      return true;
    },
    change: (fd, interest, tag) => {
      assert.ok(this.#watched.has(fd));
      this.#watched.set(fd, { interest, tag });
      this.changed();
    },
    remove: (fd) => {
      assert.ok(this.#watched.delete(fd));
    },
    wait: () => {
      this.waits++;
      return this.#look();
    },
    waitAside: (ms) => {
      this.waits++;
      assert.equal(this.#resolveWait, undefined, "one wait at a time");
      if (this.failsToWait) return Promise.resolve(-1);
      if (this.#look() > 0 || ms === 0) return Promise.resolve(this.#events.length);
      return new Promise((resolve) => this.#resolveWait = resolve);
    },
    fd: (index) => this.#events[index]!.fd,
    tag: (index) => this.#events[index]!.tag,
    flags: (index) => this.#events[index]!.flags,
    wake: () => {
      assert.ok(!this.isReleased);
      this.#isAwake = true;
      this.changed();
    },
    close: () => {},
  };

  #socket(fd: number): FakeSocket {
    const socket = this.#open.get(fd);
    assert.ok(socket !== undefined, `file ${fd} is not open`);
    return socket;
  }

  #result(value: number): number {
    if (value >= 0) return value;
    this.#errno = -value;
    return -1;
  }

  /** Notes what is ready now. */
  #look(): number {
    const events: Event[] = this.#isAwake ? [{ fd: WAKE_FD, tag: 0, flags: READY.read }] : [];
    this.#isAwake = false;
    for (const [fd, { interest, tag }] of this.#watched) {
      const always = READY.error | READY.hangUp;
      const hasComer = this.acceptErrno !== undefined || this.#pending.length > 0;
      const ready = fd === LISTENER_FD ? (hasComer ? READY.read : 0) : this.#socket(fd).flags;
      const flags = ready & (interest | always);
      if (flags !== 0 && events.length < MAX_EVENTS) events.push({ fd, tag, flags });
    }
    this.#events = this.arrange(events);
    return this.#events.length;
  }

  #endWait(count: number): void {
    const resolve = this.#resolveWait;
    this.#resolveWait = undefined;
    resolve?.(count);
  }
}
