/**
 * Counts shares by origin, pool and reason. Each combination seen in the last day has its own row
 * of {@linkcode StepCounts}.
 *
 * There are at most {@linkcode MAX_ROWS} rows, and at most {@linkcode MAX_OF_SUBNET} for one
 * network. Further combinations are counted under the origin "others", for which rows are set
 * aside. So an existing row is never pushed out, and the sums stay exact whatever miners send.
 */

import { type Origin, type Origins } from "./origins.ts";
import { StepCounts, type Sum, type Window } from "./step_counts.ts";

/** The most rows. */
export const MAX_ROWS = 1_024;

/** The most rows for origins other than "others", and for origins in one network. */
const MAX_OWN = 896;
const MAX_OF_SUBNET = 256;

/** The pool number of the last row, which counts what has no row when all others are in use. */
export const OTHER_POOLS: number = -2;

/** More than the highest number of a reason, and of an origin: a key is built with them. */
const REASONS = 32;
const ORIGINS = 1_024;

/** The shares of one combination. */
export interface Counted {
  /** The miners that sent them. */
  readonly origin: Origin;
  /** The number of the pool; -1 for no pool, {@linkcode OTHER_POOLS} if several are mixed. */
  readonly poolId: number;
  /** The number of the reason. */
  readonly reason: number;
  /** The number of shares. */
  readonly shares: number;
  /** The sum of their difficulties. */
  readonly work: number;
}

/** Counts good or lost shares by origin, pool and reason. */
export class CauseTable {
  readonly #origins: Origins;
  readonly #counts = new StepCounts(MAX_ROWS);
  readonly #rows = new Map<number, number>();
  readonly #ofSubnet = new Map<string, number>();
  readonly #free: number[] = [];
  /** The row that counts what has no other. */
  readonly #last: number;
  #own = 0;
  #used = 0;

  /** Creates an empty table; `otherReason` is the reason that shares in the last row get. */
  constructor(origins: Origins, otherReason: number) {
    this.#origins = origins;
    this.#last = this.#give(keyOf(0, OTHER_POOLS, otherReason));
  }

  /** Counts a share. */
  add(origin: number, poolId: number, reason: number, work: number): void {
    const key = keyOf(origin, poolId, reason);
    this.#counts.add(this.#rows.get(key) ?? this.#newRow(key, origin, poolId, reason), work);
  }

  /** Ends the current step of time, and frees rows that are empty once an hour. */
  endStep(): void {
    if (this.#counts.endStep()) this.#sweep();
  }

  /** The counts in that time, for each combination that has any. */
  counted(window: Window): Generator<Counted> {
    return this.#counted((row) => this.#counts.sum(row, window));
  }

  /** The same for the last steps: see {@linkcode StepCounts.recent}. */
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

  /** Frees rows without a share in the last day. */
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
