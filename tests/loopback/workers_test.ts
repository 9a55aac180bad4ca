/** A farm in which machines are dead, flapping, refused and silent: each is named by the API. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { MinersSchema } from "../../lib/observe/status/miner_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { WorkerSchema, WorkersSchema } from "../../lib/observe/status/worker_shapes.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

/** A farm's minutes in seconds. */
const QUICK = {
  ...WORKER_TIMES,
  sweepMs: 500,
  missingMs: 1_500,
  silentMs: 3_000,
  strangerMs: 60_000,
};

const CONTROL = { status: { token: "secret", control: true } };

/** Logs in as `farm.` and this name. */
async function login(port: number, name: string): Promise<RawMiner> {
  const miner = await RawMiner.connect(port);
  await miner.send(
    '{"id":1,"method":"mining.subscribe","params":["raw/1"]}\n' +
      `{"id":2,"method":"mining.authorize","params":["farm.${name}","x"]}\n`,
  );
  await miner.until(() => miner.lines.some((line) => line.includes('"id":2')), "its login");
  return miner;
}

/** How many workers are in which state. */
function statesOf(rig: StatusRig) {
  return finished(rig.proxy.view.summary()).workers.states;
}

/** The names in a state, in order. */
async function namesIn(rig: StatusRig, state: string): Promise<string[]> {
  const { workers } = await rig.get(`/api/v1/workers?state=${state}&sort=worker`, WorkersSchema);
  return workers.map(({ worker }) => worker);
}

Deno.test("dead, flapping, refused and silent machines are named, the worst first, and counted", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], CONTROL, { workerTimes: QUICK });
  const works = { port: rig.port, mode: { kind: "rate", sharesPerSecond: 5 } } as const;
  await using healthy = SimFarm.start({ ...works, count: 5 });
  const dead = [1, 2, 3].map((n) => SimMiner.start({ ...works, user: `farm.dead${n}` }));
  await using silent = SimFarm.start({
    port: rig.port,
    count: 2,
    mode: { kind: "idle" },
    users: ["farm.silent1", "farm.silent2"],
  });
  const refused = [await login(rig.port, "refused1"), await login(rig.port, "refused2")];
  for (const miner of refused) {
    for (let id = 10; id < 22; id++) {
      await miner.send(`{"id":${id},"method":"mining.submit","params":["farm.x","1"]}\n`);
    }
    await miner.until(() => miner.lines.some((line) => line.includes('"id":21')), "its answers");
  }
  for (const miner of dead) {
    await miner.until(() => miner.statistics().accepted > 0);
    await miner.stop();
  }
  for (const name of ["flapping1", "flapping2"]) {
    for (let time = 0; time < 6; time++) {
      await using miner = await login(rig.port, name);
      assert.ok(!miner.isEnded);
    }
  }

  await until(() => statesOf(rig).silent === 2 && statesOf(rig).missing === 3, "all troubles");
  const { attention } = await rig.get("/api/v1/summary", SummarySchema);
  assert.equal(silent.statistics().submitted, 0);
  assert.deepEqual(healthy.faults, []);
  assert.deepEqual(await namesIn(rig, "missing"), ["dead1", "dead2", "dead3"]);
  assert.deepEqual(await namesIn(rig, "refused"), ["refused1", "refused2"]);
  assert.deepEqual(await namesIn(rig, "flapping"), ["flapping1", "flapping2"]);
  assert.deepEqual(await namesIn(rig, "silent"), ["silent1", "silent2"]);
  assert.deepEqual(attention.workers, {
    missing: 3,
    refused: 2,
    flapping: 2,
    silent: 2,
    weak: 0,
    waiting: 0,
    working: 5,
  });
  assert.equal(attention.missing_machines, 3);

  const { workers, total } = await rig.get("/api/v1/workers?limit=9", WorkersSchema);
  assert.equal(total, 14);
  assert.deepEqual(workers.map(({ worker }) => worker), [
    ...["dead1", "dead2", "dead3", "refused1", "refused2"],
    ...["flapping1", "flapping2", "silent1", "silent2"],
  ]);
  const [gone, , , isRefused] = workers;
  assert.match(gone!.went, /./);
  assert.ok(gone!.gone_seconds! >= 1.5);
  assert.deepEqual(
    [isRefused!.condition.reason, isRefused!.condition.part, isRefused!.hour],
    ["illegal", 1, { good: 0, lost: 12 }],
  );

  const { miners } = await rig.get("/api/v1/miners?sort=-rejected&limit=2", MinersSchema);
  assert.deepEqual(miners.map(({ worker }) => worker).sort(), ["refused1", "refused2"]);
  assert.equal(miners[0]!.condition!.state, "refused");
  const worker = await rig.get(`/api/v1/workers/${miners[0]!.worker_id}`, WorkerSchema);
  assert.deepEqual(worker.condition, miners[0]!.condition);
  assert.deepEqual(worker.miners, [miners[0]!.id]);

  const post = { method: "POST" };
  const forget = (id: string) => rig.problem(`/api/v1/workers/${id}/forget`, post);
  assert.equal((await forget(isRefused!.id)).status, 409);
  await (await rig.fetch(`/api/v1/workers/${gone!.id}/forget`, post)).body?.cancel();
  assert.equal((await forget(gone!.id)).status, 404);
  assert.deepEqual(await namesIn(rig, "missing"), ["dead2", "dead3"]);
  for (const miner of refused) await miner[Symbol.asyncDispose]();
});

Deno.test("in an outage workers wait, and after it none is flapping, silent or missing", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], {
    ...CONTROL,
    outage: { grace_seconds: 1 },
  }, { workerTimes: { ...QUICK, missingMs: 600_000 } });
  await using farm = SimFarm.start({
    port: rig.port,
    count: 6,
    firmware: ["cgminer"],
    reconnects: true,
    haste: 10,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  const untilAll = (state: "waiting" | "working") =>
    until(() => statesOf(rig)[state] === 6, `all are ${state}`);
  await farm.until(() => farm.statistics().accepted >= 30);
  await untilAll("working");
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await untilAll("waiting");
  // Sent away when the grace is over, they come back again and again.
  await farm.until(() => farm.statistics().lostConnections >= 6 * 8);
  await pool.setFaults({ refuseConnections: false });
  await untilAll("working");
});

Deno.test("shares found in an outage are nobody's fault: no worker is called refused", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], CONTROL, { workerTimes: QUICK });
  await using farm = SimFarm.start({
    port: rig.port,
    mode: { kind: "rate", sharesPerSecond: 5 },
    count: 3,
  });
  await farm.until(() => pool.statistics().accepted >= 6);
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  const refused = () => rig.proxy.statistics().shares.refusedNoPool;
  await until(() => refused() >= 90, "more shares are lost than were good");
  await until(
    () => {
      const { hour } = finished(rig.proxy.view.summary()).losses;
      return hour.sentence.includes("found while no pool served, refused here");
    },
    "the causes say so",
  );
  assert.equal(statesOf(rig).refused, 0);
});
