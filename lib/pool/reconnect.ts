/**
 * Which pool next, and after how long; pure.
 *
 * Pools have an order, the first is the best. Each pool keeps a record of how it did: one that
 * fails is left alone for a while, longer each time; one that failed is trusted again only after
 * it has served for a while.
 */

import { backoffMs } from "../base/backoff.ts";

/** A connection must have served this long before its end counts as the first failure again. */
export const PROVEN_MS = 30_000;

/**
 * A pool that had no failure and served this long was healthy: most such ends are a restart, so the
 * first redial is immediate. Once in {@linkcode PROVEN_MS}: a pool that flaps must not be hammered.
 */
export const HEALTHY_MS = 2_000;

/** Connections lost within this time of each other are one loss: each is redialled at once. */
const SAME_LOSS_MS = 1_000;

/** While nothing serves, a pool that has not answered for this long is not waited for alone. */
export const STAGGER_MS = 2_000;

/**
 * While nothing serves no pool is left alone for longer than after so many failures, which is 0.5
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

/** The records of all pools, by their numbers. */
export class PoolHealth {
  readonly #records = new Map<number, HealthRecord>();
  readonly #random: () => number;

  /** `random` as `Math.random`. */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** Whether a pool may be dialled at `time`; sooner in an outage, when no connection is ready. */
  mayDial(pool: number, time: number, isOutage: boolean): boolean {
    return this.wait(pool, time, isOutage) <= 0;
  }

  /** How long a pool is left alone from `time` on, in milliseconds; 0 or less for no longer. */
  wait(pool: number, time: number, isOutage: boolean): number {
    const { retryAt, outageRetryAt, aloneUntil } = this.#record(pool);
    return (isOutage ? outageRetryAt : Math.max(retryAt, aloneUntil)) - time;
  }

  /** Whether the last that was heard of a pool is a failure. */
  hasFailed(pool: number): boolean {
    const { failures, ready } = this.#record(pool);
    return failures > 0 && ready === 0;
  }

  /** How long a pool has had a ready connection without a failure, in milliseconds. */
  healthyFor(pool: number, time: number): number {
    const record = this.#record(pool);
    return record.ready === 0 ? 0 : time - record.healthySince;
  }

  /** A connection to the pool is ready. */
  ready(pool: number, time: number): void {
    const record = this.#record(pool);
    if (record.ready++ > 0) return;
    record.healthySince = time;
    // It takes connections again, so those that are still missing need not wait.
    record.retryAt = record.outageRetryAt = Math.min(record.retryAt, time);
  }

  /** A ready connection was closed from here after it served for `servedMs`: no fault of the pool. */
  closed(pool: number, time: number, servedMs: number): void {
    const record = this.#record(pool);
    record.ready--;
    if (servedMs >= PROVEN_MS && record.retryAt <= time) record.failures = 0;
  }

  /**
   * A ready connection was lost after it served for `servedMs`. Returns the wait before the next: none
   * for the first redial of a pool that had been healthy.
   */
  lost(pool: number, time: number, servedMs: number): number {
    const record = this.#record(pool);
    this.closed(pool, time, servedMs);
    record.healthySince = time;
    if (!mayRedialAtOnce(record, time, servedMs)) return this.failed(pool, time);
    if (time - record.redialledAt > SAME_LOSS_MS) record.redialledAt = time;
    record.retryAt = record.outageRetryAt = time;
    return 0;
  }

  /** A pool does no work, however well it is connected: it is dialled only while nothing serves. */
  leaveAlone(pool: number, until: number): void {
    this.#record(pool).aloneUntil = until;
  }

  /**
   * A connection could not be made; `isRefusal` if the pool was reached and will not have us, which
   * haste makes no better. Returns the wait before the next attempt, in milliseconds.
   */
  failed(pool: number, time: number, isRefusal: boolean = false): number {
    const record = this.#record(pool);
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

  #record(pool: number): HealthRecord {
    let record = this.#records.get(pool);
    if (record === undefined) this.#records.set(pool, record = new HealthRecord());
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

/** The place of a connection that the configuration wants no more: worse than any in the order. */
export const UNWANTED: number = Infinity;

/** One connection of an account, as the choices below see it. */
export interface Line {
  /** The pool's place in the order, or {@linkcode UNWANTED}. */
  readonly pool: number;
  /** Dialling or shaking hands; ready without miners; serving miners. */
  readonly role: "opening" | "spare" | "active";
  /** When it was opened. */
  readonly openedAt: number;
}

/** What an account wants of its connections. */
export interface LineWishes {
  /** How many pools there are. */
  readonly pools: number;
  /** How many connections serve miners. */
  readonly active: number;
  /** Whether one more is kept ready, to another pool where there is one. */
  readonly spare: boolean;
}

/**
 * Which pool to open a connection to now; `undefined` for none. Ask again after each opening. A pool
 * that `health` lets it dial is the answer: that may be asked of a limiter, which counts on it.
 */
export function nextPool(
  lines: readonly Line[],
  wishes: LineWishes,
  health: Pick<PoolHealth, "mayDial">,
  time: number,
): number | undefined {
  const opening = lines.filter((line) => line.role === "opening");
  const ready = lines.filter((line) => line.role !== "opening");
  const isUsed = (pool: number) => lines.some((line) => line.pool === pool);
  const best = (mayUse: (pool: number) => boolean) => {
    for (let pool = 0; pool < wishes.pools; pool++) {
      if (mayUse(pool) && health.mayDial(pool, time, ready.length === 0)) return pool;
    }
    return undefined;
  };

  const missing = wishes.active - ready.length;
  if (missing > 0) {
    // Pools close single connections for reasons of their own: while others serve, one that broke
    // is worth a wait, not a move to a worse pool.
    const worstReady = Math.max(...ready.map((line) => line.pool));
    const mayUse = (pool: number) => ready.length === 0 || pool <= worstReady;
    if (opening.length < missing) return best(mayUse);
    const isLate = opening.every((line) => time - line.openedAt >= STAGGER_MS);
    return ready.length === 0 && isLate ? best((pool) => !isUsed(pool)) : undefined;
  }
  const worst = worstActivePool(lines);
  // Other connections to that pool may be serving already; one more on its way is enough.
  const isOnTheWay = (pool: number) =>
    lines.some((line) => line.pool === pool && line.role !== "active");
  // Asked only if it would be opened: who may dial has to.
  const better = opening.some((line) => line.pool < worst)
    ? undefined
    : best((pool) => pool < worst && !isOnTheWay(pool));
  if (better !== undefined) return better;
  if (!wishes.spare || ready.length > wishes.active || opening.length > 0) return undefined;
  return best((pool) => wishes.pools === 1 || !isUsed(pool));
}

/** The worst place in the order among the pools that serve; -1 when none does. */
export function worstActivePool(lines: readonly Line[]): number {
  return lines.reduce(
    (worst, line) => line.role === "active" ? Math.max(worst, line.pool) : worst,
    -1,
  );
}
