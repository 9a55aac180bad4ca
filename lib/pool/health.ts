/**
 * How pools did, and after how long each is tried again; pure.
 *
 * One that fails is left alone for a while, longer each time; one that failed is trusted again only
 * after it has served for a while.
 */

import { backoffMs } from "../base/backoff.ts";
import type { Random } from "../base/clock.ts";

/** A connection must have served this long before its end counts as the first failure again. */
export const PROVEN_MS = 30_000;

/**
 * A pool that had no failure and served this long was healthy: most such ends are a restart, so the
 * first redial is immediate. Once in {@linkcode PROVEN_MS}: a pool that flaps must not be hammered.
 */
export const HEALTHY_MS = 2_000;

/** Connections lost within this time of each other are one loss: each is redialled at once. */
const SAME_LOSS_MS = 1_000;

/**
 * While nothing serves no pool is left alone for longer than after this many failures, which is 0.5
 * to 1 s: the miners stand still, and the pool may be well again at any moment.
 */
const MAX_OUTAGE_FAILURES = 2;

/** How one pool address did. */
class HealthRecord {
  failures = 0;
  /** When it is tried again, and when already if nothing serves. */
  retryAt = 0;
  outageRetryAt = 0;
  /** It does no work: whatever its connections do it is left alone until then while others serve. */
  aloneUntil = 0;
  /** When a loss was last answered with an immediate redial. */
  redialledAt = -Infinity;
  /** Connections ready now, and since when there is at least one. */
  ready = 0;
  healthySince = 0;
}

/** The records of all pools, by their ids. */
export class PoolHealth {
  readonly #records = new Map<number, HealthRecord>();
  readonly #random: Random;

  /** Nothing is known of any pool yet. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Whether a pool may be dialled at `time`; sooner in an outage, when no connection is ready. */
  mayDial(poolId: number, time: number, isOutage: boolean): boolean {
    return this.wait(poolId, time, isOutage) <= 0;
  }

  /** How long a pool is left alone from `time` on, in milliseconds; 0 or less for no longer. */
  wait(poolId: number, time: number, isOutage: boolean): number {
    const { retryAt, outageRetryAt, aloneUntil } = this.#record(poolId);
    return (isOutage ? outageRetryAt : Math.max(retryAt, aloneUntil)) - time;
  }

  /** Whether a pool does no work and is left alone for that. */
  isLeftAlone(poolId: number, time: number): boolean {
    return time < this.#record(poolId).aloneUntil;
  }

  /** Whether the last that was heard of a pool is a failure. */
  hasFailed(poolId: number): boolean {
    const { failures, ready } = this.#record(poolId);
    return failures > 0 && ready === 0;
  }

  /** How long a pool has had a ready connection without a failure, in milliseconds. */
  healthyFor(poolId: number, time: number): number {
    const record = this.#record(poolId);
    return record.ready === 0 ? 0 : time - record.healthySince;
  }

  /** A connection to the pool is ready. */
  ready(poolId: number, time: number): void {
    const record = this.#record(poolId);
    if (record.ready++ > 0) return;
    record.healthySince = time;
    // It takes connections again, so those that are still missing need not wait.
    record.retryAt = record.outageRetryAt = Math.min(record.retryAt, time);
  }

  /** A ready connection was closed from here after it served for `servedMs`: no fault of the pool. */
  closed(poolId: number, time: number, servedMs: number): void {
    const record = this.#record(poolId);
    record.ready--;
    if (servedMs >= PROVEN_MS && record.retryAt <= time) record.failures = 0;
  }

  /**
   * A ready connection was lost after it served for `servedMs`. Returns the wait before the next: none
   * for the first redial of a pool that had been healthy.
   */
  lost(poolId: number, time: number, servedMs: number): number {
    const record = this.#record(poolId);
    this.closed(poolId, time, servedMs);
    record.healthySince = time;
    if (!mayRedialAtOnce(record, time, servedMs)) return this.failed(poolId, time);
    if (time - record.redialledAt > SAME_LOSS_MS) record.redialledAt = time;
    record.retryAt = record.outageRetryAt = time;
    return 0;
  }

  /** A pool does no work, however well it is connected: it is dialled only while nothing serves. */
  leaveAlone(poolId: number, until: number): void {
    this.#record(poolId).aloneUntil = until;
  }

  /**
   * A connection could not be made; `isRefusal` if the pool was reached and will not have us, which
   * haste makes no better. Returns the wait before the next attempt, in milliseconds.
   */
  failed(poolId: number, time: number, isRefusal: boolean = false): number {
    const record = this.#record(poolId);
    // Nothing is dialled before: this connection is older than the last failure, and connections
    // that fail together are one failure.
    if (time < record.outageRetryAt) return record.retryAt - time;
    record.failures++;
    const chance = this.#random();
    const wait = backoffMs(record.failures, () => chance);
    record.retryAt = time + wait;
    const outageFailures = isRefusal
      ? record.failures
      : Math.min(record.failures, MAX_OUTAGE_FAILURES);
    record.outageRetryAt = time + backoffMs(outageFailures, () => chance);
    return wait;
  }

  /** No pool is left alone any longer: the operator changed something. */
  retryAll(): void {
    for (const record of this.#records.values()) {
      record.retryAt = record.outageRetryAt = record.aloneUntil = 0;
    }
  }

  #record(poolId: number): HealthRecord {
    let record = this.#records.get(poolId);
    if (record === undefined) this.#records.set(poolId, record = new HealthRecord());
    return record;
  }
}

function mayRedialAtOnce(
  { failures, redialledAt }: HealthRecord,
  time: number,
  servedMs: number,
): boolean {
  const sinceRedial = time - redialledAt;
  if (servedMs >= PROVEN_MS || sinceRedial <= SAME_LOSS_MS) return servedMs >= HEALTHY_MS;
  return failures === 0 && servedMs >= HEALTHY_MS && sinceRedial >= PROVEN_MS;
}
