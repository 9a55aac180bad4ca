/**
 * Miners' sockets on Linux through the C library: ten thousand in a tenth of the memory that as
 * many `Deno.Conn` take.
 *
 * `Deno.listen` owns the port: it binds, asks for the permission and closes. Everything after
 * that, from accept to close, is a call of net/libc.ts. A connection is a file descriptor, which
 * is its handle, and one place in a few typed arrays; only of slow peers more is kept.
 *
 * One loop does all the reading. How it waits decides what it costs (runtime: Deno 2.9):
 * - on another thread while it is quiet, at no cost, awake within 0.1 ms of an event;
 * - on a timer when there is something to do all the time (net/pacing.ts);
 * - on another thread again, for no time at all, while there is more to do than fits into one
 *   turn. Sockets that are not ours are served only when the runtime comes to rest: a mere
 *   `setImmediate` keeps them waiting for dozens of turns.
 */

import { monotonicNow, type Now } from "../base/clock.ts";
import type { DenoEngineOptions } from "./deno_engine.ts";
import type { Engine, EngineEvents, EngineLimits, PeerAddress, Replaceable } from "./engine.ts";
import { Epoll, MAX_EVENTS, READY } from "./epoll.ts";
import { Libc, LibcUnavailable } from "./libc.ts";
import { Pacing } from "./pacing.ts";
import { Waiting } from "./waiting.ts";

/** Connections waiting in the kernel to be accepted, for when a whole farm comes back. */
const BACKLOG = 4096;

/** Connections accepted in one turn. */
const ACCEPTS_PER_TURN = 256;

/** Pause after accepting failed, in milliseconds: file descriptors come back only in time. */
const ACCEPT_PAUSE_MS = 100;

/** Sends of a broadcast in one turn, about 2 ms of them: shares are read between turns. */
const BROADCAST_SENDS_PER_TURN = 128;

/** Pause between looks while busy, in milliseconds; Deno's timers add one or two. */
const BUSY_PAUSE_MS = 1;

/** One read; whatever a peer sends beyond that is read in the next turn. */
const READ_BYTES = 64 * 1024;

/** The listening socket is among the first files of a process. */
const MAX_LISTENER_FD = 1 << 16;

const INITIAL_FDS = 1024;

const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const SO_ACCEPTCONN = 30;
const IPPROTO_TCP = 6;

/**
 * Set once on the listening socket, of which accepted ones inherit them: small writes leave at
 * once, and a peer that is gone without a word is found out within 90 s, idle or sent to.
 */
const INHERITED_OPTIONS: readonly (readonly [level: number, name: number, value: number])[] = [
  [IPPROTO_TCP, /* TCP_NODELAY */ 1, 1],
  [SOL_SOCKET, SO_KEEPALIVE, 1],
  [IPPROTO_TCP, /* TCP_KEEPIDLE, s */ 4, 45],
  [IPPROTO_TCP, /* TCP_KEEPINTVL, s */ 5, 15],
  [IPPROTO_TCP, /* TCP_KEEPCNT */ 6, 3],
  [IPPROTO_TCP, /* TCP_USER_TIMEOUT, ms */ 18, 90_000],
];

/** What accept4 may fail with although nothing is wrong here: see accept(2). */
const PASSING_ACCEPT_ERRORS: ReadonlySet<number> = new Set([
  /* EINTR */ 4,
  /* EAGAIN */ 11,
  /* ENONET */ 64,
  /* EPROTO */ 71,
  /* ENOPROTOOPT */ 92,
  /* EOPNOTSUPP */ 95,
  /* ENETDOWN */ 100,
  /* ENETUNREACH */ 101,
  /* ECONNABORTED */ 103,
  /* EHOSTDOWN */ 112,
  /* EHOSTUNREACH */ 113,
]);

/** Errors that are likely, in the words of Deno's own. */
const ERROR_TEXTS: Readonly<Record<number, string>> = {
  12: "Cannot allocate memory",
  23: "Too many open files in system",
  24: "Too many open files",
  32: "Broken pipe",
  104: "Connection reset by peer",
  105: "No buffer space available",
  110: "Connection timed out",
  113: "No route to host",
};

/** States of a connection; a handle in none of these is void. */
const CLOSED = 0;
const OPEN = 1;
/** The owner closed it, and the last bytes wait to be written. */
const ENDING = 2;

/** One replaceable message on its way to many. */
interface Broadcast {
  readonly handles: readonly number[];
  readonly message: Replaceable;
  readonly sequence: number;
  next: number;
}

/** What the libc engine is made of. */
export interface LibcEngineOptions extends DenoEngineOptions {
  /** For the rate of work: monotonic time that never stands still. */
  readonly paceNow?: Now;
}

/**
 * Starts listening.
 *
 * @throws LibcUnavailable when this is no place for it; nothing is left behind then
 * @throws what `Deno.listen` throws: the port is taken, the address not ours
 */
export function startLibcEngine(options: LibcEngineOptions): Engine {
  const libc = new Libc();
  let epoll: Epoll | undefined;
  let listener: Deno.TcpListener | undefined;
  try {
    epoll = new Epoll(libc);
    const { hostname, port } = options;
    listener = Deno.listen({ hostname, port, tcpBacklog: BACKLOG });
    return new LibcEngine(libc, epoll, listener, options);
  } catch (error) {
    listener?.close();
    epoll?.close();
    libc.unload();
    throw error;
  }
}

class LibcEngine implements Engine {
  readonly address: PeerAddress;
  readonly #libc: Libc;
  readonly #epoll: Epoll;
  readonly #listener: Deno.TcpListener;
  readonly #listenerFd: number;
  readonly #events: EngineEvents;
  readonly #limits: EngineLimits;
  readonly #now: Now;
  readonly #pacing: Pacing;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #running: Promise<void>;
  #isAccepting = true;
  #isStopped = false;
  #pauseTimer: ReturnType<typeof setTimeout> | undefined;

  // By file descriptor.
  #states = new Uint8Array(INITIAL_FDS);
  /** How often it was opened: tells events of a connection from those of the one before it. */
  #generations = new Uint32Array(INITIAL_FDS);
  /** The number of the last replaceable message it was given, or of the last before it came. */
  #sequences = new Float64Array(INITIAL_FDS);
  readonly #waiting = new Map<number, Waiting>();

  #sequence = 0;
  readonly #broadcasts: Broadcast[] = [];

  constructor(
    libc: Libc,
    epoll: Epoll,
    listener: Deno.TcpListener,
    { events, limits, now, paceNow = monotonicNow }: LibcEngineOptions,
  ) {
    this.#libc = libc;
    this.#epoll = epoll;
    this.#listener = listener;
    this.#events = events;
    this.#limits = limits;
    this.#now = now;
    this.#pacing = new Pacing(paceNow);
    const { hostname, port } = listener.addr;
    this.address = { hostname, port };
    this.#listenerFd = findListener(libc, this.address);
    for (const [level, name, value] of INHERITED_OPTIONS) {
      libc.setOption(this.#listenerFd, level, name, value);
    }
    if (!epoll.add(this.#listenerFd, READY.read, 0)) {
      throw new LibcUnavailable("epoll does not take the listening socket");
    }
    this.#running = this.#run();
  }

  send(handle: number, bytes: Uint8Array): void {
    if (this.#states[handle] !== OPEN) return;
    const waiting = this.#waiting.get(handle);
    if (waiting === undefined) {
      this.#write(handle, bytes);
      return;
    }
    waiting.add(bytes);
    if (waiting.queuedBytes > this.#limits.maxWaitingBytes) {
      this.#drop(handle, `too slow: ${waiting.queuedBytes} bytes wait for it`);
    }
  }

  sendLatest(handle: number, message: Replaceable): void {
    this.#sendLatest(handle, message, ++this.#sequence);
  }

  broadcast(handles: readonly number[], message: Replaceable): void {
    this.#broadcasts.push({ handles, message, sequence: ++this.#sequence, next: 0 });
    if (this.#broadcasts.length > 1) return;
    this.#continueBroadcasts();
    if (this.#broadcasts.length > 0) this.#epoll.wake();
  }

  close(handle: number): void {
    if (this.#states[handle] !== OPEN) return;
    if (this.#waiting.has(handle)) this.#states[handle] = ENDING;
    else this.#close(handle);
  }

  sweep(): void {
    const oldest = this.#now() - this.#limits.stallTimeoutMs;
    for (const [handle, { progressAt }] of this.#waiting) {
      if (progressAt < oldest) {
        this.#drop(handle, `took no byte for ${this.#limits.stallTimeoutMs / 1000} s`);
      }
    }
  }

  stopAccepting(): void {
    if (!this.#isAccepting) return;
    this.#isAccepting = false;
    clearTimeout(this.#pauseTimer);
    this.#epoll.remove(this.#listenerFd);
    this.#listener.close();
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      this.stopAccepting();
      this.#isStopped = true;
      this.#broadcasts.length = 0;
      for (const [handle, state] of this.#states.entries()) {
        if (state !== CLOSED) this.#close(handle);
      }
      this.#epoll.wake();
    }
    await this.#running;
  }

  /** Runs until the engine is stopped, and then gives everything back. */
  async #run(): Promise<void> {
    let count = 0;
    while (!this.#isStopped) {
      const isMoreWaiting = count === MAX_EVENTS || this.#broadcasts.length > 0;
      if (isMoreWaiting || !this.#pacing.isBusy) {
        count = await this.#epoll.waitAside(isMoreWaiting ? 0 : -1);
      } else {
        await pause();
        if (this.#isStopped) break;
        count = this.#epoll.wait(0);
      }
      for (let i = 0; i < count; i++) this.#handle(i);
      this.#continueBroadcasts();
      this.#pacing.found(count);
      // A signal interrupted the wait. Should it ever be something that stays, it shall not spin.
      if (count < 0) await pause();
    }
    this.#epoll.close();
    this.#libc.unload();
  }

  #handle(index: number): void {
    const fd = this.#epoll.fd(index);
    const flags = this.#epoll.flags(index);
    try {
      if (fd === this.#listenerFd) return this.#accept();
      const tag = this.#epoll.tag(index);
      if (this.#isCurrent(fd, tag) && (flags & ~READY.write) !== 0) this.#read(fd, flags);
      if (this.#isCurrent(fd, tag) && (flags & READY.write) !== 0) this.#flush(fd);
    } catch (error) {
      // An owner that throws breaks its promise. That must not end the loop, which serves others.
      void Promise.reject(error);
    }
  }

  /** Whether an event under `tag` is about the connection that has this descriptor now. */
  #isCurrent(fd: number, tag: number): boolean {
    return this.#states[fd] !== CLOSED && this.#generations[fd] === tag;
  }

  #accept(): void {
    for (let count = 0; count < ACCEPTS_PER_TURN && this.#isAccepting; count++) {
      const fd = this.#libc.accept(this.#listenerFd);
      if (fd >= 0) this.#attach(fd);
      else if (count > 0) return;
      else return this.#acceptFailed(this.#libc.lastError());
    }
  }

  #acceptFailed(code: number): void {
    if (PASSING_ACCEPT_ERRORS.has(code)) return;
    this.#epoll.change(this.#listenerFd, 0, 0);
    this.#pauseTimer = setTimeout(() => {
      this.#epoll.change(this.#listenerFd, READY.read, 0);
    }, ACCEPT_PAUSE_MS);
    this.#events.acceptFailed(new Error(errorText(code)));
  }

  #attach(fd: number): void {
    if (fd >= this.#states.length) this.#grow(fd);
    const generation = ++this.#generations[fd]!;
    if (!this.#epoll.add(fd, READY.read, generation >>> 0)) {
      const error = new Error(errorText(this.#libc.lastError()));
      this.#libc.close(fd);
      this.#events.acceptFailed(error);
      return;
    }
    this.#states[fd] = OPEN;
    this.#sequences[fd] = this.#sequence;
    if (!this.#events.opened(fd, this.#libc.peerAddress())) this.#close(fd);
  }

  #grow(fd: number): void {
    const length = 2 ** Math.ceil(Math.log2(fd + 1));
    const grown = <T extends { set(from: T): void }>(into: T, from: T) => {
      into.set(from);
      return into;
    };
    this.#states = grown(new Uint8Array(length), this.#states);
    this.#generations = grown(new Uint32Array(length), this.#generations);
    this.#sequences = grown(new Float64Array(length), this.#sequences);
  }

  #read(fd: number, flags: number): void {
    const count = this.#libc.receive(fd, this.#buffer);
    const isEnding = this.#states[fd] === ENDING;
    if (count > 0) {
      if (!isEnding) this.#events.received(fd, this.#buffer.subarray(0, count));
    } else if (count < 0) {
      // Without these it is only that nothing has come after all.
      const isBroken = (flags & (READY.error | READY.hangUp)) !== 0;
      if (isBroken) this.#drop(fd, errorText(this.#libc.lastError()));
    } else {
      this.#drop(fd, "it closed the connection");
    }
  }

  #sendLatest(fd: number, message: Replaceable, sequence: number): void {
    // Something newer was sent directly while a broadcast was on its way here.
    if (this.#states[fd] !== OPEN || this.#sequences[fd]! >= sequence) return;
    this.#sequences[fd] = sequence;
    const waiting = this.#waiting.get(fd);
    if (waiting === undefined) this.#write(fd, message.line);
    else waiting.addLatest(message);
  }

  /**
   * Writes what the socket takes and keeps the rest. Why it took no more does not matter: if the
   * connection is broken, the next wait says so.
   */
  #write(fd: number, bytes: Uint8Array): void {
    const count = this.#libc.send(fd, bytes);
    if (count === bytes.length) return;
    this.#waiting.set(fd, new Waiting(bytes.subarray(Math.max(count, 0)), this.#now()));
    this.#epoll.change(fd, READY.read | READY.write, this.#generations[fd]!);
  }

  #flush(fd: number): void {
    const waiting = this.#waiting.get(fd);
    if (waiting === undefined) return;
    for (let bytes = waiting.next; bytes !== undefined; bytes = waiting.next) {
      const count = this.#libc.send(fd, bytes);
      if (count > 0) waiting.took(count, this.#now());
      if (count < bytes.length) return;
    }
    if (this.#states[fd] === ENDING) return this.#close(fd);
    this.#waiting.delete(fd);
    this.#epoll.change(fd, READY.read, this.#generations[fd]!);
  }

  /** Sends broadcasts in order, as many pieces of them as fit into one turn. */
  #continueBroadcasts(): void {
    let left = BROADCAST_SENDS_PER_TURN;
    for (let broadcast = this.#broadcasts[0]; broadcast; broadcast = this.#broadcasts[0]) {
      const { handles, message, sequence } = broadcast;
      while (broadcast.next < handles.length) {
        if (left-- === 0) return;
        this.#sendLatest(handles[broadcast.next++]!, message, sequence);
      }
      this.#broadcasts.shift();
    }
  }

  /** Ends a connection the owner still believes in. */
  #drop(fd: number, reason: string): void {
    const wasEnding = this.#states[fd] === ENDING;
    this.#close(fd);
    if (!wasEnding) this.#events.closed(fd, reason);
  }

  /** The kernel gives this descriptor to the next connection: only one that is open is closed. */
  #close(fd: number): void {
    this.#states[fd] = CLOSED;
    this.#waiting.delete(fd);
    this.#libc.close(fd);
  }
}

/** The descriptor that is behind Deno's listener, which Deno does not tell. */
function findListener(libc: Libc, { hostname, port }: PeerAddress): number {
  for (let fd = 0; fd < MAX_LISTENER_FD; fd++) {
    if (libc.option(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) continue;
    const address = libc.localAddress(fd);
    if (address?.port === port && address.hostname === hostname) return fd;
  }
  throw new LibcUnavailable("the listening socket is not to be found");
}

/** Lets everything else have its turn. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
}

function errorText(code: number): string {
  return `${ERROR_TEXTS[code] ?? "Error"} (os error ${code})`;
}
