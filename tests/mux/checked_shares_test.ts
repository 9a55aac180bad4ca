/** Multiplexer: connections whose shares are hashed here, and whose difficulties are ours. */

import assert from "node:assert/strict";
import { VERDICT_TIMEOUT_MS } from "../../lib/mux/terms.ts";
import { ACCEPTED } from "../../lib/mux/verdict.ts";
import { judgementOf } from "../../lib/pool/stratum/verdicts.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import { ANY_WORK, CheckedUpstream } from "../support/checked_upstream.ts";
import { CheckedWorld as World, hex, NO_BLOCKS } from "../support/checked_world.ts";
import { LogCapture } from "../support/log_capture.ts";
import { poolJob } from "../support/mux_world.ts";
import { until } from "../support/test_proxy.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";

const TOO_LOW = judgementOf({
  kind: "answer",
  id: 1,
  result: undefined,
  error: { code: ERROR_CODE.lowDifficulty, text: "Difficulty too low" },
}).verdict;

/** One hash in 65,536 is no block. */
const ALL_BLOCKS = "2100ffff";

const SHARE = {
  id: 1,
  extranonce2: 5,
  extranonce2Digits: 8,
  ntime: 0x650d1b20,
  nonce: 7,
  versionBits: 0,
  hasVersionBits: false,
};

Deno.test("shares that came together are answered in their order, four hashed at a time", async () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** 40 });
  const miners = [world.join(), world.join()];
  const order: unknown[] = [];
  for (const miner of miners) {
    const accept = miner.acceptShare.bind(miner);
    miner.acceptShare = (id) => (order.push(id), accept(id));
    const reject = miner.rejectShare.bind(miner);
    miner.rejectShare = (id, error) => (order.push(id), reject(id, error));
  }
  const ids = [0, 1, 0, 1, 0, 1].map((who) => world.submit(miners[who]!).id);
  assert.deepEqual(order, ids.slice(0, 4), "the fifth has come since");
  await Promise.resolve();
  assert.deepEqual(order, ids);
  assert.equal(pool.submits.length, 0, "far below the pool's difficulty");
});

Deno.test("a share below the pool's difficulty is kept and credited; below its miner's, refused", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  assert.equal(await world.share(miner), undefined, "it waits for the verdict");
  pool.acceptAll();
  assert.equal(miner.answers.get(0)?.[0], SHARE_ACCEPTED);
  world.mux.difficultyChanged(pool, "all", 2 ** 62, false);
  world.jobOf(pool, "2");
  assert.ok(miner.difficulty! >= 1, "by its client agent it may be an ASIC");
  assert.equal(await world.share(miner), ERROR_CODE.lowDifficulty);
  const { kept, refusedLowDifficulty, accepted, received } = world.mux.books.shares;
  assert.deepEqual([received, accepted, kept, refusedLowDifficulty], [2, 1, 0, 1]);
});

Deno.test("the same shares are duplicates for a repeated job, but not for another job with its id", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const { id: before } = miner.job;
  const repeated = () => miner.seat!.submit({ ...SHARE, jobId: miner.job.id });
  repeated();
  await Promise.resolve();
  world.jobOf(pool, "1", false);
  world.clock.advance(10_000);
  world.mux.tick();
  assert.notEqual(miner.job.id, before);
  repeated();
  await Promise.resolve();
  assert.deepEqual(pool.submits.map(({ poolJobId }) => poolJobId), ["1"]);
  assert.equal(world.mux.books.shares.refusedDuplicate, 1);
  world.mux.jobArrived(pool, {
    ...poolJob("1", true, hex("a")),
    coinbase2: "77",
    bits: NO_BLOCKS,
  });
  repeated();
  await Promise.resolve();
  assert.equal(pool.submits.length, 2);
});

Deno.test("miners are told the pool's difficulty at most, as a power of two, with a job", () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 1000 });
  const miner = world.join();
  assert.equal(miner.difficulty, 512);
  world.mux.difficultyChanged(pool, "all", 100, true);
  assert.equal(miner.difficulty, 512, "no job has come with it");
  world.jobOf(pool, "2");
  assert.equal(miner.difficulty, 64);
});

Deno.test("a miner's suggestion is its difficulty from one of the next jobs on", () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** 30 });
  const miner = world.join();
  miner.suggestedDifficulty = 2 ** 20;
  miner.seat!.suggested();
  world.clock.advance(1_000);
  world.jobOf(pool, "2");
  assert.equal(miner.difficulty, 2 ** 20);
});

Deno.test("a block goes up before all others, whatever its job's age", async () => {
  using log = new LogCapture();
  const world = new World();
  const pool = world.serves("a");
  world.jobOf(pool, "blocks", true, ALL_BLOCKS);
  const miner = world.join();
  const old = miner.job.id;
  world.jobOf(pool, "next");
  await world.share(miner, old);
  assert.deepEqual(pool.submits.map(({ poolJobId, isBlock }) => [poolJobId, isBlock]), [
    ["blocks", true],
  ]);
  assert.match(log.take().join("\n"), /Block found: rig0 has a share for a/);
});

Deno.test("a block goes up once, also if the pool repeats its job", async () => {
  using _log = new LogCapture();
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  for (const isClean of [true, false]) {
    world.jobOf(pool, "blocks", isClean, ALL_BLOCKS);
    world.clock.advance(10_000);
    world.mux.tick();
    miner.seat!.submit({ ...SHARE, jobId: miner.job.id });
    await Promise.resolve();
  }
  const { blocks, refusedDuplicate } = world.mux.books.shares;
  assert.deepEqual([pool.submits.length, blocks, refusedDuplicate], [1, 1, 1]);
});

Deno.test("a block for a job of another connection goes up there; of a gone one it is an error", async () => {
  using log = new LogCapture();
  const world = new World();
  const first = world.serves("a", { difficulty: 2 ** -34 });
  world.jobOf(first, "blocks", true, ALL_BLOCKS);
  const miner = world.join();
  const old = miner.job.id;
  const second = world.serves("b", { difficulty: 2 ** 40 });
  world.mux.moved(first, undefined);
  assert.equal(miner.seat!.upstreamName, "b");
  await world.share(miner, old);
  assert.deepEqual(first.submits.map(({ isBlock }) => isBlock), [true]);
  first.acceptAll();
  world.mux.upstreamLost(first);
  log.take();
  assert.equal(await world.share(miner, old), ERROR_CODE.jobNotFound);
  assert.match(log.take().join("\n"), /BLOCK NOT SENT: rig0 found a block for a job of a/);
  assert.equal(second.submits.length, 0);
  const { received, submitted, accepted, refusedStale } = world.mux.books.shares;
  assert.deepEqual([received, submitted, accepted, refusedStale], [2, 1, 1, 1]);
});

Deno.test("miners whose extranonces fit no serving pool are disconnected once each", () => {
  using log = new LogCapture();
  const world = new World();
  const wide = world.serves("a");
  const miners = [world.join(), world.join()];
  const narrow = new CheckedUpstream("b", world.mux, { size: 6 });
  world.mux.upstreamReady(narrow);
  assert.match(
    log.take().join("\n"),
    /Pool b leaves miners 6 bytes .* for 2 of the connected miners/,
  );
  assert.ok(miners.every(({ isGone }) => !isGone), "it serves nobody yet");
  world.mux.moved(wide, narrow);
  world.tick();
  assert.ok(miners.every(({ isGone }) => isGone));
  assert.equal(world.mux.outgrown, 2);
});

Deno.test("at a pool with 4 bytes, miners with one low byte sit on connections of their own", () => {
  const world = new World();
  const one = world.serves("a", { size: 4 });
  const layout = { extranonce1Bytes: 1, extranonce2Bytes: 3 };
  const miners = Array.from({ length: 241 }, () => world.joinWith(layout));
  world.tick();
  assert.equal(world.mux.roomless, 1);
  assert.equal(world.mux.minersAt(one), 240);
  assert.equal(miners[240]!.isAdmitted, false, "it waits for one more connection");
  const two = world.serves("b", { size: 4 });
  world.tick();
  assert.equal(world.mux.minersAt(two), 1);
  assert.equal(world.mux.roomless, 0);
});

Deno.test("miners for whom there is no room hear their last work again, and leave when the grace is over", async () => {
  const world = new World({ graceMs: 100_000 });
  const pair = ["v", "w"].map((name) => world.serves(name, { size: 4 }));
  const layout = { extranonce1Bytes: 1, extranonce2Bytes: 3 };
  const miners = Array.from({ length: 245 }, () => world.joinWith(layout));
  world.serves("n", { size: 4 });
  for (const upstream of pair) world.mux.upstreamLost(upstream);
  const waiting = () => miners.filter(({ seat, isGone }) => !isGone && !seat!.upstreamName);
  for (const seconds of [40, 80]) {
    world.clock.advance(40_000);
    const before = waiting().map(({ jobs }) => jobs.length);
    await until(() => (world.tick(), waiting().length === 5), "all others have a place");
    for (const [i, { jobs }] of waiting().entries()) {
      assert.ok(jobs.length > before[i]!, `silence for ${seconds} s`);
    }
  }
  const [freed] = miners.filter(({ seat }) => seat!.upstreamName === "n");
  freed!.leave();
  world.clock.advance(20_000);
  await until(() => (world.tick(), waiting().length === 0), "nobody waits any more");
  const reasons = new Set(miners.map(({ disconnectedFor }) => disconnectedFor));
  assert.deepEqual(reasons, new Set([undefined, "no pool connection with room for over 100 s"]));
});

Deno.test("if the share sent to find out the pool's rule is never judged, another one is sent", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const { id: before } = miner.job;
  world.mux.difficultyChanged(pool, "all", 2 ** 62, false);
  const sent = async () => {
    await world.share(miner, before);
    return pool.submits.length;
  };
  assert.deepEqual([await sent(), await sent()], [1, 1], "one at a time");
  world.clock.advance(VERDICT_TIMEOUT_MS + 1);
  world.mux.tick();
  assert.equal(await sent(), 2);
  world.mux.abandoned(pool, 1, 1);
  assert.equal(await sent(), 3);
});

Deno.test("a job repeated under its id keeps miners' work good, one with other work does not", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const { id: before } = miner.job;
  world.jobOf(pool, "1", false);
  assert.equal(await world.share(miner, before), undefined, "it waits for its verdict");
  world.jobOf(pool, "1", true);
  assert.equal(await world.share(miner, before), undefined);
  assert.deepEqual(pool.submits.map(({ poolJobId }) => poolJobId), ["1", "1"]);
  world.mux.jobArrived(pool, {
    ...poolJob("1", false, hex("a")),
    coinbase2: "77",
    bits: NO_BLOCKS,
  });
  assert.equal(await world.share(miner, before), ERROR_CODE.jobNotFound);
});

Deno.test("a share of a job that the pool repeats when it was past goes up once", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const submit = async (extranonce2: number) => {
    miner.seat!.submit({
      ...SHARE,
      id: 10 + world.mux.books.shares.received,
      extranonce2,
      jobId: miner.job.id,
    });
    await Promise.resolve();
  };
  await submit(5);
  for (let round = 0; round < 3; round++) {
    world.jobOf(pool, "2");
    world.jobOf(pool, "1");
    await submit(5);
  }
  assert.deepEqual(pool.submits.map(({ poolJobId }) => poolJobId), ["1"]);
  assert.equal(world.mux.books.shares.refusedDuplicate, 3);
  await submit(6);
  assert.equal(pool.submits.length, 2, "another one is new");
});

Deno.test("a share that was kept is a duplicate once the pool would take it", async () => {
  const world = new World();
  world.rules = vardiffRules({ fixed: ANY_WORK });
  const pool = world.serves("a", { difficulty: 2 ** 40 });
  const miner = world.join();
  const submit = async () => {
    miner.seat!.submit({ ...SHARE, id: 10 + world.mux.books.shares.received, jobId: miner.job.id });
    await Promise.resolve();
  };
  await submit();
  assert.equal(world.mux.books.shares.kept, 1);
  world.mux.difficultyChanged(pool, "all", ANY_WORK, true);
  await submit();
  world.jobOf(pool, "1", false);
  await submit();
  assert.deepEqual([pool.submits.length, world.mux.books.shares.refusedDuplicate], [0, 2]);
});

Deno.test("a connection says what its pool demands now, not what it began with", () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 1024 });
  world.mux.difficultyChanged(pool, "all", 4096, true);
  assert.deepEqual(world.mux.occupancies.map(({ poolDifficulty }) => poolDifficulty), [4096]);
});

Deno.test("a pool whose difficulty no miner reaches in an hour is said, though nothing is refused or late", async () => {
  using log = new LogCapture();
  const world = new World();
  world.rules = vardiffRules({ fixed: ANY_WORK });
  const pool = world.serves("a");
  const miner = world.join();
  const lines: string[] = [];
  const pass = async (minutes: number) => {
    for (let step = 0; step < minutes * 2; step++) {
      world.clock.advance(30_000);
      for (let n = 0; n < 5; n++) await world.share(miner);
      pool.acceptAll();
      world.jobOf(pool, `${lines.length} ${step}`, false);
      world.mux.tick();
      lines.push(...log.take().filter((line) => line.includes("far too high")));
    }
  };
  await pass(20);
  assert.deepEqual(lines, []);
  world.mux.difficultyChanged(pool, "all", 2 ** 200, true);
  await pass(20);
  assert.equal(lines.length, 1);
});

Deno.test("a miner that goes on while no pool answers keeps the difficulty that suits it", async () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** 40 });
  const miner = world.join();
  const started = miner.difficulty!;
  const standby = world.serves("s", {
    terms: { validation: "pool", verdicts: "none", poolDifficulty: Infinity },
  });
  world.mux.upstreamLost(pool);
  await until(() => miner.seat!.upstreamName === "s", "it sits at the standby");
  for (let job = 2; job < 32; job++) {
    world.clock.advance(20_000);
    // Ten a minute are aimed at.
    for (let n = 0; n < 3; n++) world.submit(miner);
    world.jobOf(standby, String(job), false);
    world.mux.tick();
  }
  assert.equal(miner.difficulty, started);
  assert.equal(world.mux.books.shares.outage, 90);
});

Deno.test("firmware that needs 2 bytes of its own shares a narrow connection with its like only", async () => {
  const world = new World();
  const one = world.serves("a", { size: 4 });
  world.joinWith({ extranonce1Bytes: 1, extranonce2Bytes: 3 });
  const nerd = world.joinWith({ extranonce1Bytes: 2, extranonce2Bytes: 2 });
  world.tick();
  assert.equal(world.mux.roomless, 1);
  const two = world.serves("b", { size: 4 });
  world.tick();
  assert.equal(nerd.seat!.upstreamName, "b");
  world.joinWith({ extranonce1Bytes: 1, extranonce2Bytes: 3 });
  assert.deepEqual([world.mux.minersAt(one), world.mux.minersAt(two)], [2, 1]);
  const { id } = world.submit(nerd, nerd.job.id);
  await Promise.resolve();
  // Written as one byte and three: the whole session id, then the 2 bytes of the miner.
  const [sent] = two.submits;
  assert.equal(sent?.sessionId, nerd.sessionId >>> 8);
  assert.equal(sent?.share.extranonce2, ((nerd.sessionId & 0xff) << 24 | id << 8) >>> 0);
});

Deno.test("of a flood of jobs each miner has its difficulty set once a second, at once if the pool's is another", () => {
  const world = new World();
  const pool = world.serves("a", { difficulty: 2 ** 40 });
  const miner = world.join();
  const suggest = (difficulty: number) => {
    miner.suggestedDifficulty = difficulty;
    miner.seat!.suggested();
  };
  world.jobOf(pool, "2");
  suggest(2 ** 20);
  world.jobOf(pool, "3");
  assert.notEqual(miner.difficulty, 2 ** 20, "it was set a moment ago");
  world.clock.advance(1_000);
  world.jobOf(pool, "4");
  assert.equal(miner.difficulty, 2 ** 20);
  world.mux.difficultyChanged(pool, "all", 2 ** 10, false);
  world.jobOf(pool, "5");
  assert.equal(miner.difficulty, 2 ** 10);
});

Deno.test("what is refused for a Stratum pool has a code that every such pool has: 20 to 23", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  assert.equal(await world.share(miner, miner.job.id, 0x20000000), 20, "a version bit of nobody's");
  assert.equal(await world.share(miner, 7), 21, "no job of ours");
  world.mux.difficultyChanged(pool, "all", 2 ** 62, false);
  world.jobOf(pool, "2");
  assert.equal(await world.share(miner), ERROR_CODE.lowDifficulty);
});

Deno.test("a miner that floods hears a harder difficulty at once, with a clean job of its own", async () => {
  const world = new World();
  // Any hash is a share, to begin with.
  world.rules = vardiffRules({ fixed: ANY_WORK });
  const pool = world.serves("a", { difficulty: 2 ** 40 });
  const [flooding, calm] = [world.join(), world.join()];
  const jobs = [flooding, calm].map(({ jobs }) => jobs.length);
  const { id: before, ntime } = flooding.job;
  world.rules = vardiffRules({ minimum: 2 ** -20 });
  world.clock.advance(10_000);
  for (let n = 0; n < 30; n++) world.submit(flooding);
  world.tick();
  assert.ok(flooding.difficulty! >= 8 * ANY_WORK, `${flooding.difficulty}`);
  assert.deepEqual([flooding.job.isClean, flooding.jobs.length], [true, jobs[0]! + 1]);
  assert.notEqual(flooding.job.ntime, ntime, "the same header would be searched once more");
  assert.equal(calm.jobs.length, jobs[1]);
  // What it finds for what it had before is judged by that.
  for (let n = 0; n < 30; n++) world.submit(flooding, before);
  world.tick();
  // One hash in 65,536 is none, and here it comes.
  const { kept, refusedLowDifficulty } = world.mux.books.shares;
  assert.deepEqual([kept, refusedLowDifficulty, pool.submits.length], [59, 1, 0]);
  assert.equal(flooding.jobs.length, jobs[0]! + 1);
  for (let n = 0; n < 30; n++) world.submit(calm);
  world.tick();
  assert.equal(calm.jobs.length, jobs[1], "one such job in five seconds");
  world.clock.advance(5_000);
  world.tick();
  assert.equal(calm.difficulty, flooding.difficulty);
  assert.equal(await world.share(calm), ERROR_CODE.lowDifficulty);
});

Deno.test("shares that wait for their turn are counted as submitted when they go up", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  for (let n = 0; n < 3; n++) assert.equal(await world.share(miner), undefined);
  assert.deepEqual([world.mux.books.shares.submitted, world.mux.waitingShares], [0, 3]);
  world.clock.advance(5_000);
  pool.letGo();
  assert.equal(world.mux.books.shares.submitted, 3);
  world.clock.advance(100);
  pool.acceptAll();
  assert.equal(world.mux.books.shares.accepted, 3);
  assert.ok(world.counter.verdictLatency.snapshot().sumMs <= 3 * 100, "from when they went up");
});

Deno.test("shares that wait while the pool's difficulty rises above them are kept, but for one that finds out", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  for (let n = 0; n < 5; n++) await world.share(miner);
  world.mux.difficultyChanged(pool, "all", 2 ** 40, true);
  assert.deepEqual(pool.held.map(({ serial }) => serial), [0]);
  const { kept, submitted, received } = world.mux.books.shares;
  assert.deepEqual([received, submitted, kept], [5, 0, 4]);
  assert.equal(world.counter.creditedDifficulty, 4 * ANY_WORK);
  assert.equal(world.mux.books.brakeLossAt(0), 4 * ANY_WORK, "sent at once they had been counted");
  await until(() => miner.answers.size === 4, "their miner hears that they are good");
  assert.deepEqual([...miner.answers.values()].flat(), Array(4).fill(SHARE_ACCEPTED));
  world.mux.difficultyChanged(pool, "all", 2 ** 41, true);
  assert.deepEqual(pool.held, [], "nothing that old counts");
  assert.equal(world.mux.waitingShares, 0);
});

Deno.test("shares that wait while a new block comes are stale, and do not go up", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  for (let n = 0; n < 3; n++) await world.share(miner);
  world.jobOf(pool, "2", false);
  assert.equal(pool.held.length, 3, "a job that is not clean leaves older ones good");
  world.jobOf(pool, "3");
  assert.deepEqual([pool.held, world.mux.books.shares.refusedStale], [[], 3]);
  await until(() => miner.answers.size === 3, "their miner hears of it");
  assert.deepEqual([...miner.answers.values()].flat(), [21, 21, 21]);
  assert.equal(world.mux.books.brakeLossAt(0), 0);
  pool.letGo();
  assert.equal(await world.share(miner), undefined);
  pool.acceptAll();
  const { received, submitted, accepted } = world.mux.books.shares;
  assert.deepEqual([received, submitted, accepted, world.mux.waitingShares], [4, 1, 1, 0]);
});

Deno.test("shares that wait while the pool takes version bits back do not go up with them", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  for (const bits of [0, 0x2000, 0x10000000]) await world.share(miner, miner.job.id, bits);
  pool.versionMask = 0x0000e000;
  world.mux.versionMaskChanged(pool);
  assert.deepEqual(pool.held.map(({ share }) => share.versionBits), [0, 0x2000]);
  const { received, refusedVersionMask } = world.mux.books.shares;
  assert.deepEqual([received, refusedVersionMask, world.mux.waitingShares], [3, 1, 2]);
  await until(() => miner.answers.size === 1, "its miner hears of it");
  assert.deepEqual(miner.answers.get(2), [20]);
  assert.equal(world.counter.creditedDifficulty, 0);
  pool.letGo();
  pool.acceptAll();
  assert.deepEqual([world.mux.books.shares.submitted, world.mux.books.shares.accepted], [2, 2]);
});

Deno.test("shares that wait when their connection is lost end like those that were sent", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  await world.share(miner);
  pool.isHolding = true;
  await world.share(miner);
  world.mux.upstreamLost(pool);
  await until(() => world.mux.waitingShares === 0, "they are ended");
  const { submitted, unansweredConnectionLost } = world.mux.books.shares;
  assert.deepEqual([submitted, unansweredConnectionLost], [2, 2]);
});

Deno.test("a verdict on a share that waits for its turn is astray: the pool cannot have seen it", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  await world.share(miner);
  world.mux.judged(pool, 0, 0, ACCEPTED);
  assert.deepEqual([world.mux.books.shares.accepted, world.mux.books.strayVerdicts.neverSent], [
    0,
    1,
  ]);
  pool.letGo();
  pool.acceptAll();
  const { submitted, accepted } = world.mux.books.shares;
  assert.deepEqual([submitted, accepted, miner.answers.get(0)], [1, 1, [SHARE_ACCEPTED]]);
});

Deno.test("a share that finds out how the pool takes a raise that came while it waited contradicts nothing", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  await world.share(miner);
  world.mux.difficultyChanged(pool, "all", 2 ** 40, true);
  pool.letGo();
  world.mux.judged(pool, 0, 0, TOO_LOW);
  const { submitted, rejectedLowDifficulty, contradicted } = world.mux.books.shares;
  assert.deepEqual([submitted, rejectedLowDifficulty, contradicted], [1, 1, 0]);
});

Deno.test("a share that waits to find out the pool's rule keeps its purpose, whatever jobs come", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const { id: before } = miner.job;
  pool.isHolding = true;
  world.mux.difficultyChanged(pool, "all", 2 ** 40, true);
  await world.share(miner, before);
  world.jobOf(pool, "2", false);
  assert.deepEqual(pool.held.map(({ serial }) => serial), [0]);
  world.mux.difficultyChanged(pool, "all", ANY_WORK, true);
  world.mux.difficultyChanged(pool, "all", 2 ** 40, true);
  assert.deepEqual(pool.held.map(({ serial }) => serial), [0], "it is to find out anew");
  pool.held = [];
  world.mux.abandoned(pool, 0, 0);
  await world.share(miner, before);
  assert.deepEqual(pool.held.map(({ serial }) => serial), [1], "another one is to");
});

Deno.test("once a pool has refused a share as too low, none like it that waits goes up", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  const { id: before } = miner.job;
  world.mux.difficultyChanged(pool, "all", 2 ** 40, true);
  await world.share(miner, before);
  pool.acceptAll();
  await world.share(miner, before);
  pool.isHolding = true;
  for (let n = 0; n < 3; n++) await world.share(miner, before);
  assert.equal(pool.held.length, 3);
  world.mux.judged(pool, 1, 1, TOO_LOW);
  const { kept, rejectedLowDifficulty } = world.mux.books.shares;
  assert.deepEqual([pool.held, kept, rejectedLowDifficulty], [[], 3, 1]);
});

Deno.test("a share that waits for its turn as long as for a verdict does not go up any more", async () => {
  const world = new World();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  await world.share(miner);
  world.clock.advance(VERDICT_TIMEOUT_MS);
  await world.share(miner);
  world.clock.advance(1);
  world.mux.tick();
  assert.deepEqual(pool.held.map(({ serial }) => serial), [1]);
  const { submitted, unansweredTimedOut } = world.mux.books.shares;
  assert.deepEqual([submitted, unansweredTimedOut, world.mux.waitingShares], [1, 1, 1]);
});

Deno.test("a share much easier than its miner was told is credited by what the pool may count it for", async () => {
  const world = new World();
  world.rules = vardiffRules({ fixed: 2 ** 20 });
  const pool = world.serves("a", { difficulty: 2 ** 20 });
  const miner = world.join();
  assert.equal(miner.difficulty, 2 ** 20);
  world.mux.difficultyChanged(pool, "all", ANY_WORK, true);
  await world.share(miner);
  pool.acceptAll();
  assert.equal(world.mux.books.shares.accepted, 1);
  assert.equal(world.counter.creditedDifficulty, ANY_WORK);
  assert.equal(world.mux.books.creditedAt(0), ANY_WORK);
});
