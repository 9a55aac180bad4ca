/**
 * What cannot be judged now, because the farm is just starting, was changed on purpose, or has a
 * trouble that explains the others. Pure.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";
import type { FarmSnapshot } from "./snapshot.ts";

/** How long the farm takes to settle, in milliseconds. */
export interface SettlingTimes {
  /** After the start. */
  readonly startMs: number;
  /** After a start, until the hashrate is judged although the farm never reached it. */
  readonly hashrateMs: number;
  /** After a reload that changed something, and after a pin. */
  readonly changeMs: number;
  /** Workers and hashrate, after an outage. */
  readonly outageMs: number;
  /** Lost work, after an outage: what was lost in it counts for an hour. */
  readonly lostWorkMs: number;
}

/** Those of a farm. */
export const SETTLING_TIMES: SettlingTimes = {
  startMs: 120_000,
  hashrateMs: 1_800_000,
  changeMs: 120_000,
  outageMs: 300_000,
  lostWorkMs: 3_600_000,
};

/** What has nothing to do with what the farm is doing. */
const ALWAYS: ReadonlySet<AlarmKind> = new Set(["certificate", "disk", "block"]);

/** What follows from an outage until miners are back. */
const FOLLOWS_OUTAGE: ReadonlySet<AlarmKind> = new Set([
  "workers_missing",
  "workers_refused",
  "workers_flapping",
  "workers_silent",
  "workers_weak",
  "hashrate",
]);

/** Remembers when the farm was last unsettled. */
export class Settling {
  readonly #times: SettlingTimes;
  readonly #startedAt: number;
  #changes: number | undefined;
  #changedAt = -Infinity;
  #outageAt = -Infinity;
  #isOutage = false;
  #isStopping = false;
  /** Whether the farm has had its hashrate since the start. */
  #isFull = false;
  #time: number;

  /** Begins at the start of the program, by attended time. */
  constructor(times: SettlingTimes, startedAt: number) {
    this.#times = times;
    this.#startedAt = this.#time = startedAt;
  }

  /** Looks at the farm; `isFull`: whether its hashrate is what it should be. */
  look({ isStopping, changes, outage }: FarmSnapshot, isFull: boolean, time: number): void {
    this.#time = time;
    this.#isStopping = isStopping;
    this.#isFull ||= isFull;
    if (this.#changes !== undefined && this.#changes !== changes) this.#changedAt = time;
    this.#changes = changes;
    this.#isOutage = outage !== undefined;
    if (this.#isOutage) this.#outageAt = time;
  }

  /** Whether alarms of this kind neither begin nor end now. */
  readonly isHeld = (kind: AlarmKind): boolean => {
    if (this.#isStopping) return true;
    if (ALWAYS.has(kind)) return false;
    const { startMs, hashrateMs, changeMs, outageMs, lostWorkMs } = this.#times;
    const age = this.#time - this.#startedAt;
    if (age < startMs || this.#time - this.#changedAt < changeMs) return true;
    if (kind === "hashrate" && !this.#isFull && age < hashrateMs) return true;
    if (kind === "outage") return false;
    if (this.#isOutage) return true;
    const sinceOutage = this.#time - this.#outageAt;
    if (kind === "lost_work") return sinceOutage < lostWorkMs;
    return FOLLOWS_OUTAGE.has(kind) && sinceOutage < outageMs;
  };
}
