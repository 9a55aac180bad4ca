/**
 * Alarms of a real proxy for what happens seldom: blocks, certificates, the disk of the log, weak
 * workers, single sub-accounts, the summary of a day, and restarts.
 */

import assert from "node:assert/strict";
import { openOwnHistory } from "../support/own_history.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { Time } from "../../lib/base/clock.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { areaLog, startLog, stopLog } from "../../lib/observe/log.ts";
import { LogFile } from "../../lib/observe/log_file.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import {
  AlarmRig,
  AT_ONCE,
  comeBack,
  EVENTS,
  FIRST,
  goDown,
  LOOKS,
  looks,
  minersOf,
  NO_SETTLING,
  QUICK,
} from "../support/alarm_rig.ts";
import { freePort } from "../support/free_port.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { LogCapture } from "../support/log_capture.ts";
import { entryOf, TINY_VARDIFF } from "../support/stratum_farms.ts";
import { certificateFiles } from "../support/test_certificates.ts";
import { configOf, until } from "../support/test_proxy.ts";
import { Webhook } from "../support/webhook.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** When the certificate `pool` ends. */
const POOL_CERTIFICATE_ENDS = Date.UTC(2060, 0, 1);

/** Real time, but for the clock on the wall, which a test moves. */
class MovedTime {
  wall: number;
  readonly time: Time = { ...systemTime, wallNow: () => this.wall };

  constructor(wall: number) {
    this.wall = wall;
  }
}

const steady = { kind: "rate", sharesPerSecond: 5 } as const;

Deno.test("blocks found are told with the worker's name, and each once", async () => {
  await using hook = new Webhook();
  await using pool = await SimStratumPool.start({ difficulty: 2 ** -16, bits: "1f007fff" });
  const settings = {
    pools: [entryOf(pool)],
    vardiff: TINY_VARDIFF,
    notify: { events: { ...EVENTS, workers_silent: { on: false } } },
  };
  await using rig = await AlarmRig.start([], hook, settings);
  await using lucky = SimMiner.start({
    port: rig.proxy.port,
    user: "farm.lucky",
    mode: { kind: "hash" },
  });
  await lucky.until(() => lucky.statistics().accepted >= 3);
  await until(() => rig.told.length > 0, "a block");
  lucky.setMode({ kind: "idle" });
  await lucky.until(() => lucky.statistics().waitingNow === 0);
  const { blocks } = rig.proxy.statistics().shares;
  assert.ok(blocks > 0);
  const found = () =>
    hook.bodies.map(({ text }) => text.replace(/^Block found.*/, "1 blocks found"))
      .reduce((sum: number, text: string) => sum + parseInt(text), 0);
  await until(() => found() === blocks, `${blocks} blocks, and not ${found()}`);
  await looks(rig, 10);
  assert.equal(found(), blocks);
  assert.deepEqual([...new Set(rig.told)], ["block once"]);
  for (const { text, level } of hook.bodies) {
    assert.equal(level, "info");
    assert.match(text, /^(?:Block found(?: by (?:farm\.)?lucky)?|\d+ blocks found)$/);
  }
});

Deno.test("a block that may not have reached the pool is told at once, as critical", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  await using pool = await SimStratumPool.start({
    difficulty: 2 ** -16,
    bits: "1f007fff",
    answerDelayMs: 60_000,
  });
  const settings = {
    pools: [entryOf(pool)],
    vardiff: TINY_VARDIFF,
    notify: { events: { ...EVENTS, outage: { on: false }, workers_silent: { on: false } } },
  };
  await using rig = await AlarmRig.start([], hook, settings);
  await using lucky = SimMiner.start({
    port: rig.proxy.port,
    user: "farm.lucky",
    mode: { kind: "hash" },
  });
  await until(() => rig.proxy.statistics().shares.blocks > 0, "a block");
  lucky.setMode({ kind: "idle" });
  pool.resetConnections();
  const lost = () => hook.bodies.filter(({ text }) => text.includes("may not have reached"));
  await until(() => lost().length > 0, "the lost block");
  assert.equal(lost()[0].level, "critical");
  assert.match(lost()[0].text, /what to give to your pool at once/);
});

Deno.test("a certificate near its end is told once, also when it expires, and its end when replaced", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const clock = new MovedTime(POOL_CERTIFICATE_ENDS - 20 * DAY_MS);
  const tls = new MinerTls(clock.time.wallNow);
  const files = certificateFiles("pool");
  await tls.load([files]);
  const listen = [{ address: "127.0.0.1", port: freePort(), tls: files }];
  await using rig = await AlarmRig.start([pool], hook, { listen }, {}, { tls, time: clock.time });
  await looks(rig, 5);
  assert.deepEqual(rig.told, []);
  clock.wall = POOL_CERTIFICATE_ENDS - 5 * DAY_MS;
  await rig.tells("certificate begin");
  assert.match(rig.last, /^The certificate \S+pool\.pem that miners see expires in 5 d: replace/);
  clock.wall = POOL_CERTIFICATE_ENDS + DAY_MS;
  await looks(rig, 10);
  assert.deepEqual(rig.told, ["certificate begin"]);
  clock.wall = POOL_CERTIFICATE_ENDS - 30 * DAY_MS;
  await rig.tells("certificate begin", "certificate end");
  assert.match(rig.last, /pool\.pem is no longer about to expire, after \d+ s$/);
});

Deno.test("an expired certificate is told as such", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const { time } = new MovedTime(POOL_CERTIFICATE_ENDS + DAY_MS);
  const tls = new MinerTls(time.wallNow);
  const files = certificateFiles("pool");
  await tls.load([files]);
  const listen = [{ address: "127.0.0.1", port: freePort(), tls: files }];
  await using rig = await AlarmRig.start([pool], hook, { listen }, {}, { tls, time });
  await rig.tells("certificate begin");
  assert.match(rig.last, /pool\.pem that miners see has expired: replace the file and reload/);
});

Deno.test("a log that cannot be written is told with its path, and when it can again", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await using hook = new Webhook();
    await using pool = await SimPool.start({ proofOfWork: false });
    // A file is where the folder should be.
    await Deno.writeTextFile(`${folder}/log`, "");
    const target = new LogFile(`${folder}/log`, { maxFileBytes: 1e6, maxFiles: 2 });
    // The log tries again after seconds; these are a hundred times as fast.
    const after: Time["after"] = (ms, act) => systemTime.after(ms / 100, act);
    const time = { ...systemTime, after };
    startLog({ level: "info", format: "text", levels: {}, time, targets: [target] });
    try {
      areaLog("agent").info("A line");
      await using rig = await AlarmRig.start([pool], hook);
      await rig.tells("disk begin");
      assert.match(
        rig.last,
        /^Cannot write \S+\/log\/btcagent\.log: .*File exists/,
      );
      await Deno.remove(`${folder}/log`);
      await rig.tells("disk begin", "disk end");
      assert.match(rig.last, /^Can write \S+\/log\/btcagent\.log again, after \d+ s$/);
    } finally {
      await stopLog();
      target.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("weak workers are told with their names, and when they are not any more", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const events = { ...EVENTS, workers_weak: FIRST, workers_missing: { on: false } };
  const workerTimes = { ...QUICK, keptMs: 200 };
  await using rig = await AlarmRig.start([pool], hook, { notify: { events } }, {}, { workerTimes });
  const { port } = rig.proxy;
  const start = () => SimMiner.start({ port, user: "farm.shared", mode: steady });
  await using one = start();
  const other = start();
  await one.until(() => one.statistics().accepted > 0);
  await other.until(() => other.statistics().accepted > 0);
  const { book } = { book: rig.proxy.proxy.view };
  const usual = () => [...book.workers()].some(({ usualConnections }) => usualConnections === 2);
  await until(usual, "two machines are usual");
  await other.stop();
  await rig.tells("workers_weak begin");
  assert.match(rig.last, /^Workers far below their usual hashrate: 1 of 1: (?:farm\.)?shared$/);
  await using again = start();
  await again.until(() => again.statistics().accepted > 0);
  await rig.tells("workers_weak begin", "workers_weak end");
});

Deno.test("a sub-account that the pool refuses is told by its name while others mine, and its end", async () => {
  using _log = new LogCapture();
  await using hook = new Webhook();
  const accounts = ["alice"];
  await using pool = await SimPool.start({ proofOfWork: false, accounts });
  const events = { ...EVENTS, account_outage: AT_ONCE, workers_silent: { on: false } };
  const settings = { multi_user_mode: true, notify: { events } };
  await using rig = await AlarmRig.start([pool], hook, settings);
  const { port } = rig.proxy;
  await using alice = SimMiner.start({ port, user: "alice.rig", mode: steady });
  await alice.until(() => alice.statistics().accepted > 0);
  await using bob = SimMiner.start({ port, user: "bob.rig", mode: steady, reconnects: true });
  await rig.tells("account_outage begin");
  assert.match(rig.last, /^No pool serves the sub-account bob: 127\.0\.0\.1:\d+: ./);
  assert.equal(hook.bodies[0].level, "warning");
  await looks(rig, 10);
  assert.equal(rig.told.length, 1);
  assert.match(bob.faults[0]!, /Invalid username/);
  accounts.push("bob");
  await rig.tells("account_outage begin", "account_outage end");
  assert.match(
    rig.last,
    /^The sub-account bob has no miners without a pool any more, after \d+ s$/,
  );
  assert.equal(alice.statistics().lostConnections, 0);
});

Deno.test("the summary of the day comes at its time and says how the farm is", async () => {
  await using hook = new Webhook();
  await using pool = await SimPool.start({ proofOfWork: false });
  const clock = new MovedTime(new Date(2027, 5, 1, 7, 59).getTime());
  const { time } = clock;
  const settings = { notify: { digest_at: "08:00" } };
  await using rig = await AlarmRig.start([pool], hook, settings, {}, { time });
  await using farm = minersOf(rig);
  await farm.until(() => farm.statistics().accepted >= 20);
  await looks(rig, 5);
  assert.deepEqual(rig.told, []);
  clock.wall += 120_000;
  await until(() => hook.bodies.length > 0, "the summary");
  await looks(rig, 10);
  assert.equal(hook.bodies.length, 1);
  const [{ title, text, level }] = hook.bodies;
  assert.deepEqual([title, level], ["Farm 7: daily summary", "info"]);
  const lines = text.split("\n");
  assert.match(lines[0], /^Hashrate \d[\d.]* [kMGTP]?H\/s$/);
  assert.equal(lines[1], "6 machines connected");
  assert.equal(lines[2], "0 % of the day's work was lost");
  assert.equal(lines[3], "0 alarms since btcagent started");
  assert.equal(lines.length, 4);
  clock.wall += DAY_MS;
  await until(() => hook.bodies.length > 1, "the next summary");
  assert.match(hook.bodies[1].text, /^0 alarms since the last summary$/m);
});

Deno.test("an outage that lasts over a restart has one beginning and one end, with a history", async () => {
  using _log = new LogCapture();
  const folder = await Deno.makeTempDir();
  try {
    await using hook = new Webhook();
    await using pool = await SimPool.start({ proofOfWork: false });
    const history = { path: `${folder}/history.sqlite` };
    const events = { ...EVENTS, outage: { after_seconds: 2 } };
    const run = async (act: (rig: AlarmRig) => Promise<void>) => {
      const keeper = openOwnHistory(configOf([pool], { history }), systemTime);
      const { hooks, incidents: memory } = keeper;
      {
        // Whatever has to come first on a busy machine: the pool at the start, miners at the next.
        const times = { ...LOOKS, settling: { ...NO_SETTLING, startMs: 3_000 } };
        const parts = { history: keeper, memory, times };
        const settings = { history, notify: { events } };
        await using rig = await AlarmRig.start([pool], hook, settings, parts, { history: hooks });
        keeper.begin(rig.proxy.proxy);
        await using farm = minersOf(rig);
        await farm.until(() => rig.proxy.statistics().connected === 6);
        await act(rig);
      }
      await keeper.end();
    };
    await run(async (rig) => {
      await until(() => rig.proxy.statistics().shares.accepted > 0, "shares");
      await goDown(pool);
      await rig.tells("outage begin");
    });
    const told = () => hook.bodies.map(({ text }) => text).join("\n");
    await run(async (rig) => {
      await looks(rig, 80);
      assert.deepEqual(rig.told, ["outage begin"], told());
      await comeBack(pool);
      await rig.tells("outage begin", "outage end");
    });
    await run(async (rig) => {
      await looks(rig, 80);
      assert.deepEqual(rig.told, ["outage begin", "outage end"], told());
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Telegram gets the names of missing machines as they are, and none of their markup", async () => {
  await using telegram = new Webhook();
  telegram.answer = () => Response.json({ ok: true, result: { message_id: 1 } });
  await using pool = await SimPool.start({ proofOfWork: false });
  const channels = [{ type: "telegram", token: "1:secret", chat: "-42", api: telegram.url("") }];
  await using rig = await AlarmRig.start([pool], telegram, { notify: { channels } });
  const { port } = rig.proxy;
  await using one = SimMiner.start({ port, user: "farm.steady", mode: steady });
  await one.until(() => one.statistics().accepted > 0);
  const name = HOSTILE_NAMES["markup"]!;
  const other = SimMiner.start({ port, user: `farm.${name}`, mode: steady });
  await other.until(() => other.statistics().accepted > 0);
  await other.stop();
  await telegram.until(1);
  const [{ path }] = telegram.received as [Webhook["received"][number]];
  assert.equal(path, "/bot1:secret/sendMessage");
  const [{ chat_id, text, parse_mode }] = telegram.bodies;
  assert.deepEqual([chat_id, parse_mode], ["-42", "HTML"]);
  assert.match(text, /^Farm 7: Machines missing: 1 of 2: /);
  assert.doesNotMatch(text, /[<>]/);
});
