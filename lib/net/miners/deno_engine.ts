/**
 * Miners' sockets through `Deno.listen`: portable, and the reference for any other engine.
 *
 * One `accept()` loop, one read in flight and at most one write in flight for each connection, read
 * buffers cut from slabs. Bytes that a peer does not accept at once wait in its own bounded queue.
 */

import type { Now, Time, Timer } from "../../base/clock.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { apart, faultApart } from "./apart.ts";
import type {
  Crowd,
  Engine,
  EngineEvents,
  EngineLimits,
  EngineOptions,
  ListenOptions,
  PeerFault,
} from "./engine.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import {
  type AcceptedConnection,
  type ConnectionListener,
  listenForMiners,
} from "./miner_listener.ts";
import { ReadTurns } from "./read_turns.ts";
import { Rounds } from "./rounds.ts";
import { Slab } from "./slab.ts";
import { TlsHandshakeFailed } from "../tls/handshake_failure.ts";
import { TurnBudget } from "./turn_budget.ts";
import { type TooSlow, Waiting } from "./waiting.ts";

/** The most writes to a crowd in flight: more cost memory and were no faster when measured. */
const CROWD_WRITES = 64;

/** When the engine stops, peers have this long to receive their last bytes, in milliseconds. */
const LAST_BYTES_MS = 500;

/** After this many milliseconds, writes to a crowd that hang no longer delay the others. */
const CROWD_STALL_MS = 100;

/**
 * One connection. Its waiting bytes start with the write in flight. It extends `Waiting` instead of
 * holding one: with ten thousand miners that would be ten thousand more objects.
 */
class Link extends Waiting {
  readonly handle: number;
  readonly conn: AcceptedConnection;
  readonly buffer: Uint8Array;
  isClosed = false;

  constructor(handle: number, conn: AcceptedConnection, buffer: Uint8Array) {
    super();
    this.handle = handle;
    this.conn = conn;
    this.buffer = buffer;
  }
}

/**
 * Starts listening. @throws the errors of `Deno.listen`: the port is in use, or the address is not
 * ours.
 */
export function startDenoEngine(options: ListenOptions): Engine {
  return startEngineOn(listenForMiners(options), options);
}

/** Starts an engine on an open listener, which the engine owns from here on. */
export function startEngineOn(
  listener: ConnectionListener,
  options: EngineOptions,
): Engine {
  return new DenoEngine(listener, options);
}

class DenoEngine implements Engine {
  readonly address: PeerAddress;
  readonly #events: EngineEvents;
  readonly #limits: EngineLimits;
  readonly #now: Now;
  readonly #slab = new Slab();
  readonly #time: Time;
  readonly #turns: ReadTurns;
  readonly #links: (Link | undefined)[] = [];
  readonly #freeHandles: number[] = [];
  readonly #accepting: AcceptLoop;
  readonly #isPortShared: boolean;
  #isReading = true;
  /** Connections that are no longer read from, so that no read reports their end. */
  readonly #parked = new Set<Link>();
  #open = 0;
  #allClosed: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  readonly #rounds: Rounds;
  readonly #budget = new TurnBudget();
  /** Whether a refill of the budget is scheduled. */
  #isRefillDue = false;
  #isPumpDue = false;
  /** Writes to crowds in flight. */
  #inFlight = 0;
  /** Number of the current count: writes of earlier counts do not count as in flight. */
  #count = 0;
  #stallTimer: Timer | undefined;
  #bytesWritten = 0;

  constructor(
    listener: ConnectionListener,
    { events, limits, now, time, reusePort = false }: EngineOptions,
  ) {
    this.#isPortShared = reusePort;
    this.#events = events;
    this.#limits = limits;
    this.#now = now;
    this.#time = time;
    this.#turns = new ReadTurns(time.nextTurn);
    this.#rounds = new Rounds(time.now, (ms) => events.roundEnded?.(ms));
    const { hostname, port } = listener.addr;
    this.address = { hostname, port };
    this.#accepting = new AcceptLoop(listener, {
      accepted: (conn) => this.#attach(conn),
      acceptFailed: (error) => events.acceptFailed(error),
      // If connections were accepted faster than they can be read, all would wait until their login
      // times out.
      nextMayCome: () => this.#turns.next(),
    }, time);
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  send(handle: number, bytes: Uint8Array): void {
    const link = this.#links[handle];
    if (link === undefined || link.isEnding) return;
    if (link.isEmpty) {
      this.#write(link, bytes);
      return;
    }
    link.add(bytes, this.#now);
    this.#dropIf(link, link.overflow(this.#limits));
  }

  tell(handle: number): void {
    const link = this.#links[handle];
    if (link === undefined || link.isEnding) return;
    link.addNews();
    this.#writeNews(link);
  }

  tellAll(crowd: Crowd): void {
    this.#rounds.add(crowd);
    if (this.#isPumpDue) return;
    // Not at once: everything that a pool sends in one go is one piece of news.
    this.#isPumpDue = true;
    queueMicrotask(() => {
      this.#isPumpDue = false;
      this.#pump();
    });
  }

  close(handle: number): boolean {
    const link = this.#links[handle];
    if (link === undefined) return true;
    if (link.isEmpty) {
      this.#close(link);
      return true;
    }
    link.end(this.#now);
    return false;
  }

  abort(handle: number): void {
    const link = this.#links[handle];
    if (link !== undefined) this.#close(link);
  }

  sweep(): void {
    const time = this.#now();
    for (const link of this.#links) {
      if (link !== undefined) this.#dropIf(link, link.stall(this.#limits, time));
    }
  }

  stopAccepting(): Promise<void> {
    return this.#accepting.stop(this.#isPortShared);
  }

  stopReading(): void {
    this.#isReading = false;
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#accepting.close();
    this.#rounds.clear();
    // Bytes sent a moment ago are still on their way to the kernel: closing now would lose them.
    for (const link of this.#links) {
      if (link?.isEmpty) this.#close(link);
      else link?.end(this.#now);
    }
    const lastBytes = this.#time.after(LAST_BYTES_MS, () => this.#closeAll());
    await this.#accepting.ended;
    if (this.#open > 0) await new Promise<void>((resolve) => this.#allClosed = resolve);
    this.#time.clear(lastBytes);
    this.#time.clear(this.#stallTimer);
  }

  #closeAll(): void {
    for (const link of this.#links) {
      if (link !== undefined) this.#close(link);
    }
  }

  #attach(conn: AcceptedConnection): void {
    const handle = this.#freeHandles.pop() ?? this.#links.length;
    const link = new Link(handle, conn, this.#slab.take());
    this.#links[handle] = link;
    this.#open++;
    let isWelcome = false;
    apart(() => isWelcome = this.#events.opened(handle, conn.remoteAddr));
    if (isWelcome) {
      this.#read(link);
    } else {
      this.#close(link);
      this.#released(link);
    }
  }

  /** The socket is closed and no read uses its buffer any more. */
  #released(link: Link): void {
    this.#slab.give(link.buffer);
    if (--this.#open === 0) this.#allClosed?.();
  }

  /** Keeps one read in flight until the connection ends. */
  #read(link: Link): void {
    // One function for both outcomes: a second one would cost 56 bytes for every miner.
    const onOutcome = (outcome: unknown) => {
      if (typeof outcome !== "number") return this.#readEnded(link, outcome);
      if (!link.isEnding && !link.isClosed) this.#received(link, outcome);
      if (link.isClosed) this.#released(link);
      else if (!this.#isReading) this.#parked.add(link);
      else this.#turns.take(() => link.conn.read(link.buffer).then(onOutcome, onOutcome));
    };
    this.#turns.take(() => link.conn.read(link.buffer).then(onOutcome, onOutcome));
  }

  #received({ handle, buffer }: Link, count: number): void {
    try {
      this.#events.received(handle, buffer.subarray(0, count));
    } catch (error) {
      faultApart(error);
    }
  }

  /** `null` is the end of the stream; anything else is an error. */
  #readEnded(link: Link, outcome: unknown): void {
    const reason = outcome === null ? "it closed the connection" : errorText(outcome);
    this.#drop(link, reason, outcome instanceof TlsHandshakeFailed ? "tls_handshake" : undefined);
    this.#released(link);
  }

  /** Writes bytes after everything that waits; `written` is called when that write has ended. */
  #write(link: Link, bytes: Uint8Array, written = doNothing): void {
    const isFirst = link.isEmpty;
    link.add(bytes, this.#now);
    if (isFirst) this.#offer(link, bytes, written);
  }

  #offer(link: Link, bytes: Uint8Array, written = doNothing): void {
    link.conn.write(bytes).then(
      (count) => {
        this.#took(link, count);
        written();
      },
      (error) => {
        this.#drop(link, errorText(error));
        written();
      },
    );
  }

  /** The socket took `count` bytes: goes on with what waits after them. */
  #took(link: Link, count: number): void {
    this.#bytesWritten += count;
    if (link.isClosed) return;
    link.took(count, this.#now);
    const { next } = link;
    if (next !== undefined) this.#offer(link, next);
    else if (link.isEnding) this.#close(link);
    else this.#writeNews(link);
  }

  #news({ handle }: Link): Uint8Array | undefined {
    try {
      return this.#events.news(handle);
    } catch (error) {
      faultApart(error);
      return undefined;
    }
  }

  /** Asks for the news, if there is any and no bytes wait before it. */
  #writeNews(link: Link): void {
    const bytes = link.takeNews() ? this.#news(link) : undefined;
    if (bytes !== undefined) this.#write(link, bytes);
  }

  /**
   * Tells the peers whose turn it is: a bounded number in a turn, and a bounded number of writes at
   * a time.
   */
  #pump(): void {
    while (!this.#rounds.isEmpty) {
      if (this.#budget.isSpent) return this.#rest();
      if (this.#inFlight >= CROWD_WRITES) {
        this.#stallTimer ??= this.#time.after(CROWD_STALL_MS, () => this.#forgetInFlight());
        return;
      }
      const handle = this.#rounds.next();
      if (handle !== undefined) this.#budget.spend(this.#tellOne(this.#links[handle]));
    }
    this.#time.clear(this.#stallTimer);
    this.#stallTimer = undefined;
    this.#rest();
  }

  /** Refills the budget in the next turn of the event loop, and goes on. */
  #rest(): void {
    if (this.#isRefillDue) return;
    this.#isRefillDue = true;
    this.#time.nextTurn(() => {
      this.#isRefillDue = false;
      this.#budget.refill();
      if (!this.#rounds.isEmpty) this.#pump();
    });
  }

  /** Tells one peer of a crowd. @returns how many bytes it is sent. */
  #tellOne(link: Link | undefined): number {
    if (link === undefined || link.isEnding) return 0;
    link.addNews();
    const bytes = link.takeNews() ? this.#news(link) : undefined;
    if (bytes === undefined) return 0;
    this.#writeToCrowd(link, bytes);
    return bytes.length;
  }

  #writeToCrowd(link: Link, bytes: Uint8Array): void {
    const count = this.#count;
    this.#inFlight++;
    this.#write(link, bytes, () => {
      if (count !== this.#count) return;
      this.#inFlight--;
      this.#pump();
    });
  }

  #forgetInFlight(): void {
    this.#stallTimer = undefined;
    this.#count++;
    this.#inFlight = 0;
    this.#pump();
  }

  #dropIf(link: Link, slow: TooSlow | undefined): void {
    if (slow !== undefined) this.#drop(link, slow.reason, slow.fault);
  }

  /** Ends a connection that the owner has not closed. */
  #drop(link: Link, reason: string, fault?: PeerFault): void {
    if (link.isClosed) return;
    const wasEnding = link.isEnding;
    this.#close(link);
    if (!wasEnding) apart(() => this.#events.closed(link.handle, reason, fault));
  }

  #close(link: Link): void {
    if (link.isClosed) return;
    link.isClosed = true;
    this.#links[link.handle] = undefined;
    this.#freeHandles.push(link.handle);
    link.clear();
    link.conn.close();
    if (this.#parked.delete(link)) this.#released(link);
    if (link.isEnding) apart(() => this.#events.ended(link.handle));
  }
}

function doNothing(): void {}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
