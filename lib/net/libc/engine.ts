/**
 * Miners' sockets on Linux through the C library: ten thousand take a tenth of the memory of ten
 * thousand `Deno.Conn`.
 *
 * `Deno.listen` owns the port: it binds, asks for the permission and closes. Everything else, from
 * accept to close, is a call of net/libc/calls.ts. A connection is a file descriptor, which is its
 * handle, and one place in a few typed arrays; only slow peers need more memory.
 *
 * One loop does all the reading. Its cost depends on how it waits (runtime: Deno 2.9):
 * - on another thread while it is quiet: no cost, and it wakes within 0.1 ms of an event;
 * - on a timer when there is something to do all the time (net/libc/pacing.ts);
 * - on another thread again, with a wait of zero, while there is more to do than fits into one
 *   turn. The runtime serves its other sockets only when it comes to rest: with `setImmediate`
 *   alone they would wait for dozens of turns.
 */

import { type Now, pause, type Time, type Timer } from "../../base/clock.ts";
import { apart, faultApart } from "../miners/apart.ts";
import type {
  Crowd,
  Engine,
  EngineEvents,
  EngineLimits,
  EngineOptions,
  ListenOptions,
  PeerFault,
} from "../miners/engine.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { Epoll, MAX_EVENTS, READY } from "./epoll.ts";
import { errnoText, isPassingAcceptError } from "./errno.ts";
import { FdTable } from "./fd_table.ts";
import { Libc } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";
import { type LibcListener, openListener } from "./listener.ts";
import { Looks } from "./looks.ts";
import { Pacing } from "./pacing.ts";
import { Rounds } from "../miners/rounds.ts";
import { TurnBudget } from "../miners/turn_budget.ts";
import { type TooSlow, Waiting } from "../miners/waiting.ts";

/** Connections accepted in one turn. */
const ACCEPTS_PER_TURN = 256;

/** The most connections accepted when accepting stops: as many as the kernel keeps in its queue. */
const LAST_ACCEPTS = 4096;

/**
 * Pause after a failed accept, in milliseconds: file descriptors become free only after a while.
 */
const ACCEPT_PAUSE_MS = 100;

/**
 * A turn pauses after this time, in milliseconds, and then continues with its other sockets: timers
 * and pools must not wait longer, whatever miners send.
 */
const TURN_MS = 20;

/** Pause between looks while busy, in milliseconds; Deno's timers add one or two. */
const BUSY_PAUSE_MS = 1;

/** Size of one read; the rest of what a peer sent is read in the next turn. */
const READ_BYTES = 64 * 1024;

/** The part of {@linkcode Pacing} that the engine needs. */
export type Pace = Pick<Pacing, "isBusy" | "found">;

/** The part of {@linkcode Libc} that it needs. */
export type Sockets = Pick<
  Libc,
  "accept" | "peerAddress" | "receive" | "send" | "close" | "lastError" | "unload"
>;

/** The part of {@linkcode Epoll} that it needs. */
export type Readiness = Pick<
  Epoll,
  "add" | "change" | "remove" | "wait" | "waitAside" | "fd" | "tag" | "flags" | "wake" | "close"
>;

/** The parts that the engine runs on; the engine owns them from here on. */
export interface LibcEngineParts {
  /** Sockets by file descriptor. */
  readonly sockets: Sockets;
  /** Which of them are ready. */
  readonly readiness: Readiness;
  /** The socket it accepts from. */
  readonly listener: LibcListener;
  /** Decides how it waits. */
  readonly pace: Pace;
}

/**
 * Starts listening.
 *
 * @throws LibcUnavailable if it cannot be used here; nothing is left open then
 * @throws the errors of `Deno.listen`: the port is in use, or the address is not ours
 */
export function startLibcEngine(
  options: ListenOptions,
  pace: Pace = new Pacing(options.time.now),
): Engine {
  const libc = new Libc();
  let epoll: Epoll | undefined;
  let listener: LibcListener;
  try {
    epoll = new Epoll(libc);
    listener = openListener(libc, options.hostname, options.port, options.reusePort);
  } catch (error) {
    epoll?.close();
    libc.unload();
    throw error;
  }
  return startLibcEngineOn({ sockets: libc, readiness: epoll, listener, pace }, options);
}

/**
 * Starts the engine on given parts, which are closed if this throws.
 *
 * @throws LibcUnavailable if the listening socket cannot be watched
 */
export function startLibcEngineOn(parts: LibcEngineParts, options: EngineOptions): Engine {
  const { sockets, readiness, listener } = parts;
  if (!readiness.add(listener.fd, READY.read, 0)) {
    listener.close();
    readiness.close();
    sockets.unload();
    throw new LibcUnavailable("epoll does not accept the listening socket");
  }
  return new LibcEngine(parts, options);
}

class LibcEngine implements Engine {
  readonly address: PeerAddress;
  readonly #sockets: Sockets;
  readonly #readiness: Readiness;
  readonly #listener: LibcListener;
  readonly #pace: Pace;
  readonly #events: EngineEvents;
  readonly #limits: EngineLimits;
  readonly #now: Now;
  readonly #time: Time;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #running: Promise<void>;
  readonly #isPortShared: boolean;
  #isAccepting = true;
  #isReading = true;
  #isStopped = false;
  #pauseTimer: Timer | undefined;

  readonly #table = new FdTable();
  readonly #waiting = new Map<number, Waiting>();

  readonly #rounds: Rounds;
  readonly #budget = new TurnBudget();
  readonly #looks: Looks;
  #isToldSoon = false;
  #bytesWritten = 0;

  constructor(parts: LibcEngineParts, options: EngineOptions) {
    const { events, limits, now, time, reusePort = false } = options;
    this.#isPortShared = reusePort;
    this.#sockets = parts.sockets;
    this.#readiness = parts.readiness;
    this.#listener = parts.listener;
    this.#pace = parts.pace;
    this.#events = events;
    this.#limits = limits;
    this.#now = now;
    this.#time = time;
    this.#looks = new Looks(time, BUSY_PAUSE_MS);
    this.#rounds = new Rounds(time.now, (ms) => events.roundEnded?.(ms));
    const { hostname, port } = parts.listener.addr;
    this.address = { hostname, port };
    this.#running = this.#run();
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  send(handle: number, bytes: Uint8Array): void {
    if (!this.#table.isOpen(handle)) return;
    const waiting = this.#waiting.get(handle);
    if (waiting === undefined) {
      this.#write(handle, bytes);
      return;
    }
    if (waiting.isEnding) return;
    waiting.add(bytes, this.#now);
    this.#dropIf(handle, waiting.overflow(this.#limits));
  }

  tell(handle: number): void {
    this.#tell(handle);
  }

  tellAll(crowd: Crowd): void {
    if (this.#isStopped) return;
    this.#rounds.add(crowd);
    if (this.#isToldSoon) return;
    // Not at once: everything that a pool sends in one go is one piece of news.
    this.#isToldSoon = true;
    queueMicrotask(() => {
      this.#isToldSoon = false;
      if (this.#isStopped) return;
      apart(() => this.#continueRounds());
      if (!this.#rounds.isEmpty) this.#readiness.wake();
    });
  }

  close(handle: number): boolean {
    const waiting = this.#waiting.get(handle);
    if (waiting === undefined) {
      this.#close(handle);
      return true;
    }
    waiting.end(this.#now);
    return false;
  }

  abort(handle: number): void {
    this.#close(handle);
  }

  sweep(): void {
    const time = this.#now();
    for (const [handle, waiting] of this.#waiting) {
      this.#dropIf(handle, waiting.stall(this.#limits, time));
    }
  }

  stopAccepting(): Promise<void> {
    if (this.#isAccepting) this.#closePort();
    return Promise.resolve();
  }

  #closePort(): void {
    // Closing the socket would cut off connections in its queue, although another process listens
    // on the port.
    for (let count = 0; this.#isPortShared && count < LAST_ACCEPTS; count++) {
      const fd = this.#sockets.accept(this.#listener.fd);
      if (fd < 0) break;
      this.#attach(fd);
    }
    this.#isAccepting = false;
    this.#time.clear(this.#pauseTimer);
    this.#readiness.remove(this.#listener.fd);
    this.#listener.close();
  }

  stopReading(): void {
    if (!this.#isReading || this.#isStopped) return;
    this.#isReading = false;
    for (const fd of this.#table.handles()) this.#watch(fd, this.#waiting.has(fd));
  }

  async stop(): Promise<void> {
    if (!this.#isStopped) {
      void this.stopAccepting();
      this.#isStopped = true;
      this.#rounds.clear();
      for (const handle of this.#table.handles()) this.#close(handle);
      this.#readiness.wake();
    }
    await this.#running;
  }

  /** Runs until the engine is stopped, and then closes everything. */
  async #run(): Promise<void> {
    let count = 0;
    let turnBegan = this.#time.now();
    while (!this.#isStopped) {
      const isMoreWaiting = count === MAX_EVENTS || !this.#rounds.isEmpty;
      if (isMoreWaiting || !this.#pace.isBusy) {
        this.#looks.stop();
        count = await this.#readiness.waitAside(isMoreWaiting ? 0 : -1);
      } else {
        // After a turn this long the next look is overdue and would come without any rest.
        const wasLong = this.#time.now() - turnBegan >= BUSY_PAUSE_MS;
        await (wasLong ? this.#rest() : this.#looks.next());
        count = this.#readiness.wait(0);
      }
      this.#budget.refill();
      turnBegan = this.#time.now();
      let turnEnd = turnBegan + TURN_MS;
      for (let i = 0; i < count && !this.#isStopped; i++) {
        if (this.#time.now() >= turnEnd) {
          apart(() => this.#continueRounds());
          await this.#rest();
          this.#budget.refill();
          turnEnd = this.#time.now() + TURN_MS;
        }
        this.#handle(i);
      }
      apart(() => this.#continueRounds());
      this.#pace.found(count);
      // A signal interrupted the wait. If it is ever a lasting error, the loop must not spin.
      if (count < 0) await this.#rest();
    }
    this.#looks.stop();
    this.#readiness.close();
    this.#sockets.unload();
  }

  /** Lets everything else run. */
  #rest(): Promise<void> {
    return pause(this.#time, BUSY_PAUSE_MS);
  }

  /** Handles one event. An error in it affects no other connection. */
  #handle(index: number): void {
    const fd = this.#readiness.fd(index);
    const flags = this.#readiness.flags(index);
    try {
      if (fd === this.#listener.fd) return this.#accept();
      const tag = this.#readiness.tag(index);
      if (this.#table.isCurrent(fd, tag) && (flags & ~READY.write) !== 0) this.#read(fd, flags);
      if (this.#table.isCurrent(fd, tag) && (flags & READY.write) !== 0) this.#flush(fd);
    } catch (error) {
      faultApart(error);
    }
  }

  #accept(): void {
    for (let count = 0; count < ACCEPTS_PER_TURN && this.#isAccepting; count++) {
      const fd = this.#sockets.accept(this.#listener.fd);
      if (fd >= 0) this.#attach(fd);
      else if (count > 0) return;
      else return this.#acceptFailed(this.#sockets.lastError());
    }
  }

  #acceptFailed(errno: number): void {
    if (isPassingAcceptError(errno)) return;
    this.#readiness.change(this.#listener.fd, 0, 0);
    this.#pauseTimer = this.#time.after(ACCEPT_PAUSE_MS, () => {
      this.#readiness.change(this.#listener.fd, READY.read, 0);
    });
    this.#events.acceptFailed(new Error(errnoText(errno)));
  }

  #attach(fd: number): void {
    const generation = this.#table.begin(fd);
    if (!this.#readiness.add(fd, READY.read, generation)) {
      const error = new Error(errnoText(this.#sockets.lastError()));
      this.#sockets.close(fd);
      this.#events.acceptFailed(error);
      return;
    }
    this.#table.open(fd);
    let isWelcome = false;
    apart(() => isWelcome = this.#events.opened(fd, this.#sockets.peerAddress()));
    if (!isWelcome) this.#close(fd);
  }

  #read(fd: number, flags: number): void {
    if (!this.#isReading) {
      // Events from before the pause are ignored, except those of broken connections.
      if ((flags & (READY.error | READY.hangUp)) !== 0) this.#drop(fd, "it closed the connection");
      return;
    }
    const count = this.#sockets.receive(fd, this.#buffer);
    const isEnding = this.#isEnding(fd);
    if (count > 0) {
      if (!isEnding) this.#events.received(fd, this.#buffer.subarray(0, count));
    } else if (count < 0) {
      // Without these flags there was simply nothing to read.
      const isBroken = (flags & (READY.error | READY.hangUp)) !== 0;
      if (isBroken) this.#drop(fd, errnoText(this.#sockets.lastError()));
    } else if (isEnding && (flags & READY.hangUp) === 0) {
      // Only the peer's side has ended. It may still read, so from now on only writing matters.
      this.#readiness.change(fd, READY.write, this.#table.generation(fd));
    } else {
      this.#drop(fd, "it closed the connection");
    }
  }

  /** Tells one peer the news. @returns how many bytes it is sent now. */
  #tell(fd: number): number {
    if (!this.#table.isOpen(fd)) return 0;
    const waiting = this.#waiting.get(fd);
    if (waiting !== undefined) {
      waiting.addNews();
      return 0;
    }
    const bytes = this.#news(fd);
    if (bytes === undefined) return 0;
    this.#write(fd, bytes);
    return bytes.length;
  }

  #news(fd: number): Uint8Array | undefined {
    try {
      return this.#events.news(fd);
    } catch (error) {
      faultApart(error);
      return undefined;
    }
  }

  /**
   * Writes what the socket accepts and keeps the rest. The reason for the rest does not matter: if
   * the connection is broken, the next wait reports it.
   */
  #write(fd: number, bytes: Uint8Array): void {
    const count = Math.max(this.#sockets.send(fd, bytes), 0);
    this.#bytesWritten += count;
    if (count === bytes.length) return;
    const waiting = new Waiting();
    waiting.add(bytes.subarray(count), this.#now);
    this.#waiting.set(fd, waiting);
    this.#watch(fd, true);
  }

  #flush(fd: number): void {
    const waiting = this.#waiting.get(fd);
    if (waiting === undefined) return;
    for (;;) {
      const bytes = waiting.next ?? this.#addNews(fd, waiting);
      if (bytes === undefined) break;
      const count = Math.max(this.#sockets.send(fd, bytes), 0);
      this.#bytesWritten += count;
      waiting.took(count, this.#now);
      if (count < bytes.length) return;
    }
    if (waiting.isEnding) return this.#close(fd);
    this.#waiting.delete(fd);
    this.#watch(fd, false);
  }

  /** Sets which events the kernel reports for a connection: bytes to read, and room to write. */
  #watch(fd: number, forWriting: boolean): void {
    const flags = (this.#isReading ? READY.read : 0) | (forWriting ? READY.write : 0);
    this.#readiness.change(fd, flags, this.#table.generation(fd));
  }

  /** Everything before has been sent: adds the news. */
  #addNews(fd: number, waiting: Waiting): Uint8Array | undefined {
    const bytes = waiting.takeNews() ? this.#news(fd) : undefined;
    if (bytes !== undefined) waiting.add(bytes, this.#now);
    return waiting.next;
  }

  /** Tells the peers whose turn it is, as many as fit into one turn. */
  #continueRounds(): void {
    while (!this.#budget.isSpent) {
      const handle = this.#rounds.next();
      if (handle === undefined) return;
      this.#budget.spend(this.#tell(handle));
    }
  }

  /** Whether the owner has closed it while its last bytes wait to be written. */
  #isEnding(fd: number): boolean {
    return this.#waiting.get(fd)?.isEnding ?? false;
  }

  #dropIf(fd: number, slow: TooSlow | undefined): void {
    if (slow !== undefined) this.#drop(fd, slow.reason, slow.fault);
  }

  /** Ends a connection that the owner has not closed. */
  #drop(fd: number, reason: string, fault?: PeerFault): void {
    const wasEnding = this.#isEnding(fd);
    this.#close(fd);
    if (!wasEnding) apart(() => this.#events.closed(fd, reason, fault));
  }

  #close(fd: number): void {
    // The kernel gives a closed descriptor to the next connection: closing it twice would close
    // that one.
    if (!this.#table.isOpen(fd)) return;
    const wasEnding = this.#isEnding(fd);
    this.#table.close(fd);
    this.#waiting.delete(fd);
    this.#sockets.close(fd);
    if (wasEnding) apart(() => this.#events.ended(fd));
  }
}
