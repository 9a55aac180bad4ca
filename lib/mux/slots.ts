/**
 * The connections of one account: which of them are for all miners, which serve, and which a miner
 * can work on.
 *
 * Invariants: a connection serves only while it is current; a lost one serves nobody, and is counted
 * until its last share has ended.
 */

import { ROLLABLE_BITS } from "../base/version_bits.ts";
import { OwnPlaces } from "./own_places.ts";
import { leastCrowded } from "./placement.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import type { Upstream } from "./upstream.ts";

/**
 * Each connection of a single worker is checked only once in this number of ticks: there may be
 * thousands.
 */
const TICKS_A_TURN = 4;

/** One upstream connection and its miners at one moment. */
export interface Occupancy {
  /** The connection. */
  readonly upstream: Upstream;
  /** How many miners sit there. */
  readonly miners: number;
  /** When its last job came, monotonic, in milliseconds; `undefined` before the first. */
  readonly jobAt: number | undefined;
  /**
   * The difficulty that its pool demands now; where the pool sets each miner's, the one they start
   * with.
   */
  readonly poolDifficulty: number;
}

/** The connections of one account. Times are monotonic, in milliseconds. */
export class Slots {
  readonly #current = new Map<Upstream, Slot<MinerSeat>>();
  /** Those for all miners, in the order in which they became ready. */
  readonly #shared = new Set<Slot<MinerSeat>>();
  /** The others, each for the miners of one worker. */
  readonly #own = new OwnPlaces<Slot<MinerSeat>>();
  /** Those that serve miners, as decided by the keeper of the connections. */
  readonly #serving = new Set<Slot<MinerSeat>>();
  /** Lost connections whose shares are being ended. */
  readonly #lost = new Set<Slot<MinerSeat>>();
  #ticks = 0;

  /** All current ones. */
  get current(): ReadonlyMap<Upstream, Slot<MinerSeat>> {
    return this.#current;
  }

  /** Those for all miners, in the order in which they became ready. */
  get shared(): ReadonlySet<Slot<MinerSeat>> {
    return this.#shared;
  }

  /** Those that serve all miners. */
  get serving(): ReadonlySet<Slot<MinerSeat>> {
    return this.#serving;
  }

  /** Lost ones whose shares are being ended. */
  get lost(): ReadonlySet<Slot<MinerSeat>> {
    return this.#lost;
  }

  /** The connections for all miners, and how many miners each has. */
  get occupancies(): readonly Occupancy[] {
    return [...this.#shared].map(({ upstream, miners, jobAt, ceiling }) => ({
      upstream,
      miners,
      jobAt,
      poolDifficulty: ceiling,
    }));
  }

  /** The number of the pool that serves most of the miners; `undefined` while none serves. */
  get servingPool(): number | undefined {
    let most: Slot<MinerSeat> | undefined;
    for (const slot of this.#serving) {
      if (isPool(slot) && (most === undefined || slot.miners > most.miners)) most = slot;
    }
    return most?.upstream.poolId;
  }

  /** Whether a pool serves, not only a stand-in. */
  get hasPool(): boolean {
    return this.#serving.values().some(isPool);
  }

  /** Whether some worker has a connection of its own. */
  get hasOwn(): boolean {
    return !this.#own.isEmpty;
  }

  /** How many miners sit at a connection. */
  get miners(): number {
    let miners = 0;
    for (const slot of this.#current.values()) miners += slot.miners;
    return miners;
  }

  /** How many miners sit at their workers' own connections to the pool with this number. */
  minersOnOwn(poolId: number): number {
    let miners = 0;
    for (const slot of this.#current.values()) {
      if (slot.isOfOneWorker && slot.upstream.poolId === poolId) miners += slot.miners;
    }
    return miners;
  }

  /** How many shares' miners wait for a verdict. */
  get waitingShares(): number {
    let waiting = 0;
    for (const slot of this.every()) waiting += slot.pending.waiting;
    return waiting;
  }

  /** All current ones, then the lost ones. */
  *every(): Generator<Slot<MinerSeat>> {
    yield* this.#current.values();
    yield* this.#lost;
  }

  /** The miners that sit there. */
  *seats(): Generator<MinerSeat> {
    for (const { seats } of this.#current.values()) yield* seats.values();
  }

  /** The connections to check in this tick, with only a part of those of single workers. */
  due(): Slot<MinerSeat>[] {
    this.#ticks = (this.#ticks + 1) % TICKS_A_TURN;
    let own = 0;
    return [...this.#current.values()].filter((slot) =>
      !slot.isOfOneWorker || own++ % TICKS_A_TURN === this.#ticks
    );
  }

  /** The serving ones for all miners, in the order in which they became ready. */
  inService(): Slot<MinerSeat>[] {
    return [...this.#shared].filter((slot) => this.#serving.has(slot));
  }

  /** The first whose pool may still connect this session id with a miner that left. */
  remembering(sessionId: number): Slot<MinerSeat> | undefined {
    for (const slot of this.#current.values()) if (slot.remembers(sessionId)) return slot;
    return undefined;
  }

  /** A connection became ready. */
  add(slot: Slot<MinerSeat>): void {
    this.#current.set(slot.upstream, slot);
    if (!slot.isOfOneWorker) this.#shared.add(slot);
  }

  /** It serves from now on. */
  serve(slot: Slot<MinerSeat>): void {
    this.#serving.add(slot);
  }

  /** It is for the miners of this worker from now on. */
  give(workerName: string, slot: Slot<MinerSeat>): void {
    this.#own.give(workerName, slot);
  }

  /** It serves no longer, neither all miners nor those of single workers. */
  rest(slot: Slot<MinerSeat>): void {
    this.#serving.delete(slot);
    this.#own.remove(slot);
  }

  /** Its connection is gone: from now on it is one of the lost ones. */
  lose(slot: Slot<MinerSeat>): void {
    this.#current.delete(slot.upstream);
    this.#shared.delete(slot);
    this.rest(slot);
    this.#lost.add(slot);
  }

  /** The last share of a lost one has ended. */
  ended(slot: Slot<MinerSeat>): void {
    this.#lost.delete(slot);
  }

  /** The own connection of a miner's worker, if there is one and the miner can work there. */
  ownPlaceOf(seat: MinerSeat, time: number): Slot<MinerSeat> | undefined {
    const { miner } = seat;
    const own = this.#own.of(miner.worker.name);
    if (own === undefined || seat.needsFullMask && !hasFullMask(own)) return undefined;
    const fits = own.suits(miner) && own.hasRoomFor(miner, time);
    return fits || own === seat.slot ? own : undefined;
  }
}

/** The place for a miner: the one with the fewest miners where it can work. */
export function placeFor(
  { needsFullMask, miner }: MinerSeat,
  all: readonly Slot<MinerSeat>[],
  time: number,
): Slot<MinerSeat> | undefined {
  const slots = all.filter((slot) => slot.suits(miner) && slot.hasRoomFor(miner, time));
  const full = needsFullMask ? leastCrowded(slots.filter(hasFullMask)) : undefined;
  return full ?? leastCrowded(slots);
}

/** Whether it allows all rollable version bits. */
export function hasFullMask({ upstream }: Slot<MinerSeat>): boolean {
  return (~upstream.versionMask & ROLLABLE_BITS) === 0;
}

/** Whether shares there show which difficulty suits a miner. */
export function isLocal({ upstream }: Slot<MinerSeat>): boolean {
  return upstream.terms.difficulty !== "pool";
}

/** Whether it is a real pool, not a stand-in. */
export function isPool({ upstream }: Slot<MinerSeat>): boolean {
  return upstream.terms.verdicts !== "none";
}
