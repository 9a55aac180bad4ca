/**
 * A port behind load balancers: a connection from one counts as that of the miner which the header
 * before its first bytes names (protocol/proxy/proxy.md).
 *
 * Such a connection is reported only when its header has come, with the miner's address: so limits,
 * lists and names see what they would without a balancer. Until then it is in one bounded table.
 * Connections of others pass as if there was no table. Import it only where a port asks for it.
 */

import type { Now } from "../../base/clock.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { ProtocolViolation } from "../../base/violation.ts";
import type { Crowd, Engine, EngineEvents, PeerFault } from "./engine.ts";

/** A header as far as it matters here. */
export interface PeerHeader {
  /** Its bytes; what follows is the miner's. */
  readonly length: number;
  /** The miner; `undefined` for the balancer itself. */
  readonly source: PeerAddress | undefined;
}

/** How headers are read, and from where. */
export interface HeaderRules {
  /** Whether connections from here begin with a header. */
  isTrusted(from: PeerAddress): boolean;
  /**
   * The header at the beginning of what a connection sent so far; `undefined` if more has to come.
   *
   * @throws ProtocolViolation if there is none.
   */
  read(bytes: Uint8Array): PeerHeader | undefined;
  /** No header is longer, in bytes. */
  readonly maxBytes: number;
}

/**
 * A header must have come within this time, in milliseconds. Balancers send it first of all; a
 * packet that was lost is sent again after one and three seconds.
 */
export const HEADER_TIMEOUT_MS = 5_000;

/**
 * The most connections of a port whose header has not come, or that may be health checks, if there
 * are no more free places for miners: a whole farm may come back before the first header is read.
 */
export const MOST_ARRIVALS = 1_024;

/** An arrival that is older than this makes room for a new one, in milliseconds. */
const SLOW_ARRIVAL_MS = 1_000;

/** What judging arrivals needs. */
export interface ArrivalOptions {
  /** Monotonic time, for judging peers. */
  readonly now: Now;
  /** How many more miners may connect. */
  readonly freePlaces: () => number;
}

/** A balancer's connection that does not stand for a miner yet. */
interface Arrival {
  /** The balancer. */
  readonly from: PeerAddress;
  readonly since: number;
  /** The bytes of its header so far; `undefined` for none. */
  bytes: Uint8Array | undefined;
  /** Whether its header names no miner: it is a health check if nothing follows. */
  isForBalancer: boolean;
}

/**
 * Starts an engine behind load balancers.
 *
 * @param start Starts the engine itself, with the events it is given.
 * @param events Get what miners do.
 */
export function startBehindBalancers(
  start: (events: EngineEvents) => Engine,
  events: EngineEvents,
  rules: HeaderRules,
  options: ArrivalOptions,
): Engine {
  return new BalancerEngine(start, events, rules, options);
}

class BalancerEngine implements Engine {
  readonly #engine: Engine;
  readonly #events: EngineEvents;
  readonly #rules: HeaderRules;
  readonly #now: Now;
  readonly #freePlaces: () => number;
  /** By handle, the one that came first in front. */
  readonly #arrivals = new Map<number, Arrival>();
  #isReading = true;

  constructor(
    start: (events: EngineEvents) => Engine,
    events: EngineEvents,
    rules: HeaderRules,
    { now, freePlaces }: ArrivalOptions,
  ) {
    this.#events = events;
    this.#rules = rules;
    this.#now = now;
    this.#freePlaces = freePlaces;
    this.#engine = start({
      opened: (handle, from) => this.#opened(handle, from),
      received: (handle, bytes) => this.#received(handle, bytes),
      closed: (handle, reason, fault) => this.#closed(handle, reason, fault),
      ended: (handle) => events.ended(handle),
      acceptFailed: (error) => events.acceptFailed(error),
      news: (handle) => events.news(handle),
      roundEnded: (ms) => events.roundEnded?.(ms),
    });
  }

  get address(): PeerAddress {
    return this.#engine.address;
  }

  get bytesWritten(): number {
    return this.#engine.bytesWritten;
  }

  get arriving(): number {
    return this.#arrivals.size;
  }

  send(handle: number, bytes: Uint8Array): void {
    this.#engine.send(handle, bytes);
  }

  tell(handle: number): void {
    this.#engine.tell(handle);
  }

  tellAll(crowd: Crowd): void {
    this.#engine.tellAll(crowd);
  }

  close(handle: number): boolean {
    return this.#engine.close(handle);
  }

  abort(handle: number): void {
    this.#engine.abort(handle);
  }

  sweep(): void {
    this.#engine.sweep();
    // What is not read any more is nobody's fault.
    if (!this.#isReading) return;
    const time = this.#now();
    for (const [handle, { since }] of this.#arrivals) {
      if (time - since <= HEADER_TIMEOUT_MS) return;
      this.#end(handle, `sent no whole PROXY header within ${HEADER_TIMEOUT_MS / 1000} s`);
    }
  }

  stopAccepting(): Promise<void> {
    return this.#engine.stopAccepting();
  }

  stopReading(): void {
    this.#isReading = false;
    this.#engine.stopReading();
  }

  stop(): Promise<void> {
    return this.#engine.stop();
  }

  #opened(handle: number, from: PeerAddress): boolean {
    if (!this.#rules.isTrusted(from)) return this.#events.opened(handle, from);
    const since = this.#now();
    const { size } = this.#arrivals;
    if (size >= MOST_ARRIVALS && size >= this.#freePlaces()) {
      const [oldest] = this.#arrivals;
      if (since - oldest![1].since <= SLOW_ARRIVAL_MS) {
        const reason = `was one more than ${size} that wait for their PROXY header`;
        this.#events.balancerLeft?.(from, reason);
        return false;
      }
      this.#end(oldest![0], "made room: its PROXY header did not come, and others wait");
    }
    this.#arrivals.set(handle, { from, since, bytes: undefined, isForBalancer: false });
    return true;
  }

  #received(handle: number, bytes: Uint8Array): void {
    const arrival = this.#arrivals.size === 0 ? undefined : this.#arrivals.get(handle);
    if (arrival === undefined) return this.#events.received(handle, bytes);
    if (arrival.isForBalancer) return this.#admit(handle, shared(arrival.from), bytes);
    const { bytes: before } = arrival;
    const known = before?.length ?? 0;
    const soFar = before === undefined
      ? bytes
      : joined(before, bytes.subarray(0, this.#rules.maxBytes));
    let header: PeerHeader | undefined;
    try {
      header = this.#rules.read(soFar);
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      return this.#end(handle, error.message);
    }
    if (header === undefined) {
      // The view is valid only during this call.
      arrival.bytes = before === undefined ? bytes.slice() : soFar;
      return;
    }
    const rest = bytes.subarray(header.length - known);
    if (header.source !== undefined) return this.#admit(handle, header.source, rest);
    if (rest.length > 0) return this.#admit(handle, shared(arrival.from), rest);
    arrival.isForBalancer = true;
    arrival.bytes = undefined;
  }

  /** It stands for a miner from now on. */
  #admit(handle: number, from: PeerAddress, bytes: Uint8Array): void {
    this.#arrivals.delete(handle);
    if (!this.#events.opened(handle, from)) this.#engine.abort(handle);
    else if (bytes.length > 0) this.#events.received(handle, bytes);
  }

  #closed(handle: number, reason: string, fault?: PeerFault): void {
    const arrival = this.#arrivals.get(handle);
    if (arrival === undefined) return this.#events.closed(handle, reason, fault);
    this.#arrivals.delete(handle);
    // Not even a byte is how balancers check a port, too.
    const wasCut = arrival.bytes !== undefined;
    this.#left(arrival, wasCut ? `sent only the beginning of a PROXY header: ${reason}` : "");
  }

  /** Ends an arrival from here. */
  #end(handle: number, reason: string): void {
    const arrival = this.#arrivals.get(handle)!;
    this.#arrivals.delete(handle);
    this.#engine.abort(handle);
    this.#left(arrival, reason);
  }

  /** Reports the end of an arrival; `fault` is empty for none. */
  #left({ from, isForBalancer }: Arrival, fault: string): void {
    this.#events.balancerLeft?.(from, isForBalancer || fault === "" ? undefined : fault);
  }
}

function shared({ hostname, port }: PeerAddress): PeerAddress {
  return { hostname, port, isShared: true };
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length);
  bytes.set(one);
  bytes.set(other, one.length);
  return bytes;
}
