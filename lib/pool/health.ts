/**
 * How pools have behaved, and when each is tried again; pure.
 *
 * A pool that fails is not tried for a while, longer each time. It is trusted again only after it
 * has served for a while.
 */

import { backoffMs } from "../base/backoff.ts";
import type { Random } from "../base/clock.ts";

/** After serving this long, the end of a connection counts as a first failure again. */
export const PROVEN_MS = 30_000;

/**
 * A pool without a failure that served this long was healthy: such an end is mostly a restart, so
 * the first redial is immediate. This happens once in {@linkcode PROVEN_MS}, so that a flapping
 * pool is not hammered.
 */
export const HEALTHY_MS = 2_000;

/** Connections lost within this time of each other are one loss: each is redialled at once. */
const SAME_LOSS_MS = 1_000;

/**
 * While no pool serves, every pool is retried at least as soon as after this number of failures,
 * within 0.5 to 1 s: the miners stand still, and a pool may recover at any moment.
 */
const MAX_OUTAGE_FAILURES = 2;

/** How one pool address has behaved. */
class HealthRecord {
  failures = 0;
  /** When it is tried again; and when, if no pool serves. */
  retryAt = 0;
  outageRetryAt = 0;
  /** It does no work: while others serve, it is not used until then, even if it connects. */
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

  /** Whether a pool may be dialed at `time`; sooner in an outage, when no connection is ready. */
  mayDial(poolId: number, time: number, isOutage: boolean): boolean {
    return this.wait(poolId, time, isOutage) <= 0;
  }

  /**
   * How long a pool must not be dialed from `time` on, in milliseconds; 0 or less if it may be now.
   */
  wait(poolId: number, time: number, isOutage: boolean): number {
    const { retryAt, outageRetryAt, aloneUntil } = this.#record(poolId);
    return (isOutage ? outageRetryAt : Math.max(retryAt, aloneUntil)) - time;
  }

  /** Whether a pool is not used because it does no work. */
  isLeftAlone(poolId: number, time: number): boolean {
    return time < this.#record(poolId).aloneUntil;
  }

  /** Whether the latest news of a pool is a failure. */
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
    // It accepts connections again, so those still missing need not wait.
    record.retryAt = record.outageRetryAt = Math.min(record.retryAt, time);
  }

  /** We closed a ready connection after it served for `servedMs`: not the pool's fault. */
  closed(poolId: number, time: number, servedMs: number): void {
    const record = this.#record(poolId);
    record.ready--;
    if (servedMs >= PROVEN_MS && record.retryAt <= time) record.failures = 0;
  }

  /**
   * A ready connection was lost after it served for `servedMs`. Returns the wait before the next
   * one: none for the first redial of a pool that was healthy.
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

  /**
   * A pool is connected but does no work: until `until`, it is dialed only while no pool serves.
   */
  leaveAlone(poolId: number, until: number): void {
    this.#record(poolId).aloneUntil = until;
  }

  /**
   * A connection could not be made; `isRefusal` if the pool was reached and refused us, which a
   * quick retry does not change. Returns the wait before the next attempt, in milliseconds.
   */
  failed(poolId: number, time: number, isRefusal: boolean = false): number {
    const record = this.#record(poolId);
    // This connection is older than the last failure, since nothing is dialed before that time.
    // Connections that fail together are one failure.
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

  /** Every pool may be tried now: the operator changed something. */
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
