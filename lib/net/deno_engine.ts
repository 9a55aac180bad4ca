/**
 * Miners' sockets through `Deno.listen`: portable, and the reference for any other engine.
 *
 * One `accept()` loop, one read in flight and at most one write in flight for each connection,
 * read buffers cut from slabs. What a peer does not take at once waits in its own queue, bounded.
 */

import type { Now } from "../base/clock.ts";
import { AcceptLoop } from "./accept_loop.ts";
import { apart } from "./apart.ts";
import { Broadcasts } from "./broadcasts.ts";
import type {
  Engine,
  EngineEvents,
  EngineLimits,
  EngineOptions,
  ListenOptions,
  PeerAddress,
  PeerFault,
  Replaceable,
} from "./engine.ts";
import {
  type AcceptedConnection,
  type ConnectionListener,
  listenForMiners,
} from "./miner_listener.ts";
import { ReadTurns } from "./read_turns.ts";
import { Slab } from "./slab.ts";
import { TlsHandshakeFailed } from "./tls_handshake.ts";
import { join } from "./waiting.ts";

/** Writes of one broadcast in flight: more costs memory and made nothing faster when measured. */
const BROADCAST_WRITES = 64;

/** After so long the writes of a broadcast that hang no longer hold the others up. */
const BROADCAST_STALL_MS = 100;

/** One connection. */
interface Link {
  readonly handle: number;
  readonly conn: AcceptedConnection;
  readonly buffer: Uint8Array;
  /** Bytes of the write in flight. */
  writingBytes: number;
  /** What waits behind it; `undefined` for nothing. */
  queue: Uint8Array[] | undefined;
  queuedBytes: number;
  /** The newest replaceable message waiting, behind the queue. */
  latest: Uint8Array | undefined;
  /** The number of the last replaceable message it was given, or of the last before it came. */
  sequence: number;
  isWriting: boolean;
  /** When the write in flight last made progress, in whole milliseconds. */
  progressAt: number;
  /** Closes once everything is written. */
  isEnding: boolean;
  isClosed: boolean;
}

/** Starts listening. @throws what `Deno.listen` throws: the port is taken, the address not ours. */
export function startDenoEngine(options: ListenOptions): Engine {
  return startEngineOn(listenForMiners(options), options);
}

/** The same on a listener that is open already, and is the engine's from here on. */
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
  readonly #realNow: Now;
  readonly #slab = new Slab();
  readonly #turns = new ReadTurns();
  readonly #links: (Link | undefined)[] = [];
  readonly #freeHandles: number[] = [];
  readonly #accepting: AcceptLoop;
  readonly #isPortShared: boolean;
  #open = 0;
  #allClosed: (() => void) | undefined;
  #stopped: Promise<void> | undefined;

  #sequence = 0;
  readonly #broadcasts = new Broadcasts();
  #inFlight = 0;
  /** Writes begun under an earlier round no longer count as in flight. */
  #round = 0;
  #stallTimer: ReturnType<typeof setTimeout> | undefined;
  #bytesWritten = 0;

  constructor(
    listener: ConnectionListener,
    { events, limits, now, realNow = now, reusePort = false }: EngineOptions,
  ) {
    this.#isPortShared = reusePort;
    this.#events = events;
    this.#limits = limits;
    this.#now = now;
    this.#realNow = realNow;
    const { hostname, port } = listener.addr;
    this.address = { hostname, port };
    this.#accepting = new AcceptLoop(listener, {
      accepted: (conn) => this.#attach(conn),
      acceptFailed: (error) => events.acceptFailed(error),
      // Those let in faster than they can be heard would all wait, until their time is over.
      nextMayCome: () => this.#turns.next(),
    });
  }

  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  send(handle: number, bytes: Uint8Array): void {
    const link = this.#links[handle];
    if (link === undefined || link.isEnding) return;
    if (!link.isWriting) {
      this.#write(link, bytes);
      return;
    }
    this.#queue(link, bytes);
    this.#bound(link);
  }

  sendLatest(handle: number, message: Replaceable): void {
    const link = this.#links[handle];
    if (link !== undefined) this.#sendLatest(link, message, ++this.#sequence);
  }

  broadcast(handles: readonly number[], message: Replaceable): void {
    const givenAt = this.#realNow();
    this.#broadcasts.add({ handles, message, sequence: ++this.#sequence, givenAt, next: 0 });
    this.#pump();
  }

  close(handle: number): void {
    const link = this.#links[handle];
    if (link === undefined) return;
    link.isEnding = true;
    if (!link.isWriting) this.#close(link);
  }

  sweep(): void {
    const oldest = this.#now() - this.#limits.stallTimeoutMs;
    for (const link of this.#links) {
      if (link !== undefined && link.isWriting && link.progressAt < oldest) {
        const seconds = this.#limits.stallTimeoutMs / 1000;
        this.#drop(link, `took no byte for ${seconds} s`, "stall_timeout");
      }
    }
  }

  stopAccepting(): void {
    this.#accepting.stop(this.#isPortShared);
  }

  stop(): Promise<void> {
    return this.#stopped ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#accepting.close();
    clearTimeout(this.#stallTimer);
    this.#broadcasts.clear();
    for (const link of this.#links) {
      if (link !== undefined) this.#close(link);
    }
    await this.#accepting.ended;
    if (this.#open > 0) await new Promise<void>((resolve) => this.#allClosed = resolve);
  }

  #attach(conn: AcceptedConnection): void {
    const handle = this.#freeHandles.pop() ?? this.#links.length;
    const link: Link = {
      handle,
      conn,
      buffer: this.#slab.take(),
      writingBytes: 0,
      queue: undefined,
      queuedBytes: 0,
      latest: undefined,
      sequence: this.#sequence,
      isWriting: false,
      progressAt: 0,
      isEnding: false,
      isClosed: false,
    };
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

  /** The socket is closed and nothing reads into its buffer any more. */
  #released(link: Link): void {
    this.#slab.give(link.buffer);
    if (--this.#open === 0) this.#allClosed?.();
  }

  /** Keeps one read in flight until the connection ends. */
  #read(link: Link): void {
    // One function for whatever comes of it: each more would be 56 bytes more for every miner.
    const onOutcome = (outcome: unknown) => {
      if (typeof outcome !== "number") return this.#readEnded(link, outcome);
      if (!link.isEnding) {
        apart(() => this.#events.received(link.handle, link.buffer.subarray(0, outcome)));
      }
      if (link.isClosed) this.#released(link);
      else this.#turns.take(() => link.conn.read(link.buffer).then(onOutcome, onOutcome));
    };
    this.#turns.take(() => link.conn.read(link.buffer).then(onOutcome, onOutcome));
  }

  /** The end of the stream is `null`; anything else went wrong. */
  #readEnded(link: Link, outcome: unknown): void {
    const reason = outcome === null ? "it closed the connection" : errorText(outcome);
    this.#drop(link, reason, outcome instanceof TlsHandshakeFailed ? "tls_handshake" : undefined);
    this.#released(link);
  }

  #sendLatest(link: Link, message: Replaceable, sequence: number): void {
    if (link.isEnding) return;
    link.sequence = sequence;
    if (!link.isWriting) return this.#write(link, message.line);
    const { line, cleanLine, keptBytes = 0 } = message;
    const bytes = link.latest === undefined ? line : cleanLine;
    if (keptBytes > 0) {
      this.#queue(link, bytes.subarray(0, keptBytes));
    }
    link.latest = bytes.subarray(keptBytes);
    this.#bound(link);
  }

  #queue(link: Link, bytes: Uint8Array): void {
    (link.queue ??= []).push(bytes);
    link.queuedBytes += bytes.length;
  }

  /** Drops a peer for which too much waits. */
  #bound(link: Link): void {
    const bytes = link.writingBytes + link.queuedBytes + (link.latest?.length ?? 0);
    if (bytes <= this.#limits.maxWaitingBytes) return;
    this.#drop(link, `too slow: ${bytes} bytes wait for it`, "waiting_bytes");
  }

  #write(link: Link, bytes: Uint8Array): void {
    link.isWriting = true;
    link.writingBytes = bytes.length;
    link.progressAt = Math.floor(this.#now());
    link.conn.write(bytes).then(
      (count) => {
        this.#bytesWritten += count;
        if (count < bytes.length) this.#write(link, bytes.subarray(count));
        else this.#written(link);
      },
      (error) => this.#drop(link, errorText(error)),
    );
  }

  #written(link: Link): void {
    link.isWriting = false;
    if (link.isClosed) return;
    if (link.queue !== undefined) {
      const bytes = join(link.queue, link.queuedBytes);
      link.queue = undefined;
      link.queuedBytes = 0;
      this.#write(link, bytes);
    } else if (link.latest !== undefined) {
      const bytes = link.latest;
      link.latest = undefined;
      this.#write(link, bytes);
    } else if (link.isEnding) {
      this.#close(link);
    }
  }

  /** Sends broadcasts in their order, a bounded number of writes at a time. */
  #pump(): void {
    for (let broadcast = this.#broadcasts.next; broadcast; broadcast = this.#broadcasts.next) {
      const { handles, message, sequence } = broadcast;
      while (broadcast.next < handles.length) {
        if (this.#inFlight >= BROADCAST_WRITES) {
          this.#stallTimer ??= setTimeout(() => this.#forgetInFlight(), BROADCAST_STALL_MS);
          return;
        }
        const link = this.#links[handles[broadcast.next++]!];
        // Of the same or a later sequence: it was sent something newer directly while this was on
        // its way, or came in since and only has the handle of another.
        if (link === undefined || link.isEnding || link.sequence >= sequence) continue;
        if (link.isWriting) this.#sendLatest(link, message, sequence);
        else this.#writeBroadcast(link, message.line, sequence);
      }
      this.#broadcasts.done(broadcast);
      this.#events.broadcastSent?.(this.#realNow() - broadcast.givenAt);
    }
    clearTimeout(this.#stallTimer);
    this.#stallTimer = undefined;
  }

  #writeBroadcast(link: Link, line: Uint8Array, sequence: number): void {
    const round = this.#round;
    const done = () => {
      if (round !== this.#round) return;
      this.#inFlight--;
      this.#pump();
    };
    this.#inFlight++;
    link.sequence = sequence;
    link.isWriting = true;
    link.writingBytes = line.length;
    link.progressAt = Math.floor(this.#now());
    link.conn.write(line).then(
      (count) => {
        this.#bytesWritten += count;
        if (count < line.length) this.#write(link, line.subarray(count));
        else this.#written(link);
        done();
      },
      (error) => {
        this.#drop(link, errorText(error));
        done();
      },
    );
  }

  #forgetInFlight(): void {
    this.#stallTimer = undefined;
    this.#round++;
    this.#inFlight = 0;
    this.#pump();
  }

  /** Ends a connection the owner still believes in. */
  #drop(link: Link, reason: string, fault?: PeerFault): void {
    if (link.isClosed) return;
    const wasEnding = link.isEnding;
    this.#close(link);
    if (!wasEnding) apart(() => this.#events.closed(link.handle, reason, fault));
  }

  #close(link: Link): void {
    if (link.isClosed) return;
    link.isClosed = true;
    link.isEnding = true;
    this.#links[link.handle] = undefined;
    this.#freeHandles.push(link.handle);
    link.queue = undefined;
    link.latest = undefined;
    link.conn.close();
  }
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
