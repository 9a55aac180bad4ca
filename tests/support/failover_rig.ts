/**
 * A proxy between simulated pools that fail and simulated miners that must not notice it. The share
 * counts of all three must agree, whatever happens.
 */

import assert from "node:assert/strict";
import { type LedgerSnapshot, rejectedIn, unansweredIn } from "../../lib/mux/books/ledger.ts";
import type { ProxyStatistics } from "../../lib/app/proxy.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { SimPoolOptions } from "../../lib/sim/pool_settings.ts";
import { SimFarm, type SimFarmOptions } from "../../lib/sim/sim_farm.ts";
import type { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "./log_capture.ts";
import type { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { assertSharesAddUp, TestProxy, until } from "./test_proxy.ts";

/** What a scenario may set. */
export interface FailoverRigOptions {
  /** How many pools; 2. */
  readonly pools?: number;
  /** How many miners; 20. */
  readonly miners?: number;
  /** How many shares each of them submits in a second; 5. */
  readonly sharesPerSecond?: number;
  /** Settings of every pool; by default, shares need no proof of work. */
  readonly pool?: SimPoolOptions;
  /** The difficulty each pool begins with; 1. */
  readonly difficulties?: readonly number[];
  /** Settings of every miner. */
  readonly farm?: Partial<SimFarmOptions>;
  /** Keys of the configuration file. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The pool list of the configuration; by default, the pools in order. */
  readonly poolList?: (pools: readonly SimPool[]) => readonly unknown[];
  /** Called when the pools listen and nobody has connected. */
  readonly prepare?: (pools: readonly SimPool[]) => Promise<void>;
}

/**
 * Short time-outs, only for tests that wait until a pool is given up: if the machine stands still
 * for this long, a good pool is given up, too.
 */
export const SHORT_TIMEOUTS = {
  pool_connection_dial_timeout_seconds: 2,
  pool_connection_read_timeout_seconds: 2,
};

/** Pools, proxy and miners; ended with `await using`. */
export class FailoverRig implements AsyncDisposable {
  readonly pools: readonly SimPool[];
  readonly proxy: TestProxy;
  readonly farm: SimFarm;
  readonly #log: LogCapture;
  readonly #miners: number;

  private constructor(pools: readonly SimPool[], options: FailoverRigOptions) {
    const { miners = 20, sharesPerSecond = 5, settings = {} } = options;
    this.pools = pools;
    this.#miners = miners;
    this.#log = new LogCapture();
    const { poolList } = options;
    this.proxy = new TestProxy(pools, {
      ...(poolList === undefined ? {} : { pools: poolList(pools) }),
      ...settings,
    });
    this.farm = SimFarm.start({
      port: this.proxy.port,
      count: miners,
      mode: sharesPerSecond === 0 ? { kind: "idle" } : { kind: "rate", sharesPerSecond },
      ...options.farm,
    });
  }

  /** Starts everything; miners connect at once and the first pool is asked to serve. */
  static async start(options: FailoverRigOptions = {}): Promise<FailoverRig> {
    const pools = await Promise.all(
      Array.from(
        { length: options.pools ?? 2 },
        (_, i) =>
          SimPool.start({
            proofOfWork: false,
            serverNumber: i + 1,
            difficulty: options.difficulties?.[i] ?? 1,
            ...options.pool,
          }),
      ),
    );
    await options.prepare?.(pools);
    return new FailoverRig(pools, options);
  }

  /** The pool at this place of the list. */
  pool(place: number): SimPool {
    return this.pools[place]!;
  }

  /** Settles when every miner has work from this pool, and the pool knows every miner. */
  async servedBy(place: number): Promise<void> {
    await this.farm.until(() => this.#areServedBy(place));
    await this.pool(place).until(() => this.pool(place).workers().length === this.#miners);
  }

  /** Settles when the first pool serves every miner, with verdicts, and a spare is ready. */
  async begun(): Promise<void> {
    await this.servedBy(0);
    await this.pool(1).until(() => this.pool(1).statistics().authorizedNow === 1);
    await until(() => this.proxy.statistics().shares.accepted >= this.#miners, "verdicts");
  }

  /** What `stopwatch` showed, in milliseconds, when the last miner had a clean job of this pool. */
  async standstill(place: number, stopwatch: Stopwatch): Promise<number> {
    const cleanBefore = this.farm.statistics().cleanJobs;
    await this.farm.until(() => this.#areServedBy(place));
    const { lastJobAtMs, cleanJobs } = this.farm.statistics();
    assert.ok(cleanJobs >= cleanBefore, "clean jobs");
    return stopwatch.ms(lastJobAtMs);
  }

  /** Waits until verdicts on `count` more shares have come. */
  async goesOn(count = this.#miners): Promise<void> {
    const before = this.proxy.statistics().shares.accepted;
    await until(
      () => this.proxy.statistics().shares.accepted >= before + count,
      `${count} more shares are accepted`,
    );
  }

  /** Settles when such a line is logged, or if it was since the log was last read. */
  async logs(wanted: RegExp): Promise<void> {
    await until(() => this.log().some((line) => wanted.test(line)), `${wanted} in the log`);
  }

  /** What was logged since the log was last read. */
  log(): readonly string[] {
    return this.#log.take();
  }

  /**
   * Stops the miners, then compares the counts of miners, proxy and pools. No miner may have lost
   * its connection, no frame may have been ignored, and no id, connection or share may be left
   * over.
   *
   * @returns the shares of all miners, for further checks.
   */
  async closeBooks(serving: number): Promise<LedgerSnapshot> {
    const { farm, proxy } = this;
    farm.setMode({ kind: "idle" });
    await farm.until(() => farm.statistics().waitingNow === 0);
    await this.servedBy(serving);
    const others = this.pools.filter((_, place) => place !== serving);
    await until(() => others.every((pool) => pool.workers().length === 0), "others have no miner");
    await until(
      () => this.pools.every((pool) => pool.statistics().waitingNow === 0),
      "every share was judged",
    );

    const statistics = proxy.statistics();
    const found = farm.statistics();
    assert.deepEqual(farm.faults, []);
    assert.deepEqual([found.lostConnections, found.connections], [0, this.#miners]);
    assert.equal(statistics.working, this.#miners);
    assert.equal(statistics.sessionIds, this.#miners, "session ids in use");
    assertBooks(statistics, found, this.pools.map((pool) => pool.statistics()));
    assertMinersAddUp(statistics, this.#miners);
    assert.deepEqual(this.log().filter((line) => line.includes("A fault of btcagent")), []);
    return statistics.shares;
  }

  /** Whether all miners, including those that had not started yet, have work from this pool. */
  #areServedBy(place: number): boolean {
    const { miners } = this.farm;
    return miners.length === this.#miners &&
      miners.every((miner) => poolServing(miner) === place);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _log = this.#log;
    await using stack = new AsyncDisposableStack();
    for (const pool of this.pools) stack.use(pool);
    stack.use(this.proxy);
    stack.use(this.farm);
  }
}

/** The place in the list of the pool whose work a miner has; `undefined` without work. */
export function poolServing(miner: SimMiner): number | undefined {
  const coinbase1 = miner.work?.job.coinbase1;
  return coinbase1 === undefined ? undefined : parseInt(coinbase1.slice(-8, -6), 16) - 1;
}

/** The counts of the miners that are compared. */
export type FarmCounts = Pick<
  ReturnType<SimFarm["statistics"]>,
  "submitted" | "accepted" | "rejected"
>;

/**
 * Checks that the counts of a proxy that lost no miner agree with those of its miners and pools.
 */
export function assertBooks(
  statistics: ProxyStatistics,
  found: FarmCounts,
  pools: readonly PoolStatistics[],
): void {
  const { shares } = statistics;
  assertSharesAddUp(statistics);
  assert.equal(shares.received, found.submitted, "received");
  assert.equal(statistics.waitingShares, 0, "waiting");
  const answeredTrue = shares.accepted + shares.assumed + shares.outage + shares.earlyRejected +
    shares.unansweredTimedOut;
  const brokenOff = shares.unansweredConnectionLost + shares.unansweredStopped;
  // Some of those may have been answered true before.
  const perhapsTrue = Math.min(
    shares.early - shares.earlyOpen - shares.earlyRejected,
    brokenOff,
  );
  assertWithin(found.accepted, answeredTrue, answeredTrue + perhapsTrue, "answered true");
  assert.equal(found.accepted + found.rejected, found.submitted, "answered once");
  assertPoolBooks(shares, pools);
}

/**
 * Checks that every pool counted the shares sent to it: at most the unanswered ones may be missing.
 */
export function assertPoolBooks(shares: LedgerSnapshot, pools: readonly PoolStatistics[]): void {
  const sum = (count: (pool: PoolStatistics) => number) =>
    pools.reduce((total, pool) => total + count(pool), 0);
  for (const pool of pools) {
    assert.equal(pool.submits, pool.accepted + pool.rejected, "a pool judges every share");
    assert.deepEqual(
      [pool.unregisteredSubmits, pool.wrongLengthSubmits, pool.droppedRegisters],
      [0, 0, 0],
    );
    assert.deepEqual([pool.repeatedRegisters, pool.ignoredFrames, pool.unknownFrames], [0, 0, 0]);
    assert.deepEqual([pool.badLines, pool.fatalCapabilities, pool.jammedConnections], [0, 0, 0]);
  }
  const submits = sum((pool) => pool.submits);
  const accepted = sum((pool) => pool.accepted);
  const rejected = sum((pool) => pool.rejected);
  const unanswered = unansweredIn(shares) + shares.earlyOpen;
  assertWithin(submits, shares.submitted - unanswered, shares.submitted, "shares at the pools");
  if (shares.assumed > shares.earlyOpen) return;
  assertWithin(accepted, shares.accepted, shares.accepted + unanswered, "accepted by the pools");
  const told = rejectedIn(shares);
  assertWithin(rejected, told, told + unanswered, "rejected by the pools");
}

/**
 * Checks that the shares of all miners add up to the total. The proxy's ids must be 0 to `miners` -
 * 1.
 */
function assertMinersAddUp({ shares, minerShares }: ProxyStatistics, miners: number): void {
  const sum: Record<string, number> = {};
  for (let sessionId = 0; sessionId < miners; sessionId++) {
    for (const [count, value] of Object.entries(minerShares(sessionId))) {
      sum[count] = (sum[count] ?? 0) + value;
    }
  }
  assert.deepEqual(sum, shares);
}

function assertWithin(value: number, least: number, most: number, what: string): void {
  assert.ok(value >= least && value <= most, `${what}: ${value}, wanted ${least} to ${most}`);
}
