/**
 * A farm that really hashes and moves among agent pools, ordinary Stratum pools and Stratum V2 pools,
 * and the counts of all of them.
 */

import assert from "node:assert/strict";
import { rejectedIn, unansweredIn } from "../../lib/mux/books/ledger.ts";
import type { Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolView } from "../../lib/app/farm_view.ts";
import { SimFarm, type SimFarmOptions } from "../../lib/sim/sim_farm.ts";
import type { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { SimSv2Pool } from "../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { agentEntry } from "./agent_entry.ts";
import {
  assertSameBooks,
  entryOf,
  NARROW_FIRMWARE,
  poolsOf,
  restFrom,
  TINY_VARDIFF,
} from "./stratum_farms.ts";
import { assertSameBooks as assertSameSv2Books, sv2Entry } from "./sv2_farms.ts";
import { assertSharesAddUp, TestProxy, until } from "./test_proxy.ts";

/** A pool of any kind. */
export type AnyPool = SimPool | SimStratumPool | SimSv2Pool;

/** A pool, and its extranonce2 size if that is known from before. */
export interface ListedSimPool {
  readonly pool: AnyPool;
  readonly size?: number;
}

/** Everything of one farm that moves; ended with `await using`. */
export class MovingFarm implements AsyncDisposable {
  readonly proxy: TestProxy;
  readonly farm: SimFarm;
  readonly #pools: readonly AnyPool[];
  readonly #count: number;
  /** The first extranonce1 of each miner, by its name. */
  readonly #extranonces = new Map<string, string>();

  /** Starts proxy and miners, in front of pools that run; `time` is the proxy's own. */
  constructor(
    listed: readonly ListedSimPool[],
    farm: Omit<SimFarmOptions, "port" | "mode">,
    time: Time = systemTime,
  ) {
    this.#pools = listed.map(({ pool }) => pool);
    this.#count = farm.count;
    const sizes = listed.flatMap(({ pool, size }) =>
      size === undefined ? [] : [[`${pool.hostname}:${pool.port}`, size] as const]
    );
    this.proxy = new TestProxy(
      [],
      { pools: this.#pools.map(listedAs), vardiff: TINY_VARDIFF },
      { knownSizes: new Map(sizes), time },
    );
    this.farm = SimFarm.start({ ...farm, port: this.proxy.port, mode: { kind: "hash" } });
  }

  /** The pool at this place of the list, as the proxy sees it. */
  view(place: number): PoolView {
    return poolsOf(this.proxy)[place]!;
  }

  /** Settles when this pool serves all miners and has accepted `shares` more shares. */
  async minesAt(place: number, shares: number): Promise<void> {
    await until(
      () =>
        this.view(place).connections.reduce(
          (sum, { role, miners }) => role === "active" ? sum + miners : sum,
          0,
        ) === this.#count,
      `pool ${place} serves all miners`,
    );
    const before = this.view(place).shares.accepted;
    await until(
      () => this.view(place).shares.accepted >= before + shares,
      `pool ${place} accepts ${shares} more shares`,
    );
  }

  /** Moves all miners to the pool at this place of the list. */
  async moveTo(place: number, shares: number): Promise<void> {
    this.proxy.proxy.pinPool(place);
    await this.minesAt(place, shares);
  }

  /** Whether every miner still has the extranonce1 it had when this was first asked. */
  assertSameExtranonces(): void {
    for (const { user, work } of this.farm.miners) {
      if (work === undefined) continue;
      const first = this.#extranonces.get(user);
      if (first === undefined) this.#extranonces.set(user, work.extranonce1);
      else assert.equal(work.extranonce1, first, user);
    }
  }

  /** Stops the miners, then compares the counts of miners, proxy and pools. */
  async closeBooks(): Promise<void> {
    const { farm, proxy } = this;
    await restFrom(farm, proxy);
    const ours = proxy.statistics();
    assert.deepEqual(farm.faults, []);
    assertSharesAddUp(ours);
    assert.equal(ours.shares.received, farm.statistics().submitted);
    assert.equal(unansweredIn(ours.shares), 0, "unanswered");
    assert.equal(ours.shares.contradicted, 0, "contradicted");
    for (const [place, pool] of this.#pools.entries()) {
      if (pool instanceof SimPool) assertAgentBooks(this.view(place), pool);
      else if (pool instanceof SimSv2Pool) assertSameSv2Books(this.view(place), pool.statistics());
      else assertSameBooks(this.view(place), pool.statistics());
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using stack = new AsyncDisposableStack();
    stack.use(this.proxy);
    stack.use(this.farm);
  }
}

function listedAs(pool: AnyPool): unknown {
  if (pool instanceof SimSv2Pool) return sv2Entry(pool);
  return pool instanceof SimPool ? agentEntry(pool, "farm") : entryOf(pool);
}

function assertAgentBooks({ shares }: PoolView, pool: SimPool): void {
  const judged = pool.statistics();
  assert.deepEqual(
    [judged.unregisteredSubmits, judged.wrongLengthSubmits, judged.ignoredFrames, judged.badLines],
    [0, 0, 0, 0],
  );
  assert.equal(shares.submitted, judged.submits, "submitted to the agent pool");
  assert.equal(shares.accepted, judged.accepted, "accepted by the agent pool");
  assert.equal(rejectedIn(shares), judged.rejected, "rejected by the agent pool");
}

/** Disconnects and everything else that a miner would notice, of these miners. */
export function troubleOf(miners: readonly SimMiner[]): string[] {
  return miners.flatMap((miner) => {
    const { connections, lostConnections, toldToReconnect, givenUp } = miner.statistics();
    return connections === 1 && lostConnections + toldToReconnect + givenUp === 0
      ? []
      : [miner.named(`${connections} connections, ${lostConnections} lost, ${givenUp} given up`)];
  });
}

/** How large a farm moves, and how often. */
export interface ManyMoves {
  readonly miners: number;
  /** The total number of moves. */
  readonly moves: number;
  /** The number of shares that a pool accepts between two moves. */
  readonly shares: number;
}

/** A farm moves among an agent pool and pools of 8, 6 and 4 bytes, known from the start. */
export async function moveAmongAllSizes({ miners, moves, shares }: ManyMoves): Promise<void> {
  const difficulty = 2 ** -20;
  const fixed = { difficulty, vardiff: "fixed", jobIntervalMs: 2_000 } as const;
  await using agent = await SimPool.start({ difficulty, jobIntervalMs: 2_000 });
  await using eight = await SimStratumPool.start({ ...fixed, like: "ckpool" });
  await using six = await SimStratumPool.start({ ...fixed, like: "narrow6" });
  await using four = await SimStratumPool.start({ ...fixed, like: "public", asksAddress: false });
  await using moving = new MovingFarm(
    [{ pool: agent }, { pool: eight, size: 8 }, { pool: six, size: 6 }, { pool: four, size: 4 }],
    { count: miners, firmware: NARROW_FIRMWARE },
  );
  const { proxy, farm } = moving;
  await moving.minesAt(0, shares);
  moving.assertSameExtranonces();
  for (let round = 1; proxy.proxy.parts.accounts.moves < moves; round++) {
    await moving.moveTo(round % 4, shares);
    moving.assertSameExtranonces();
  }
  await moving.closeBooks();
  assert.deepEqual(troubleOf(farm.miners), []);
  assert.equal(agent.statistics().rejected, 0, "the agent pool finds the headers that were hashed");
  for (const pool of [eight, six, four]) assert.equal(pool.statistics().rejected, 0);
}

/** A farm moves among an agent pool, a Stratum pool and a Stratum V2 pool, known from the start. */
export async function moveAmongKinds({ miners, moves, shares }: ManyMoves): Promise<void> {
  const difficulty = 2 ** -20;
  const often = { difficulty, jobIntervalMs: 2_000 } as const;
  await using agent = await SimPool.start(often);
  await using stratum = await SimStratumPool.start({ ...often, vardiff: "fixed", like: "ckpool" });
  const fixed = { ...often, sharesPerMinute: 0, acksEvery: 1 } as const;
  await using sri = await SimSv2Pool.start({ ...fixed, like: "sri" });
  await using braiins = await SimSv2Pool.start({ ...fixed, like: "braiins" });
  await using moving = new MovingFarm(
    [
      { pool: agent },
      { pool: stratum, size: 8 },
      { pool: sri, size: sri.extranonceSize },
      { pool: braiins, size: braiins.extranonceSize },
    ],
    { count: miners, firmware: NARROW_FIRMWARE },
  );
  const { proxy, farm } = moving;
  await moving.minesAt(0, shares);
  moving.assertSameExtranonces();
  for (let round = 1; proxy.proxy.parts.accounts.moves < moves; round++) {
    await moving.moveTo(round % 4, shares);
    moving.assertSameExtranonces();
  }
  await moving.closeBooks();
  assert.deepEqual(troubleOf(farm.miners), []);
  assert.equal(agent.statistics().rejected, 0);
  for (const pool of [stratum, sri, braiins]) assert.equal(pool.statistics().rejected, 0);
}
