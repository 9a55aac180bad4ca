/**
 * Counts by origin, pool and reason, a row of {@linkcode StepCounts} for each combination there was
 * in the last day.
 *
 * At most {@linkcode MAX_ROWS}, of which one network has {@linkcode MAX_OF_SUBNET}. Further ones are
 * counted under the origin of all others, which has rows set aside for each pool and reason: what
 * was known first is never pushed out, and all adds up whatever comes.
 */

import { type Origin, type Origins } from "./origins.ts";
import { StepCounts, type Sum, type Window } from "./step_counts.ts";

/** Most combinations. */
export const MAX_ROWS = 1_024;

/** Most of those with an origin of their own, and of those from one network. */
const MAX_OWN = 896;
const MAX_OF_SUBNET = 256;

/** Where what is over even that is counted: a pool's number, and the bounds of what makes a key. */
export const OTHER_POOLS: number = -2;
const REASONS = 32;
const ORIGINS = 1_024;

/** What was counted of one combination. */
export interface Counted {
  /** The miners it came from. */
  readonly origin: Origin;
  /** The number of the pool; -1 for none, {@linkcode OTHER_POOLS} for any. */
  readonly poolId: number;
  /** The number of the reason. */
  readonly reason: number;
  /** Whole shares. */
  readonly shares: number;
  /** Their difficulties together. */
  readonly work: number;
}

/** Counts what became of shares, by cause. */
export class CauseTable {
  readonly #origins: Origins;
  readonly #counts = new StepCounts(MAX_ROWS);
  readonly #rows = new Map<number, number>();
  readonly #ofSubnet = new Map<string, number>();
  readonly #free: number[] = [];
  /** Where what has no row is counted. */
  readonly #last: number;
  #own = 0;
  #used = 0;

  /** Nothing is counted yet; `otherReason` is the number of the reason that is none. */
  constructor(origins: Origins, otherReason: number) {
    this.#origins = origins;
    this.#last = this.#give(keyOf(0, OTHER_POOLS, otherReason));
  }

  /** Counts a share. */
  add(origin: number, poolId: number, reason: number, work: number): void {
    const key = keyOf(origin, poolId, reason);
    this.#counts.add(this.#rows.get(key) ?? this.#newRow(key, origin, poolId, reason), work);
  }

  /** A step of time ends. */
  endStep(): void {
    if (this.#counts.endStep()) this.#sweep();
  }

  /** What was counted in that time, by combination. */
  counted(window: Window): Generator<Counted> {
    return this.#counted((row) => this.#counts.sum(row, window));
  }

  /** The same of the last steps: see {@linkcode StepCounts.recent}. */
  recent(steps: number, isOver: boolean): Generator<Counted> {
    return this.#counted((row) => this.#counts.recent(row, steps, isOver));
  }

  *#counted(sumOf: (row: number) => Sum): Generator<Counted> {
    for (const [key, row] of this.#rows) {
      const { shares, work } = sumOf(row);
      if (shares === 0) continue;
      const origin = this.#origins.of(key % ORIGINS);
      const rest = Math.floor(key / ORIGINS);
      const poolId = Math.floor(rest / REASONS) + OTHER_POOLS;
      yield { origin, poolId, reason: rest % REASONS, shares, work };
    }
  }

  #newRow(key: number, origin: number, poolId: number, reason: number): number {
    if (origin === 0) return this.#used === MAX_ROWS ? this.#last : this.#give(key);
    const subnet = this.#origins.subnetOf(origin);
    const ofSubnet = this.#ofSubnet.get(subnet ?? "") ?? 0;
    if (subnet === undefined || this.#own === MAX_OWN || ofSubnet === MAX_OF_SUBNET) {
      const others = keyOf(0, poolId, reason);
      return this.#rows.get(others) ?? this.#newRow(others, 0, poolId, reason);
    }
    this.#own++;
    this.#ofSubnet.set(subnet, ofSubnet + 1);
    this.#origins.hold(origin);
    return this.#give(key);
  }

  #give(key: number): number {
    const row = this.#free.pop() ?? this.#counts.append();
    this.#rows.set(key, row);
    this.#used++;
    return row;
  }

  /** Rows of which nothing is left are free. */
  #sweep(): void {
    for (const [key, row] of this.#rows) {
      if (row === this.#last || !this.#counts.isEmpty(row)) continue;
      this.#rows.delete(key);
      this.#free.push(row);
      this.#used--;
      const origin = key % ORIGINS;
      if (origin === 0) continue;
      this.#own--;
      const subnet = this.#origins.subnetOf(origin)!;
      const ofSubnet = this.#ofSubnet.get(subnet)! - 1;
      if (ofSubnet === 0) this.#ofSubnet.delete(subnet);
      else this.#ofSubnet.set(subnet, ofSubnet);
      this.#origins.release(origin);
    }
  }
}

function keyOf(origin: number, poolId: number, reason: number): number {
  return ((poolId - OTHER_POOLS) * REASONS + reason) * ORIGINS + origin;
}
