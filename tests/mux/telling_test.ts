/** What miners are told and when: difficulties job by job, jobs told again, crowds in turns. */

import assert from "node:assert/strict";
import { CheckedWorld } from "../support/checked_world.ts";
import fc from "fast-check";
import { NO_POOL } from "../../lib/mux/upstream.ts";
import { VERDICT_TIMEOUT_MS } from "../../lib/mux/terms.ts";
import { JOB_AGAIN_MS } from "../../lib/mux/work.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import type { FakeUpstream } from "../support/fake_upstream.ts";
import { MuxWorld } from "../support/mux_world.ts";
import { until } from "../support/test_proxy.ts";

/** What a share for this job is credited with. */
function credit(world: MuxWorld, pool: FakeUpstream, miner: FakeDownstream, jobId: number): number {
  const before = world.counter.creditedDifficulty;
  assert.equal(world.submit(miner, jobId).receipt, "waiting");
  pool.judge(pool.submits.at(-1)!.index, SHARE_ACCEPTED);
  return world.counter.creditedDifficulty - before;
}

/** Time passes, with a tick four times a second. */
function pass(world: MuxWorld, ms: number): void {
  for (const end = world.clock.now() + ms; world.clock.now() < end;) {
    world.clock.advance(250);
    world.tick();
  }
}

// Difficulties

Deno.test("A share is credited with what its job was sent with, however many difficulties ago", () => {
  const world = new MuxWorld();
  const pool = world.active("pool", { difficulty: 1 });
  const miner = world.join();
  const expected = new Map([[miner.job.id, 1]]);
  for (let exponent = 1; exponent < 200; exponent++) {
    if (exponent % 3 !== 0) {
      world.mux.difficultyChanged(pool, [miner.sessionId], 2 ** (exponent % 20), false);
    }
    world.job(pool, String(exponent));
    const { difficulty } = miner;
    expected.set(miner.job.id, difficulty!);
    assert.equal(difficulty, 2 ** ((exponent % 3 === 0 ? exponent - 1 : exponent) % 20));
  }
  for (const [jobId, difficulty] of expected) {
    assert.equal(credit(world, pool, miner, jobId), difficulty);
  }
});

Deno.test("Credits of any miner for any job are what the pool credits, whatever it changes when", () => {
  const step = fc.record({
    do: fc.constantFrom("difficulty", "difficulty", "job", "share", "share", "leave", "again"),
    who: fc.nat({ max: 3 }),
    exponent: fc.nat({ max: 40 }),
    job: fc.nat({ max: 8 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
      const world = new MuxWorld();
      const pool = world.active("pool", { difficulty: 1 });
      const miners = [0, 1, 2, 3].map(() => world.join());
      /** As the pool has it: what each has now, and had at each job. */
      const now = new Map(miners.map((miner) => [miner, 1]));
      const at = new Map(miners.map((miner) => [miner, new Map([[miner.job.poolJobId, 1]])]));
      let poolJobs = 0;
      for (const { do: what, who, exponent, job } of steps) {
        const miner = miners[who]!;
        if (what === "difficulty") {
          world.mux.difficultyChanged(pool, [miner.sessionId], 2 ** exponent, false);
          now.set(miner, 2 ** exponent);
        } else if (what === "job") {
          const id = String(++poolJobs);
          for (const each of miners) at.get(each)!.set(id, now.get(each)!);
          world.job(pool, id);
        } else if (what === "again") {
          world.clock.advance(JOB_AGAIN_MS);
          world.tick();
        } else if (what === "leave") {
          miner.leave();
          pool.writeOut();
          const next = miners[who] = world.join();
          now.set(next, 1);
          at.set(next, new Map([[next.job.poolJobId, 1]]));
        } else {
          const { id, poolJobId } = miner.jobs.at(-1 - job % miner.jobs.length)!;
          assert.equal(credit(world, pool, miner, id), at.get(miner)!.get(poolJobId));
        }
      }
    }),
    { seed: 15, numRuns: 200 },
  );
});

Deno.test("Between two jobs a miner hears at most one difficulty, however slow it is", () => {
  const world = new MuxWorld();
  const pool = world.active("pool", { difficulty: 1 });
  const miner = world.join();
  world.fanout.isHeld = true;
  for (let exponent = 1; exponent <= 20; exponent++) {
    world.mux.difficultyChanged(pool, [miner.sessionId], 2 ** exponent, false);
    world.job(pool, String(exponent), exponent === 10);
  }
  world.fanout.release();
  assert.deepEqual(miner.told.slice(3).map((told) => Object.keys(told)[0]), ["difficulty", "job"]);
  assert.equal(miner.difficulty, 2 ** 20);
  assert.equal(miner.job.isClean, true, "a clean one was among those it missed");
  assert.equal(credit(world, pool, miner, miner.job.id), 2 ** 20);
});

Deno.test("A miner that missed only jobs that are not clean keeps its older work", () => {
  const world = new MuxWorld();
  const pool = world.active("pool");
  const miner = world.join();
  world.fanout.isHeld = true;
  for (let id = 1; id <= 5; id++) world.job(pool, String(id));
  world.fanout.release();
  assert.equal(miner.jobs.length, 2);
  assert.equal(miner.job.isClean, false);
});

Deno.test("A miner that asks for its job out of turn is told it as a clean one, the others nothing", () => {
  const world = new MuxWorld();
  const pool = world.active("pool");
  const [miner, other] = [world.join(), world.join()];
  world.job(pool, "1");
  const { id, ntime } = miner.job;
  assert.equal(miner.seat!.askAgain(), true);
  miner.takeNews();
  assert.deepEqual(
    [miner.job.poolJobId, miner.job.isClean, miner.job.ntime],
    ["1", true, ntime + JOB_AGAIN_MS / 1000],
  );
  assert.ok(miner.seat!.isCurrent(miner.job.id) && !miner.seat!.isCurrent(id));
  // A newcomer has all miners of the connection look for news.
  other.takeNews();
  pass(world, 1_000);
  assert.equal(other.jobs.length, 2);
  assert.ok(other.seat!.isCurrent(id));
  // One job in five seconds is for all.
  world.jobAtOnce(pool, "2");
  pass(world, 10_000);
  for (const each of [miner, other]) {
    assert.deepEqual([each.job.poolJobId, each.job.isClean], ["2", false]);
  }
});

Deno.test("A miner that asks for its job too often is told nothing before the next one", () => {
  const world = new MuxWorld();
  const pool = world.active("pool");
  const miner = world.join();
  for (let times = 0; miner.seat!.askAgain(); times++) {
    assert.ok(times < 3);
    miner.takeNews();
  }
  const { length } = miner.jobs;
  miner.takeNews();
  assert.equal(miner.jobs.length, length);
  world.job(pool, "1");
  assert.equal(miner.jobs.length, length + 1);
  assert.equal(miner.job.poolJobId, "1");
});

Deno.test("A difficulty frame with no job after it is told with the next job, not before", () => {
  const world = new MuxWorld();
  const pool = world.active("pool", { difficulty: 8 });
  const miner = world.join();
  world.mux.difficultyChanged(pool, [miner.sessionId], 64, false);
  pass(world, JOB_AGAIN_MS);
  // The pool judges the job told again as it judges the job.
  assert.equal(miner.jobs.length, 2);
  assert.equal(miner.difficulty, 8);
  assert.equal(credit(world, pool, miner, miner.job.id), 8);
  world.job(pool, "1");
  assert.equal(miner.difficulty, 64);
});

Deno.test("Without a job for a second, a miner hears the starting difficulty alone, once", () => {
  const world = new MuxWorld();
  const pool = world.bare("pool", { difficulty: 8 });
  world.activate(pool);
  const miner = world.join();
  pass(world, 750);
  assert.deepEqual(miner.told, []);
  pass(world, 250);
  assert.deepEqual(miner.told.filter((told) => "difficulty" in told), [{ difficulty: 8 }]);
  pass(world, 30_000);
  assert.equal(miner.told.filter((told) => "difficulty" in told).length, 1);
  world.job(pool, "1");
  assert.equal(miner.told.filter((told) => "difficulty" in told).length, 1, "it is the same");
  assert.equal(miner.job.isClean, true);
});

// No silence

Deno.test("Miners of a silent pool get its job again: later each time, and shares go up for it", () => {
  const world = new MuxWorld();
  const pool = world.active("pool");
  const miner = world.join();
  const first = miner.job;
  pass(world, 2 * JOB_AGAIN_MS);
  assert.deepEqual(miner.jobs.map(({ ntime }) => ntime - first.ntime), [0, 35, 70]);
  assert.deepEqual(miner.jobs.map(({ isClean }) => isClean), [true, false, false]);
  assert.equal(new Set(miner.jobs.map(({ id }) => id)).size, 3);
  for (const { id } of miner.jobs) assert.equal(world.submit(miner, id).receipt, "waiting");
  assert.deepEqual(pool.submits.map(({ poolJobId }) => poolJobId), ["0", "0", "0"]);
  // A frame leaves out a time that is the job's own, as the pool knows it.
  assert.deepEqual(new Set(pool.submits.map(({ jobTime }) => jobTime)), new Set([first.ntime]));
});

for (
  const [where, begin] of [
    ["at a pool", () => {}],
    ["at the standby", (world: MuxWorld, pool: FakeUpstream) => {
      world.lose(pool);
      world.active("standby", { verdicts: "none", poolId: NO_POOL });
    }],
    ["in the grace without any pool", (world: MuxWorld, pool: FakeUpstream) => world.lose(pool)],
    ["while the only pool rests", (world: MuxWorld, pool: FakeUpstream) => {
      world.rest(pool);
    }],
  ] as const
) {
  Deno.test(`No miner is silent for 45 s ${where}, for hours`, () => {
    const world = new MuxWorld({ graceMs: Infinity });
    const pool = world.active("pool");
    const miners = [world.join(), world.join()];
    pass(world, 30_000);
    begin(world, pool);
    for (let minute = 0; minute < 120; minute++) {
      const before = miners.map(({ told }) => told.length);
      pass(world, 45_000);
      for (const [i, { told }] of miners.entries()) assert.ok(told.length > before[i]!);
    }
    for (const { jobs } of miners) {
      assert.equal(new Set(jobs.map(({ id }) => id)).size, jobs.length, "an id came twice");
      assert.equal(
        new Set(jobs.map(({ ntime, coinbase1 }) => coinbase1 + ntime)).size,
        jobs.length,
      );
    }
  });
}

Deno.test("A share for a job told again without any pool is stale", () => {
  const world = new MuxWorld({ graceMs: Infinity });
  const pool = world.active("pool");
  const miner = world.join();
  world.lose(pool);
  pass(world, JOB_AGAIN_MS);
  assert.equal(miner.jobs.length, 2);
  assert.equal(world.submit(miner).receipt, ERROR_CODE.jobNotFound);
});

// Crowds

Deno.test("A farm without a pool for too long is disconnected a few miners at a time", async () => {
  const world = new MuxWorld({ graceMs: 1_000 });
  const pool = world.active("pool");
  const miners = Array.from({ length: 1_000 }, () => world.join());
  world.lose(pool);
  world.clock.advance(1_000);
  world.tick();
  const left = () => miners.filter(({ disconnectedFor }) => disconnectedFor === undefined).length;
  assert.ok(left() >= 900, `${1_000 - left()} in one turn`);
  await until(() => left() === 0, "all are sent away");
});

Deno.test("A pool that comes while a farm is being sent away keeps the rest of it", async () => {
  const world = new MuxWorld({ graceMs: 1_000 });
  const pool = world.active("pool");
  const miners = Array.from({ length: 1_000 }, () => world.join());
  world.lose(pool);
  world.clock.advance(1_000);
  world.tick();
  world.active("back");
  await until(() => world.mux.waitingMiners === 0, "all that are left have a place");
  const gone = miners.filter(({ isGone }) => isGone).length;
  assert.ok(gone < 200, `${gone} were sent away`);
});

Deno.test("Miners that wait for an account the pools refuse are turned away a few at a time", async () => {
  const world = new MuxWorld();
  const miners = Array.from({ length: 1_000 }, () => world.join());
  world.mux.accountRefused();
  const left = () => miners.filter(({ turnedAwayFor }) => turnedAwayFor === undefined).length;
  assert.ok(left() >= 900, `${1_000 - left()} in one turn`);
  await until(() => left() === 0, "all are turned away");
});

for (const end of ["is lost", "judges none of them"]) {
  Deno.test(`Thousands of shares of a pool that ${end} are ended a few at a time`, async () => {
    const world = new MuxWorld();
    const pool = world.active("pool");
    const miners = Array.from({ length: 100 }, () => world.join());
    for (let share = 0; share < 50; share++) for (const miner of miners) world.submit(miner);
    const answers = () => miners.reduce((sum, miner) => sum + miner.answers.size, 0);
    if (end === "is lost") {
      world.lose(pool);
    } else {
      world.clock.advance(VERDICT_TIMEOUT_MS + 1);
      world.tick();
    }
    assert.ok(answers() <= 512, `${answers()} in one turn`);
    await until(() => answers() === 5_000, "all are answered");
    assert.equal(world.mux.waitingShares, 0);
    const total = world.counter.total.snapshot();
    assert.deepEqual(world.mux.books.shares, total);
    assert.equal(total.unansweredConnectionLost + total.unansweredTimedOut, 5_000);
  });
}

Deno.test("miners repeat no work if a new connection has the extranonce1 and job of the one before", () => {
  const world = new CheckedWorld();
  // As DATUM does, whose slots come back.
  const first = world.serves("a");
  const miner = world.join();
  const before = miner.job;
  world.mux.upstreamLost(first);
  world.serves("a");
  world.tick();
  assert.notEqual(miner.job.id, before.id);
  assert.deepEqual([miner.job.coinbase1, miner.job.poolJobId], [before.coinbase1, "1"]);
  assert.notEqual(miner.job.ntime, before.ntime, "other headers");
});

Deno.test("miners repeat no work if they were told that job again while there was no pool", () => {
  const world = new CheckedWorld({ graceMs: Infinity });
  const first = world.serves("a");
  const miner = world.join();
  world.mux.upstreamLost(first);
  for (let passed = 0; passed < 120_000; passed += 5_000) {
    world.clock.advance(5_000);
    world.tick();
  }
  const times = new Set(miner.jobs.map(({ ntime }) => ntime));
  assert.ok(times.size >= 3);
  world.serves("a");
  world.tick();
  assert.ok(!times.has(miner.job.ntime), "other headers than all before");
});
