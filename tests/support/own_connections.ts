/**
 * Farms in which each worker has its own pool connection, and the counts of proxy and pool for each
 * worker.
 */

import assert from "node:assert/strict";
import type { PoolView } from "../../lib/app/farm_view.ts";
import { workerUserAt } from "../../lib/pool/kinds.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import type { FirmwareName } from "../../lib/sim/firmware.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import type { Like, StratumPoolOptions } from "../../lib/sim/stratum_pool/settings.ts";
import { troubleOf } from "./moving_farm.ts";
import { assertSameBooks, entryOf, poolsOf, sizeOf, stratumProxy } from "./stratum_farms.ts";
import { assertSharesAddUp, TestProxy, unjudged, until } from "./test_proxy.ts";

const USER = "farm";

/** Miners, their proxy and its pools; the first pool accepts a connection for each worker. */
export class OwnFarm implements AsyncDisposable {
  readonly proxy: TestProxy;
  readonly miners: readonly SimMiner[];
  readonly #extranonces = new Map<SimMiner, string>();

  /** `names` are the miners' user names; all miners are idle. */
  constructor(
    pools: readonly SimStratumPool[],
    names: readonly string[],
    { firmware, settings = {} }: {
      readonly firmware: readonly FirmwareName[];
      readonly settings?: Readonly<Record<string, unknown>>;
    },
  ) {
    this.proxy = stratumProxy(pools, pools.map(({ like }) => sizeOf(like)), {
      pools: pools.map((pool) => ({ ...entryOf(pool), workers: "connection" })),
      ...settings,
    });
    this.miners = names.map((name, i) =>
      SimMiner.start({
        port: this.proxy.port,
        user: `${USER}.${name}`,
        firmware: firmware[i % firmware.length]!,
        seed: i + 1,
        mode: { kind: "idle" },
      })
    );
  }

  /** The pool at this place of the list, as the proxy sees it. */
  view(place: number): PoolView {
    return poolsOf(this.proxy)[place]!;
  }

  /** Settles when every miner works on its worker's own connection to this pool. */
  async allAreOnOwn(place: number): Promise<void> {
    await until(
      () => this.view(place).minersOnOwn === this.miners.length,
      `all ${this.miners.length} miners are on connections of their own to pool ${place}`,
    );
  }

  hash(): void {
    for (const miner of this.miners) miner.setMode({ kind: "hash" });
  }

  /** Settles when this pool has accepted `shares` more shares. */
  async accepts(place: number, shares: number): Promise<void> {
    const before = this.view(place).shares.accepted;
    await until(
      () => this.view(place).shares.accepted >= before + shares,
      `pool ${place} accepts ${shares} more shares`,
    );
  }

  /** Ends the mining and settles when every share has its answer. */
  async rest(): Promise<void> {
    for (const miner of this.miners) miner.setMode({ kind: "idle" });
    await until(
      () => this.miners.every((miner) => miner.statistics().waitingNow === 0),
      "every share is answered",
    );
    await until(() => unjudged(this.proxy.statistics()) === 0, "every share is judged");
  }

  /**
   * Checks that miners saw only clean jobs: none was disconnected, none has another extranonce1.
   */
  assertUndisturbed(): void {
    assert.deepEqual(troubleOf(this.miners), []);
    assert.deepEqual(this.miners.flatMap(({ faults }) => faults), []);
    for (const miner of this.miners) {
      const { extranonce1 } = miner.work!;
      const first = this.#extranonces.get(miner);
      if (first === undefined) this.#extranonces.set(miner, extranonce1);
      else assert.equal(extranonce1, first, miner.user);
    }
  }

  /** The names that the workers have at a pool. */
  get workerUsers(): string[] {
    const [account] = this.proxy.proxy.parts.accounts.opened;
    const names = [...account!.mux.workerNames].map((name) => workerUserAt(USER, name));
    return [...new Set(names)].sort();
  }

  /** The accepted shares of each worker, by its name at the pool. */
  acceptedByWorker(): Map<string, number> {
    const accepted = new Map<string, number>();
    for (const { workerName, sessionId } of this.proxy.proxy.view.miners()) {
      const name = workerUserAt(USER, workerName);
      const shares = this.proxy.statistics().minerShares(sessionId!).accepted;
      accepted.set(name, (accepted.get(name) ?? 0) + shares);
    }
    return accepted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.miners.map((miner) => miner.stop()));
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** What mines where. */
export interface OwnMining {
  readonly pool: StratumPoolOptions & { readonly like: Like };
  readonly names: readonly string[];
  readonly firmware: readonly FirmwareName[];
  /** The least number of shares that the pool accepts. */
  readonly shares: number;
  /**
   * The part by which the difficulties may differ. Each connection must first learn how the pool
   * credits shares around a change of difficulty, and here each connection has few shares.
   */
  readonly leeway?: number;
}

/** A farm hashes with a connection for each worker, and the books agree worker by worker. */
export async function mineOnOwn(mining: OwnMining): Promise<void> {
  const { pool: like, names, firmware, shares, leeway = 0 } = mining;
  await using pool = await SimStratumPool.start({
    jobIntervalMs: 1_000,
    asksAddress: false,
    ...like,
  });
  await using farm = new OwnFarm([pool], names, { firmware });
  await farm.allAreOnOwn(0);
  farm.assertUndisturbed();
  const there = pool.clients().map(({ name }) => name).filter((name) => name !== USER);
  assert.deepEqual(there.sort(), farm.workerUsers);
  farm.hash();
  await farm.accepts(0, shares);
  await farm.rest();
  farm.assertUndisturbed();
  assertSharesAddUp(farm.proxy.statistics());
  const judged = pool.statistics();
  assertSameBooks(farm.view(0), judged, leeway * judged.difficulty);
  const booked = new Map([...judged.byName].map(([name, { accepted }]) => [name, accepted]));
  for (const [name, accepted] of farm.acceptedByWorker()) {
    assert.equal(booked.get(name) ?? 0, accepted, name);
  }
  assert.equal(booked.get(USER) ?? 0, 0, "none went up on the connection for all");
}

/** How large a farm loses its connections. */
export interface Losses {
  readonly miners: number;
  /** The number of shares that a pool accepts between two events. */
  readonly shares: number;
}

/**
 * A farm loses one worker's connection, all of them, then its pool, works at another and returns:
 * no miner is disconnected or has another extranonce1.
 */
export async function loseAndReturn({ miners, shares }: Losses): Promise<void> {
  const fixed = { difficulty: 2 ** -20, vardiff: "fixed", jobIntervalMs: 1_000 } as const;
  await using first = await SimStratumPool.start(fixed);
  await using second = await SimStratumPool.start({ ...fixed, like: "datum" });
  const names = Array.from({ length: miners }, (_, i) => `rig${i}`);
  await using farm = new OwnFarm([first, second], names, {
    firmware: ["cgminer", "braiins", "avalon"],
    settings: { failover: { return_after_seconds: 1 } },
  });
  farm.hash();
  await farm.allAreOnOwn(0);
  farm.assertUndisturbed();
  const own = () => first.clients().filter(({ name }) => name !== USER);

  const { number } = own()[0]!;
  first.resetConnections(number);
  await first.until(() => own().every((client) => client.number !== number));
  await farm.accepts(0, shares);
  await farm.allAreOnOwn(0);
  farm.assertUndisturbed();

  for (const client of own()) first.resetConnections(client.number);
  await farm.accepts(0, shares);
  await farm.allAreOnOwn(0);
  farm.assertUndisturbed();

  await first.setFaults({ refuseConnections: true });
  first.resetConnections();
  await farm.accepts(1, shares);
  await farm.allAreOnOwn(1);
  farm.assertUndisturbed();

  await first.setFaults({ refuseConnections: false });
  await farm.allAreOnOwn(0);
  await farm.accepts(0, shares);
  farm.assertUndisturbed();
  await farm.rest();
  assertSharesAddUp(farm.proxy.statistics());
  for (const [place, pool] of [first, second].entries()) {
    const { accepted } = farm.view(place).shares;
    // Shares on their way when a connection breaks are unanswered here, but the pool may accept
    // them.
    const lost = farm.view(place).shares.unansweredConnectionLost;
    const judged = pool.statistics().accepted;
    assert.ok(accepted <= judged && judged <= accepted + lost, `${accepted}, ${judged}, ${lost}`);
  }
}
