/** The pool that serves fails in every way a pool can, with a spare at hand: miners go on. */

import assert from "node:assert/strict";
import { BROKEN_BYTES, NO_FAULTS } from "../../lib/sim/pool_faults.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { HEALTHY_MS } from "../../lib/pool/health.ts";
import { FailoverRig, SHORT_TIMEOUTS } from "../support/failover_rig.ts";
import { until } from "../support/test_proxy.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";

/** The most a move to a spare may take once the loss is known, in milliseconds. */
const MOVE_MS = 500;

/** The read time-out of these tests, and what looking at deadlines adds, in milliseconds. */
const SILENCE_MS = 2_000 + 250;

interface Loss {
  readonly what: string;
  readonly fail: (pool: SimPool) => Promise<void> | void;
  /** How long it takes to notice, in milliseconds. */
  readonly noticeMs?: number;
  /** What the operator reads. */
  readonly reason: RegExp;
}

const HALF_FRAME = Uint8Array.of(0x7f, 0x10, 0x0a, 0x00, 0x01);

const LOSSES: readonly Loss[] = [
  {
    what: "resets (RST)",
    fail: (pool) => pool.resetConnections(),
    // It is found out by whichever comes first, a read or a write.
    reason: /closed the conn|reset by peer|Broken pipe/,
  },
  { what: "closes (FIN)", fail: (pool) => pool.finishConnections(), reason: /closed the conn/ },
  {
    what: "closes in the middle of a frame",
    fail: (pool) => pool.finishConnections(HALF_FRAME),
    reason: /closed the conn/,
  },
  {
    what: "is half-open: no bytes, no FIN",
    fail: (pool) => pool.setFaults({ isSilent: true }),
    noticeMs: SILENCE_MS,
    reason: /silent: no bytes for 2 s/,
  },
  {
    what: "stops reading, and so has nothing to answer",
    fail: (pool) => pool.setFaults({ stopReading: true }),
    noticeMs: SILENCE_MS,
    reason: /silent: no bytes for 2 s/,
  },
  {
    what: "sends a line that is no JSON",
    fail: (pool) => pool.send(BROKEN_BYTES.garbageLine()),
    reason: /lost \(serving\)/,
  },
  {
    what: "sends a line of 2 MiB",
    fail: (pool) => pool.send(BROKEN_BYTES.oversizedLine()),
    reason: /lost \(serving\)/,
  },
  {
    what: "sends a frame of length 0",
    fail: (pool) => pool.send(BROKEN_BYTES.frameOfLength(0)),
    reason: /lost \(serving\)/,
  },
  {
    what: "sends a frame of length 3",
    fail: (pool) => pool.send(BROKEN_BYTES.frameOfLength(3)),
    reason: /lost \(serving\)/,
  },
];

for (const { what, fail, noticeMs = 0, reason } of LOSSES) {
  Deno.test(`a pool that ${what} hands its miners to the spare, and none is disconnected`, async () => {
    await using rig = await FailoverRig.start({
      settings: noticeMs > 0 ? { advanced: SHORT_TIMEOUTS } : {},
    });
    await rig.begun();
    rig.log();
    using stopwatch = new Stopwatch();
    await fail(rig.pool(0));
    const stoodStill = await rig.standstill(1, stopwatch);
    assert.ok(stoodStill <= noticeMs + MOVE_MS, `miners stood still for ${stoodStill} ms`);
    const log = rig.log();
    assert.equal(log.filter((line) => reason.test(line)).length, 1, log.join("\n"));
    await rig.goesOn();
    // A pool that does not read does not see either that it was left.
    await rig.pool(0).setFaults(NO_FAULTS);
    const shares = await rig.closeBooks(1);
    assert.equal(shares.outage, 0);
    assert.equal(rig.pool(1).statistics().connectionsNow, 1);
  });
}

Deno.test("a pool with one address that restarts its connections loses almost nothing", async () => {
  await using rig = await FailoverRig.start({ pools: 1, sharesPerSecond: 10 });
  await rig.servedBy(0);
  const connections = () => {
    const [account] = rig.proxy.proxy.parts.accounts.reports();
    return account!.open!.upstreams.pools[0]!.connections;
  };
  await until(
    () =>
      connections().length === 2 &&
      connections().every(({ role, ageMs }) => role !== "opening" && ageMs >= HEALTHY_MS),
    "the connection and its spare have been healthy",
  );
  const late = () => {
    const { refusedStale, refusedNoPool } = rig.proxy.statistics().shares;
    return refusedStale + refusedNoPool;
  };
  const before = late();
  using stopwatch = new Stopwatch();
  rig.pool(0).resetConnections();
  await rig.pool(0).until(() => rig.pool(0).statistics().connections === 4);
  const stoodStill = stopwatch.ms();
  await rig.goesOn();
  // A redial after 0.25 to 0.5 s cost some 40 to 80 of the 200 shares a second.
  const lost = late() - before;
  assert.ok(stoodStill < 200, `redialled after ${stoodStill} ms`);
  assert.ok(lost <= 40, `${lost} shares were refused`);
  await rig.closeBooks(0);
});

Deno.test("a pool that talks but does not listen is left when shares and probes go unanswered", async () => {
  await using rig = await FailoverRig.start({
    pool: { jobIntervalMs: 300 },
    settings: { advanced: SHORT_TIMEOUTS },
  });
  await rig.begun();
  rig.log();
  using stopwatch = new Stopwatch();
  await rig.pool(0).setFaults({ stopReading: true });
  const stoodStill = await rig.standstill(1, stopwatch);
  assert.ok(stoodStill <= 2 * SILENCE_MS, `it was noticed after ${stoodStill} ms`);
  assert.match(rig.log().join("\n"), /deaf: /);
  await rig.goesOn();
  await rig.closeBooks(1);
});

/** Pools that are well connected and of no use; the times are shorter than anybody would set them. */
const HALF_DEAD = [
  {
    what: "judges no share but answers probes",
    faults: { dropEveryNthVerdict: 1 },
    said: /judged none of 20 or more shares sent 2 s ago/,
  },
  {
    what: "refuses every share as stale",
    faults: { everyVerdict: 37 },
    said: /rejected all \d+ shares of 2 s, from several miners: 37 "Stale share"/,
  },
];

for (const { what, faults, said } of HALF_DEAD) {
  Deno.test(`a pool that ${what} is left for the spare, with one line that says why`, async () => {
    await using rig = await FailoverRig.start({
      settings: { failover: { no_verdict_seconds: 2, all_refused_seconds: 2 } },
    });
    await rig.begun();
    rig.log();
    await rig.pool(0).setFaults(faults);
    await rig.servedBy(1);
    const lines = rig.log().filter((line) => line.includes("half dead (serving)"));
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0]!, said);
    await rig.goesOn();
    await rig.pool(0).until(() => rig.pool(0).statistics().connectionsNow === 0);
    assert.equal(rig.farm.statistics().lostConnections, 0);
    assert.equal(rig.pool(0).statistics().connections, 1, "it is left alone");
  });

  Deno.test(`a pool that ${what} is kept for as long as the configuration says`, async () => {
    await using rig = await FailoverRig.start({
      settings: { failover: { no_verdict_seconds: 0, all_refused_seconds: 0 } },
    });
    await rig.begun();
    await rig.pool(0).setFaults(faults);
    const since = performance.now();
    await rig.pool(0).until(() => performance.now() - since > 3_000);
    assert.equal(rig.pool(0).workers().length, 20);
    assert.equal(rig.pool(0).statistics().connections, 1);
  });
}

Deno.test("frames of unknown commands change nothing", async () => {
  await using rig = await FailoverRig.start();
  await rig.begun();
  for (let i = 0; i < 100; i++) rig.pool(0).send(BROKEN_BYTES.unknownFrame());
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.accepted, rig.pool(0).statistics().accepted);
  assert.equal(rig.pool(0).statistics().connections, 1);
});

Deno.test("bytes that arrive one by one become jobs and verdicts", async () => {
  await using rig = await FailoverRig.start({ miners: 3, sharesPerSecond: 1 });
  await rig.begun();
  await rig.pool(0).setFaults({ dribbleMs: 1 });
  const { jobs } = rig.farm.statistics();
  rig.pool(0).newBlock();
  // A job of some 1,500 bytes takes as many timer ticks, however long those are today.
  await rig.farm.until(() => rig.farm.statistics().jobs >= jobs + 3);
  await rig.pool(0).setFaults({ dribbleMs: 0 });
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.accepted, rig.pool(0).statistics().accepted);
  assert.equal(rig.pool(0).statistics().connections, 1);
});

Deno.test("a pool that floods with jobs and verdicts for a second is served through", async () => {
  await using rig = await FailoverRig.start({ miners: 50 });
  await rig.begun();
  const pool = rig.pool(0);
  const end = performance.now() + 1_000;
  let verdicts = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 20; i++) pool.newJob();
    for (let i = 0; i < 200; i++, verdicts++) pool.sendVerdict(30_000, 23);
    await new Promise((resolve) => setTimeout(resolve));
  }
  using stopwatch = new Stopwatch();
  pool.newBlock();
  await newestJob(rig);
  const tookMs = stopwatch.ms(rig.farm.statistics().lastJobAtMs);
  assert.ok(tookMs < 2_000, `the newest job came ${tookMs} ms later`);
  await rig.goesOn(200);
  await rig.closeBooks(0);
  assert.equal(rig.proxy.statistics().strayVerdicts.neverSent, verdicts);
  assert.equal(pool.statistics().connections, 1);
});

/** Settles when the last miner got the work on the pool's newest height. */
async function newestJob(rig: FailoverRig): Promise<void> {
  const previous = new Set(rig.farm.miners.map((miner) => miner.work?.job.prevHash));
  await rig.farm.until(() =>
    rig.farm.miners.every((miner) => !previous.has(miner.work?.job.prevHash))
  );
}
