/**
 * Every share, counted once where it came in and once where it ended.
 *
 * For each miner, for each upstream connection and for all together:
 *
 *     received  = submitted + kept + refused here (by reason) + outage
 *     submitted = accepted + rejected (by reason) + assumed + unanswered (by reason) + waiting
 *
 * where kept are shares that are good for their miner but not worth sending, outage are shares
 * found while no pool answered, which are not sent, and waiting are shares whose miner waits for
 * their verdict.
 *
 * Assumed are shares that were answered true without a verdict. Where the pool gives none, that is
 * their end, and they are good shares. Where the verdict is late, it is a state: they are neither
 * good nor lost until they move on to accepted, rejected or unanswered. Three counts tell these
 * apart, none of them part of the sums: early, all shares answered true because their verdict was
 * late; earlyOpen, those of them that are still assumed; earlyRejected, those that the pool then
 * rejected. Only assumed and earlyOpen ever fall.
 *
 * Contradicted is not part of these sums. It counts verdicts that our own arithmetic contradicts:
 * the pool rejected a share as low difficulty that reached its difficulty, or accepted one that did
 * not.
 */

import {
  REFUSE_REASONS,
  type RefuseReason,
  REJECT_REASONS,
  type RejectReason,
  STRAY_REASONS,
  type StrayReason,
  UNANSWERED_REASONS,
  type UnansweredReason,
} from "../../base/share_reasons.ts";
import { Histogram } from "../../observe/histogram.ts";
import { NO_POOL } from "../upstream.ts";
import { Rows } from "./rows.ts";
import { WorkTable } from "./work_table.ts";

/** Counts of shares refused here. */
export type Refusal = `refused${Capitalize<RefuseReason>}`;

/** Counts of shares that the pool rejected. */
export type Rejection = `rejected${Capitalize<RejectReason>}`;

/** Counts of submitted shares whose verdict will not come. */
export type Unanswered = `unanswered${Capitalize<UnansweredReason>}`;

/** Counts of lost shares: found in vain, whatever the cause. */
export type Lost = Refusal | Rejection | Unanswered | "outage";

/** Counts of shares that are good for their miner. */
export type Good = "accepted" | "assumed" | "kept";

/** The miner that sent a share; a `MinerSeat` already fits. */
export interface Sender {
  /** Whether its connection has ended: another miner may have its session id now. */
  readonly isGone: boolean;
  /** The miner. */
  readonly miner: {
    /** Its number. */
    readonly sessionId: number;
    /** See `Downstream.origin`. */
    readonly origin: number;
  };
}

/** Gets the end of every share. Pools are given by their numbers, {@linkcode NO_POOL} for none. */
export interface ShareEndings {
  /** A share of this difficulty counts for its miner. */
  good(origin: number, poolId: number, difficulty: number): void;
  /** A share is lost; `why` is its count. */
  lost(origin: number, poolId: number, why: Lost, difficulty: number): void;
}

/** How many verdicts no miner was waiting for, by reason. */
export type StrayVerdicts = Readonly<Record<StrayReason, number>>;

/** One of {@linkcode COUNTS}. */
export type Count = typeof COUNTS[number];

const REFUSED: readonly Refusal[] = REFUSE_REASONS.map((reason) => countOf("refused", reason));
const REJECTED: readonly Rejection[] = REJECT_REASONS.map((reason) => countOf("rejected", reason));
const UNANSWERED: readonly Unanswered[] = UNANSWERED_REASONS.map((reason) =>
  countOf("unanswered", reason)
);

/** All counts, in the order of the columns. */
export const COUNTS = [
  "received",
  ...REFUSED,
  "outage",
  "kept",
  "submitted",
  "accepted",
  ...REJECTED,
  "assumed",
  ...UNANSWERED,
  "early",
  "earlyOpen",
  "earlyRejected",
  "contradicted",
  "blocks",
  "blocksLost",
] as const;

/** The name of the count for shares that `ended` this way, for a reason. */
export function countOf<Ended extends string, Reason extends string>(
  ended: Ended,
  reason: Reason,
): `${Ended}${Capitalize<Reason>}` {
  return `${ended}${reason[0]!.toUpperCase()}${reason.slice(1)}` as `${Ended}${Capitalize<Reason>}`;
}

/** All counts at one moment. */
export type LedgerSnapshot = Readonly<Record<Count, number>>;

const COLUMN: Readonly<Record<Count, number>> = Object.fromEntries(
  COUNTS.map((count, column) => [count, column]),
) as Record<Count, number>;

/** The column of a count. Looking it up takes longer than counting, so do it once for all rows. */
export function columnOf(count: Count): number {
  return COLUMN[count];
}

/** The counts of one upstream connection, or of all miners together. */
export class Ledger {
  /** The number of its connection's pool; {@linkcode NO_POOL} for none or several. */
  readonly poolId: number;
  readonly #counts = new Float64Array(COUNTS.length);

  /** Starts at zero. */
  constructor(poolId: number = NO_POOL) {
    this.poolId = poolId;
  }

  /** Adds one in a column: see {@linkcode columnOf}. */
  add(column: number): void {
    this.#counts[column]! += 1;
  }

  /** Takes one off a count that is a state. */
  remove(column: number): void {
    this.#counts[column]! -= 1;
  }

  /** One count so far. */
  get(count: Count): number {
    return this.#counts[COLUMN[count]]!;
  }

  /** Adds all counts of `other`. */
  merge(other: LedgerSnapshot): void {
    COUNTS.forEach((count, column) => this.#counts[column]! += other[count]);
  }

  /** All counts. */
  snapshot(): LedgerSnapshot {
    return snapshotOf(this.#counts);
  }
}

/** The counts of every miner, a row for each in one table. */
export class MinerLedgers {
  readonly #counts: Uint32Array;

  /** For at most `rows` miners at a time. */
  constructor(rows: number) {
    this.#counts = new Uint32Array(rows * COUNTS.length);
  }

  /** Adds one for a miner in a column: see {@linkcode columnOf}. */
  add(row: number, column: number): void {
    this.#counts[row * COUNTS.length + column]! += 1;
  }

  /** Takes one off a count that is a state. */
  remove(row: number, column: number): void {
    this.#counts[row * COUNTS.length + column]! -= 1;
  }

  /** One count of a miner. */
  get(row: number, column: number): number {
    return this.#counts[row * COUNTS.length + column]!;
  }

  /** All counts of a miner. */
  snapshot(row: number): LedgerSnapshot {
    return snapshotOf(this.#row(row));
  }

  /** Resets the row to zero for another miner. */
  clear(row: number): void {
    this.#row(row).fill(0);
  }

  #row(row: number): Uint32Array {
    return this.#counts.subarray(row * COUNTS.length, (row + 1) * COUNTS.length);
  }
}

/** The counts that a share is in while its verdict is late. */
const EARLY_STATE = ["assumed", "earlyOpen"] as const;

/**
 * The steps in which recent work is kept, in milliseconds: for all miners together, and for each.
 */
const TOTAL_STEP_MS = 10_000;
const MINER_STEP_MS = 300_000;

/** Counts shares for each miner (`undefined`: it has no session id) and for all together. */
export class ShareCounter {
  /** All miners together. */
  readonly total: Ledger = new Ledger();
  /** Recent work of all miners together, in row 0. */
  readonly work: WorkTable = new WorkTable(1, TOTAL_STEP_MS);
  /** How long verdicts took, measured from when the share was given to the pool's connection. */
  readonly verdictLatency: Histogram = new Histogram();
  readonly #rows: Rows;
  readonly #miners: MinerLedgers;
  readonly #minerWork: WorkTable;
  readonly #endings: ShareEndings | undefined;
  readonly #sessions: number;
  /** The work of each miner since it got its id; only where it is wanted. */
  #workSums: Float64Array | undefined;
  #creditedDifficulty = 0;
  #lostDifficulty = 0;

  /** `sessions` is one more than the highest session id; `endings` gets the end of every share. */
  constructor(sessions: number, endings?: ShareEndings) {
    this.#endings = endings;
    this.#sessions = sessions;
    this.#rows = new Rows(sessions);
    this.#miners = new MinerLedgers(sessions);
    this.#minerWork = new WorkTable(sessions, MINER_STEP_MS);
  }

  /**
   * The sum of the difficulties of all good shares: accepted, kept, or sent to a pool that gives no
   * verdicts.
   */
  get creditedDifficulty(): number {
    return this.#creditedDifficulty;
  }

  /** The sum of the difficulties of all lost shares. */
  get lostDifficulty(): number {
    return this.#lostDifficulty;
  }

  /** Sums up the work of each miner from now on: see {@linkcode ShareCounter.minerWork}. */
  sumWork(): void {
    this.#workSums ??= new Float64Array(this.#sessions);
  }

  /** The difficulties of a miner's good shares together, once that is summed up; else zero. */
  minerWork(sessionId: number): number {
    const row = this.#rows.of(sessionId);
    return row === undefined ? 0 : this.#workSums?.[row] ?? 0;
  }

  /**
   * Starts at zero for a miner that just got this id. @throws RangeError if it was started already.
   */
  begin(sessionId: number): void {
    const row = this.#rows.take(sessionId);
    this.#miners.clear(row);
    this.#minerWork.clear(row);
    if (this.#workSums !== undefined) this.#workSums[row] = 0;
  }

  /** Forgets the miner that had this id. @throws RangeError if it was not started. */
  end(sessionId: number): void {
    this.#rows.give(sessionId);
  }

  /** All counts of a miner: zero for an id not in use. */
  minerShares(sessionId: number | undefined): LedgerSnapshot {
    const row = this.#rowOf(sessionId);
    return row === undefined ? NO_SHARES : this.#miners.snapshot(row);
  }

  /** One count of a miner by its column, see {@linkcode columnOf}: zero for an id not in use. */
  minerCount(sessionId: number, column: number): number {
    const row = this.#rows.of(sessionId);
    return row === undefined ? 0 : this.#miners.get(row, column);
  }

  /** A miner's {@linkcode WorkTable.hashrate}: zero for an id not in use. */
  minerHashrate(
    sessionId: number | undefined,
    windowMs: number,
    since: number,
    time: number,
  ): number {
    const row = this.#rowOf(sessionId);
    return row === undefined ? 0 : this.#minerWork.hashrate(row, windowMs, since, time);
  }

  /** Counts a good share and credits its work; `time` is real time. */
  good(sender: Sender, how: Good, ledger: Ledger, difficulty: number, time: number): void {
    const sessionId = sender.isGone ? undefined : sender.miner.sessionId;
    this.add(sessionId, how, ledger);
    this.credit(sessionId, difficulty, time);
    this.#endings?.good(sender.miner.origin, ledger.poolId, difficulty);
  }

  /** Counts a lost share and its work. */
  lost(sender: Sender, why: Lost, ledger: Ledger, difficulty: number): void {
    this.add(sender.isGone ? undefined : sender.miner.sessionId, why, ledger);
    this.#lostDifficulty += difficulty;
    this.#endings?.lost(sender.miner.origin, ledger.poolId, why, difficulty);
  }

  /** Counts a share that was answered true because its verdict is late. */
  answeredEarly(sender: Sender, ledger: Ledger): void {
    const sessionId = sender.isGone ? undefined : sender.miner.sessionId;
    this.add(sessionId, "early", ledger);
    for (let i = 0; i < EARLY_STATE.length; i++) this.add(sessionId, EARLY_STATE[i]!, ledger);
  }

  /** One of those is no longer assumed: it is counted as accepted, rejected or unanswered, too. */
  settledEarly(sender: Sender, ledger: Ledger): void {
    const row = sender.isGone ? undefined : this.#rowOf(sender.miner.sessionId);
    for (let i = 0; i < EARLY_STATE.length; i++) {
      const column = columnOf(EARLY_STATE[i]!);
      this.total.remove(column);
      ledger.remove(column);
      if (row !== undefined) this.#miners.remove(row, column);
    }
  }

  /** Counts a share that was refused before any account saw it; the miner may have no id. */
  refused(
    sessionId: number | undefined,
    origin: number,
    why: Refusal,
    difficulty: number,
  ): void {
    this.add(sessionId, "received");
    this.add(sessionId, why);
    this.#lostDifficulty += difficulty;
    this.#endings?.lost(origin, NO_POOL, why, difficulty);
  }

  /** Credits the work of a good share. */
  credit(sessionId: number | undefined, difficulty: number, time: number): void {
    this.#creditedDifficulty += difficulty;
    this.work.add(0, difficulty, time);
    const row = this.#rowOf(sessionId);
    if (row === undefined) return;
    this.#minerWork.add(row, difficulty, time);
    if (this.#workSums !== undefined) this.#workSums[row]! += difficulty;
  }

  /** Adds one to a count, also for the upstream connection that the share went to, if any. */
  add(sessionId: number | undefined, count: Count, upstream?: Ledger): void {
    const column = columnOf(count);
    this.total.add(column);
    upstream?.add(column);
    const row = this.#rowOf(sessionId);
    if (row !== undefined) this.#miners.add(row, column);
  }

  #rowOf(sessionId: number | undefined): number | undefined {
    return sessionId === undefined ? undefined : this.#rows.of(sessionId);
  }
}

/** No stray verdicts. */
export const NO_STRAYS: StrayVerdicts = straysOf(() => 0);

/** The sum of both. */
export function sumOfStrays(one: StrayVerdicts, other: StrayVerdicts): StrayVerdicts {
  return straysOf((reason) => one[reason] + other[reason]);
}

function straysOf(count: (reason: StrayReason) => number): StrayVerdicts {
  return Object.fromEntries(STRAY_REASONS.map((reason) => [reason, count(reason)])) as Record<
    StrayReason,
    number
  >;
}

/** Starts at zero. */
export const NO_SHARES: LedgerSnapshot = new Ledger().snapshot();

/** The sum of both. */
export function sumOfShares(one: LedgerSnapshot, other: LedgerSnapshot): LedgerSnapshot {
  const sum = new Ledger();
  sum.merge(one);
  sum.merge(other);
  return sum.snapshot();
}

/** Good shares: accepted, kept, or sent to a pool that gives no verdicts. It never falls. */
export function goodIn(ledger: LedgerSnapshot): number {
  return ledger.accepted + ledger.kept + ledger.assumed - ledger.earlyOpen;
}

/** Shares refused here, for all reasons. */
export function refusedIn(ledger: LedgerSnapshot): number {
  return sum(ledger, REFUSED);
}

/** Shares that the pool rejected, for all reasons. */
export function rejectedIn(ledger: LedgerSnapshot): number {
  return sum(ledger, REJECTED);
}

/** Submitted shares whose verdict will not come, for all reasons. */
export function unansweredIn(ledger: LedgerSnapshot): number {
  return sum(ledger, UNANSWERED);
}

/** Submitted shares whose miner waits for the verdict: those in none of the other counts. */
export function waitingIn(ledger: LedgerSnapshot): number {
  return ledger.submitted - ledger.accepted - rejectedIn(ledger) - ledger.assumed -
    unansweredIn(ledger);
}

function sum(ledger: LedgerSnapshot, counts: readonly Count[]): number {
  return counts.reduce((total, count) => total + ledger[count], 0);
}

function snapshotOf(counts: Float64Array | Uint32Array): LedgerSnapshot {
  return Object.fromEntries(COUNTS.map((count, column) => [count, counts[column]])) as Record<
    Count,
    number
  >;
}
