/**
 * Alarms of a real proxy, with real pools and miners that get into trouble, as they reach a real
 * HTTP server.
 */

import assert from "node:assert/strict";
import * as v from "valibot";
import { SETTLING_TIMES } from "../../lib/observe/notify/settling.ts";
import { KeptHistorySchema } from "../../lib/observe/status/history_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { NotifyTestSchema } from "../../lib/observe/status/notify_shapes.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import {
  AlarmRig,
  AT_ONCE,
  comeBack,
  EVENTS,
  goDown,
  LOOKS,
  looks,
  minersOf,
  NO_SETTLING,
} from "../support/alarm_rig.ts";
import { sampleOf } from "../support/fake_status.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";
import { Webhook } from "../support/webhook.ts";

Deno.test("a healthy farm tells nothing, and neither do its start and its stop", async () => {
  await using hook = new Webhook();
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  {
    // Nothing is so slow on a busy machine that it lasts this long.
    const events = {
      ...EVENTS,
      outage: { after_seconds: 10 },
      pool_lost: { after_seconds: 10 },
      backup: { after_seconds: 10 },
      workers_silent: { on: false },
    };
    await using rig = await AlarmRig.start([first, second], hook, { notify: { events } }, {
      times: { ...LOOKS, settling: { ...NO_SETTLING, startMs: 2_000 } },
    });
    await using farm = minersOf(rig);
    await farm.until(() => farm.statistics().accepted >= 60);
    await looks(rig, 60);
  }
  assert.deepEqual(hook.bodies, []);
});

Deno.test("a pool that goes, a backup that takes over, and the way back are told, once each", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  await using rig = await AlarmRig.start([first, second], hook);
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  await second.until(() => second.statistics().authorizedNow === 1);

  await goDown(second);
  await rig.tells("pool_lost begin");
  assert.match(rig.last, new RegExp(`^Pool 127\\.0\\.0\\.1:${second.port} does not answer: .`));
  await comeBack(second);
  await rig.tells("pool_lost begin", "pool_lost end");

  await second.until(() => second.statistics().authorizedNow === 1);
  await goDown(first);
  const begun = ["pool_lost begin", "pool_lost end", "backup begin"];
  await rig.tells(...begun);
  assert.match(
    rig.last,
    new RegExp(
      `backup pool 127\\.0\\.0\\.1:${second.port} instead of 127\\.0\\.0\\.1:${first.port}`,
    ),
  );
  await comeBack(first);
  await rig.tells(...begun, "backup end");
  await looks(rig, 20);
  assert.equal(rig.told.length, 4);
});

Deno.test("an outage is told with its reason and its end with its length, and nothing that follows", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = await AlarmRig.start([pool], hook, {}, {
    times: { ...LOOKS, settling: { ...NO_SETTLING, outageMs: 5_000 } },
  });
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  await goDown(pool);
  await rig.tells("outage begin");
  assert.match(rig.last, /^No pool serves the miners: 127\.0\.0\.1:\d+: ./);
  await comeBack(pool);
  await rig.tells("outage begin", "outage end");
  assert.match(rig.last, /^A pool serves the miners again, after \d+ s$/);
  assert.equal(hook.bodies[0].level, "critical");
  await pool.until(() => pool.workers().length === 6);
  await looks(rig, 20);
  assert.equal(rig.told.length, 2);
});

Deno.test("missing machines are told with their names, and when they are back", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = await AlarmRig.start([pool], hook);
  await using farm = minersOf(rig);
  const works = { port: rig.proxy.port, mode: { kind: "rate", sharesPerSecond: 5 } } as const;
  const dead = [1, 2, 3].map((n) => SimMiner.start({ ...works, user: `farm.dead${n}` }));
  for (const miner of dead) await miner.until(() => miner.statistics().accepted > 0);
  await farm.until(() => farm.statistics().accepted >= 20);
  await Promise.all(dead.map((miner) => miner.stop()));
  await until(() => rig.told.length > 0, "an alarm");
  // All three go at once; the first is enough to be told.
  assert.match(rig.last, /^Machines missing: [123] of [789]: (?:farm\.)?dead\d/);
  const back = [1, 2, 3].map((n) => SimMiner.start({ ...works, user: `farm.dead${n}` }));
  await rig.tells("workers_missing begin", "workers_missing end");
  await Promise.all(back.map((miner) => miner.stop()));
});

Deno.test("workers that flap, are refused or silent are told, and the work they lose", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const lost_work = { on: true, ...AT_ONCE, above_percent: 0 };
  await using rig = await AlarmRig.start([pool], hook, {
    notify: { events: { ...EVENTS, lost_work } },
  });
  const { port } = rig.proxy;
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  await using silent = SimFarm.start({
    port,
    count: 1,
    mode: { kind: "idle" },
    users: ["farm.silent1"],
  });
  for (let time = 0; time < 6; time++) {
    await using miner = await login(port, "flapping1");
    assert.ok(!miner.isEnded);
  }
  await using refused = await login(port, "refused1");
  for (let id = 10; id < 22; id++) {
    await refused.send(`{"id":${id},"method":"mining.submit","params":["farm.x","1"]}\n`);
  }
  await until(() => rig.told.length >= 4, "flapping, refused, silent, lost work");
  assert.deepEqual(rig.told.toSorted(), [
    "lost_work begin",
    "workers_flapping begin",
    "workers_refused begin",
    "workers_silent begin",
  ]);
  const texts: string[] = hook.bodies.flatMap(({ events }) =>
    events.map(({ text }: Record<string, string>) => text)
  );
  for (const name of ["flapping1", "refused1", "silent1"]) {
    assert.ok(texts.some((text) => text.includes(`: 1 of 9: `) && text.includes(name)), name);
  }
  assert.equal(silent.statistics().submitted, 0);
});

async function login(port: number, name: string): Promise<RawMiner> {
  const miner = await RawMiner.connect(port);
  await miner.send(
    '{"id":1,"method":"mining.subscribe","params":["raw/1"]}\n' +
      `{"id":2,"method":"mining.authorize","params":["farm.${name}","x"]}\n`,
  );
  await miner.until(() => miner.lines.some((line) => line.includes('"id":2')), "its login");
  return miner;
}

Deno.test("a pin and a reload that move all miners are no alarm", async () => {
  await using hook = new Webhook();
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  const settling = { ...NO_SETTLING, changeMs: SETTLING_TIMES.changeMs };
  await using rig = await AlarmRig.start([first, second], hook, {}, {
    times: { ...LOOKS, settling },
  });
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  rig.proxy.proxy.pinPool(1);
  await second.until(() => second.workers().length === 6);
  await looks(rig, 10);
  await rig.reload({ notify: { farm_name: "Farm 8" } });

  rig.proxy.proxy.pinPool(undefined);
  await first.until(() => first.workers().length === 6);
  await looks(rig, 20);
  assert.deepEqual(rig.told, []);
});

Deno.test("a hashrate below the nominal one is told, and its recovery", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const workers = { nominal_hashrate: "1 EH/s" };
  await using rig = await AlarmRig.start([pool], hook, { workers });
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  await rig.tells("hashrate begin");
  assert.match(rig.last, /^The farm does \d.* of the nominal 1\.00 EH\/s$/);
  await rig.reload({ workers: { nominal_hashrate: 1 } });
  await rig.tells("hashrate begin", "hashrate end");
});

Deno.test("a disk that takes no history is told with its reason, and when it takes some again", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const shape = { ...sampleOf(KeptHistorySchema), state: "no_clock", problem: "no clock" } as const;
  const history: { shape: v.InferOutput<typeof KeptHistorySchema> } = { shape };
  await using rig = await AlarmRig.start([pool], hook, {}, { history });
  await looks(rig, 5);
  assert.deepEqual(rig.told, [], "a clock that is not set is no trouble of the disk");
  history.shape = { ...shape, state: "full", problem: "the disk is full" };
  await rig.tells("disk begin");
  assert.match(rig.last, /^Cannot write the history: the disk is full/);
  history.shape = { ...shape, state: "working", problem: "" };
  await rig.tells("disk begin", "disk end");
  assert.match(rig.last, /^Can write the history again/);
});

Deno.test("without a channel nothing runs; a reload brings channels and takes them away", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = await AlarmRig.start([pool], hook, { notify: { channels: [] } });
  assert.deepEqual([rig.alarms.reports, await rig.alarms.test()], [[], []]);
  await rig.reload({});
  const [report] = rig.alarms.reports;
  assert.equal(report!.channel, `json 127.0.0.1:${hook.port}`);
  const [result] = await rig.alarms.test();
  assert.deepEqual([result!.ok, result!.answer], [true, "HTTP 200: ok"]);
  assert.equal(hook.bodies[0].events[0].event, "test");
  await rig.reload({ notify: { channels: [] } });
  assert.deepEqual(rig.alarms.reports, []);
});

Deno.test("the API sends a test, and summary and metrics count messages, with no secret", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], {
    status: { token: "secret", control: true },
    notify: { channels: [{ type: "webhook", url: hook.url("/topsecret"), token: "topsecret" }] },
  });
  assert.equal((await rig.problem("/api/v1/notify/test", { method: "POST" })).status, 409);
  await rig.alarms.apply();
  const response = await rig.fetch("/api/v1/notify/test", { method: "POST" });
  const text = await response.text();
  const channel = `json 127.0.0.1:${hook.port}`;
  assert.deepEqual(v.parse(NotifyTestSchema, JSON.parse(text)), {
    done: "The test message was taken by 1 of 1 channels",
    channels: [{ channel, ok: true, answer: "HTTP 200: ok" }],
  });
  const { notify } = await rig.get("/api/v1/summary", SummarySchema);
  assert.deepEqual(notify, [
    { channel, sent: 0, failed: 0, dropped: 0, waiting: 0, trouble: "" },
  ]);
  const metrics = await rig.metrics();
  const labels = `{channel="${channel}",result="sent"}`;
  assert.equal(metrics.get(`btcagent_notify_messages_total${labels}`), 0);
  assert.equal(metrics.get(`btcagent_notify_waiting{channel="${channel}"}`), 0);
  const config = await (await rig.fetch("/api/v1/config")).text();
  assert.ok(!(config + text).includes("topsecret"));
});
