/** What the operator of a pool sees of btcagent: how it is called, how often it comes, how it goes. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { checkPool } from "../support/check_rig.ts";
import { LogCapture } from "../support/log_capture.ts";
import { entryOf, NARROW_FIRMWARE, restFrom, TINY_VARDIFF } from "../support/stratum_farms.ts";
import { TestProxy, until } from "../support/test_proxy.ts";
import { Witness } from "../support/witness.ts";

const NAME = "btcagent/0.0.0-test";

/** Two pools with someone at each door. */
class Doors implements AsyncDisposable {
  private constructor(
    readonly pools: readonly SimStratumPool[],
    readonly witnesses: readonly Witness[],
  ) {}

  static async open(
    ...options: readonly Parameters<typeof SimStratumPool.start>[0][]
  ): Promise<Doors> {
    const pools = await Promise.all(options.map((each) => SimStratumPool.start(each)));
    return new Doors(pools, pools.map((pool) => new Witness(pool)));
  }

  /** How many connections each has seen, and how many are open. */
  get seen(): readonly (readonly [visits: number, open: number])[] {
    return this.witnesses.map(({ visits, open }) => [visits.length, open.length]);
  }

  /** Settles when each has seen as many connections, and this many are open. */
  async until(...seen: readonly (readonly [number, number])[]): Promise<void> {
    const wanted = JSON.stringify(seen);
    await until(() => JSON.stringify(this.seen) === wanted, `${wanted} connections`)
      .catch((error) => assert.deepEqual(this.seen, seen, error.message));
  }

  /** No pool took anything amiss. */
  assertGoodManners(): void {
    for (const pool of this.pools) {
      const { badBehaviour, badLines } = pool.statistics();
      assert.deepEqual([...badBehaviour], [], badLines.join("\n"));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const witness of this.witnesses) await witness[Symbol.asyncDispose]();
    for (const pool of this.pools) await pool.stop();
  }
}

/** As the list has a pool whose kind it does not say. */
function unsaid({ hostname, port }: Witness): unknown {
  return [hostname, port, "farm"];
}

Deno.test("a Stratum pool sees only our own name, whatever a connection is for", async () => {
  using _log = new LogCapture();
  await using doors = await Doors.open({}, {}, {});
  const [listed, unknown, checked] = doors.witnesses;
  {
    await using _proxy = new TestProxy([], { pools: [entryOf(listed!), unsaid(unknown!)] });
    // Each was asked for its size, the second also for its kind; then they were connected to.
    await doors.until([2, 1], [2, 1], [0, 0]);
    await until(() => doors.pools[1]!.statistics().authorizedNow === 1, "the spare is ready");
  }
  assert.deepEqual(listed!.userAgents, [NAME]);
  assert.deepEqual(unknown!.userAgents, [NAME]);
  for (const kind of ["unknown", "stratum"] as const) {
    const address = { host: checked!.hostname, port: checked!.port };
    assert.ok((await checkPool(address, { kind, proxies: [] })).isUsable);
  }
  assert.deepEqual(checked!.userAgents, ["btcagent/1.2.3"]);
});

for (const miners of [1, 100]) {
  const farm = miners === 1 ? "one miner is" : `${miners} miners are`;
  Deno.test(`${farm} one connection to the first pool and one to the next, before and after a failover`, async () => {
    using _log = new LogCapture();
    await using doors = await Doors.open({}, {}, {});
    const pools = doors.witnesses.map((witness) => entryOf(witness));
    await using proxy = new TestProxy([], { pools });
    await using crowd = SimFarm.start({
      port: proxy.port,
      count: miners,
      mode: { kind: "idle" },
      connectsPerSecond: 200,
    });
    await until(() => proxy.statistics().working === miners, "all are in");
    // Beside them each was asked for its size once.
    await doors.until([2, 1], [2, 1], [1, 0]);
    await doors.pools[0]!.setFaults({ refuseConnections: true });
    doors.pools[0]!.finishConnections();
    await until(() => doors.witnesses[2]!.open.length === 1, "the third is the spare");
    assert.deepEqual(doors.seen.slice(1), [[2, 1], [2, 1]]);
    assert.equal(crowd.statistics().lostConnections, 0);
    doors.assertGoodManners();
  });
}

Deno.test("a reload asks each pool for its size once more, and changes no connection", async () => {
  using _log = new LogCapture();
  await using doors = await Doors.open({}, {});
  const pools = doors.witnesses.map((witness) => entryOf(witness));
  await using proxy = new TestProxy([], { pools });
  await doors.until([2, 1], [2, 1]);
  await proxy.reconfigure([], { pools });
  await doors.until([3, 1], [3, 1]);
  assert.ok(doors.witnesses.flatMap(({ visits }) => visits).every(({ end }) => end !== "reset"));
});

Deno.test("sub-accounts that come all at once ask a pool of unknown kind once", async () => {
  using _log = new LogCapture();
  // It says nothing to what only agents ask, which shows after a second.
  await using doors = await Doors.open({ like: "nomp" });
  const [witness] = doors.witnesses;
  const pools = [[witness!.hostname, witness!.port]];
  await using proxy = new TestProxy([], { pools, multi_user_mode: true });
  const crowds = ["a", "b", "c", "d"].map((account) =>
    SimFarm.start({
      port: proxy.port,
      count: 2,
      mode: { kind: "idle" },
      account,
      firmware: NARROW_FIRMWARE,
    })
  );
  await until(() => proxy.statistics().working === 8, "all are in");
  const questions = witness!.visits.filter(({ text }) => text.includes("agent.get_capabilities"));
  // The one for its size has no name to log in with, and cannot tell.
  assert.deepEqual(
    questions.map(({ text }) => text.includes("mining.authorize")),
    [false, true],
  );
  // And one connection for each: no spare before the first accepted share.
  assert.equal(witness!.visits.length, 6);
  assert.equal(witness!.open.length, 4);
  for (const crowd of crowds) await crowd[Symbol.asyncDispose]();
});

Deno.test("a pool that closes idle spares is connected to three times, then when it is needed", async () => {
  using log = new LogCapture();
  await using doors = await Doors.open({ difficulty: 2 ** -18 }, {
    like: "datum",
    difficulty: 2 ** -18,
    idleMs: 2_200,
  });
  await using proxy = new TestProxy([], {
    pools: doors.witnesses.map((witness) => entryOf(witness)),
    vardiff: TINY_VARDIFF,
  });
  const state = () => [...proxy.proxy.view.poolsByAccount()].flat()[1]!;
  await until(() => state().isCold, "it gets no more");
  await doors.until([2, 1], [4, 0]);
  assert.match(log.take().join("\n"), /closed 3 idle spare connections.* when it is needed/);
  await using farm = SimFarm.start({ port: proxy.port, count: 4, mode: { kind: "hash" } });
  await until(() => proxy.statistics().working === 4, "all are in");
  await doors.pools[0]!.setFaults({ refuseConnections: true });
  doors.pools[0]!.finishConnections();
  await until(() => doors.pools[1]!.statistics().accepted > 0, "miners work there");
  assert.equal(farm.statistics().lostConnections, 0);
  assert.equal(state().isCold, false);
});

Deno.test("lines sent during a failover, a reload and a stop are whole, wanted and ended in order", async () => {
  using _log = new LogCapture();
  const options = { difficulty: 2 ** -18, minDifficulty: 2 ** -20, answerDelayMs: 100 };
  await using doors = await Doors.open(options, { ...options, extranonce2Size: 6 }, options);
  const entries = doors.witnesses.map((witness) => entryOf(witness));
  const settings = { vardiff: TINY_VARDIFF, failover: { return_after_seconds: 1 } };
  const proxy = new TestProxy([], { pools: entries, ...settings });
  await using farm = SimFarm.start({ port: proxy.port, count: 10, mode: { kind: "hash" } });
  const [first, second, third] = doors.pools;
  const mined = async (pool: SimStratumPool) => {
    const before = pool.statistics().accepted;
    await until(() => pool.statistics().accepted >= before + 10, "miners work there");
  };
  await mined(first!);
  // A loss, and the planned return after it.
  await first!.setFaults({ refuseConnections: true });
  first!.finishConnections();
  await mined(second!);
  await first!.setFaults({ refuseConnections: false });
  await mined(first!);
  // The reload drops the pool that serves.
  await proxy.reconfigure([], { pools: entries.slice(1), ...settings });
  await mined(second!);
  await until(() => doors.witnesses[0]!.open.length === 0, "the first is left");
  await restFrom(farm, proxy);
  // Pools talk on while we go.
  const talking = setInterval(() => {
    second!.newJob();
    third!.newJob();
  }, 1);
  await proxy.proxy.stop();
  clearInterval(talking);
  await until(() => doors.witnesses.every(({ open }) => open.length === 0), "all are closed");

  doors.assertGoodManners();
  const visits = doors.witnesses.flatMap((witness) => witness.visits);
  assert.deepEqual(visits.filter(({ end }) => end === "reset"), []);
  assert.deepEqual(visits.filter(({ text }) => !/(^|\n)$/.test(text)), [], "half a line");
  for (const pool of doors.pools) {
    const { submits, accepted, rejectedBy } = pool.statistics();
    const { stale = 0, lowDifficulty = 0, ...others } = Object.fromEntries(rejectedBy);
    assert.deepEqual([submits, others], [accepted + stale + lowDifficulty, {}]);
  }
});
