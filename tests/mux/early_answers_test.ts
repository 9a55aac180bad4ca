/**
 * Shares whose verdict is late are answered true, and counted as what the pool says when it says it.
 */

import assert from "node:assert/strict";
import { waitingIn } from "../../lib/mux/books/ledger.ts";
import { MAX_WAITING_SHARES } from "../../lib/mux/share_flow.ts";
import { MOST_UNJUDGED } from "../../lib/mux/share_ends.ts";
import { ACCEPTED } from "../../lib/mux/verdict.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { CheckedWorld } from "../support/checked_world.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import type { FakeUpstreamOptions } from "../support/fake_upstream.ts";
import { LogCapture } from "../support/log_capture.ts";
import { MuxWorld } from "../support/mux_world.ts";
import { until } from "../support/test_proxy.ts";

const DIFFICULTY = 16_384;

/** As a pool has it that judges shares in runs. */
const IN_RUNS: FakeUpstreamOptions = { terms: { verdictTimeoutMs: Infinity } };

/** A pool and miners; time passes in ticks. */
function farm(count = 1, options: FakeUpstreamOptions = {}) {
  const world = new MuxWorld();
  const pool = world.active("a", { difficulty: DIFFICULTY, ...options });
  const miners = Array.from({ length: count }, () => world.join());
  const pass = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 250) {
      world.clock.advance(Math.min(250, ms - passed));
      world.tick();
    }
  };
  return {
    world,
    pool,
    miners,
    miner: miners[0]!,
    pass,
    /** The pool takes this long for ten shares. */
    measure(ms: number): void {
      for (let i = 0; i < 10; i++) {
        world.submit(miners[0]!);
        pass(ms);
        pool.judge(pool.submits.length - 1, SHARE_ACCEPTED);
      }
    },
    /** Counts of the farm, the connection and the miner that are not 0, which must be the same. */
    counts(): Record<string, number> {
      const nonZero = (shares: Readonly<Record<string, number>>) =>
        Object.fromEntries(Object.entries(shares).filter(([, count]) => count !== 0));
      const total = nonZero(world.counter.total.snapshot());
      assert.deepEqual(nonZero(world.mux.sharesOf(pool)!), total, "of the connection");
      assert.deepEqual(nonZero(world.mux.books.shares), total, "of the account");
      if (count > 1 || miners[0]!.isGone) return total;
      assert.deepEqual(nonZero(world.counter.minerShares(miners[0]!.sessionId)), total, "its own");
      return total;
    },
  };
}

function answersOf(miner: FakeDownstream, id: number): readonly number[] {
  return miner.answers.get(id) ?? [];
}

for (
  const [measured, waitMs] of [[undefined, 3_000], [0, 500], [250, 1_000], [2_500, 3_000]] as const
) {
  const pool = measured === undefined ? "no verdict yet" : `verdicts after ${measured} ms`;
  Deno.test(`a miner of a pool with ${pool} is answered true after ${waitMs} ms, not sooner`, () => {
    const { world, miner, pass, measure } = farm();
    if (measured !== undefined) measure(measured);
    const { id } = world.submit(miner);
    pass(waitMs);
    assert.deepEqual(answersOf(miner, id), []);
    pass(250);
    assert.deepEqual(answersOf(miner, id), [SHARE_ACCEPTED]);
  });
}

Deno.test("a share answered early is assumed, and credited only once the pool accepts it", () => {
  const { world, pool, miner, pass, counts } = farm();
  const { id } = world.submit(miner);
  pass(5_000);
  assert.deepEqual(counts(), { received: 1, submitted: 1, early: 1, assumed: 1, earlyOpen: 1 });
  assert.equal(world.mux.waitingShares, 0, "no miner waits");
  assert.deepEqual([world.counter.creditedDifficulty, world.mux.books.credited], [0, 0]);
  pool.judge(0, SHARE_ACCEPTED);
  assert.deepEqual(counts(), { received: 1, submitted: 1, early: 1, accepted: 1 });
  assert.deepEqual(
    [world.counter.creditedDifficulty, world.mux.books.credited, world.mux.books.creditedAt(0)],
    [DIFFICULTY, DIFFICULTY, DIFFICULTY],
  );
  assert.deepEqual(answersOf(miner, id), [SHARE_ACCEPTED], "one answer");
});

Deno.test("a share that is rejected after its miner was told true is lost, and counted apart", () => {
  const { world, pool, miner, pass, counts } = farm();
  const { id } = world.submit(miner);
  pass(5_000);
  pool.judge(0, ERROR_CODE.duplicate);
  assert.deepEqual(counts(), {
    received: 1,
    submitted: 1,
    rejectedDuplicate: 1,
    early: 1,
    earlyRejected: 1,
  });
  assert.deepEqual(answersOf(miner, id), [SHARE_ACCEPTED], "one answer");
  assert.equal(world.counter.creditedDifficulty, 0);
  assert.equal(world.counter.lostDifficulty, DIFFICULTY);
  pool.judge(0, SHARE_ACCEPTED);
  assert.equal(world.mux.books.strayVerdicts.repeated, 1);
  assert.equal(world.counter.total.get("accepted"), 0);
});

Deno.test("a share that no verdict comes for is unanswered after a minute", () => {
  const { world, pool, miner, pass, counts } = farm();
  const { id } = world.submit(miner);
  pass(60_000);
  assert.equal(counts().assumed, 1);
  pass(250);
  assert.deepEqual(counts(), { received: 1, submitted: 1, unansweredTimedOut: 1, early: 1 });
  pool.judge(0, ERROR_CODE.duplicate);
  assert.equal(world.mux.books.strayVerdicts.late, 1);
  assert.deepEqual(answersOf(miner, id), [SHARE_ACCEPTED], "one answer");
});

Deno.test("shares answered early are unanswered when the connection is lost, without an answer", async () => {
  const { world, pool, miner, pass } = farm();
  const early = world.submit(miner);
  pass(5_000);
  const waiting = world.submit(miner);
  world.lose(pool);
  await until(() => miner.answers.size === 2, "both are answered");
  assert.deepEqual(answersOf(miner, early.id), [SHARE_ACCEPTED]);
  assert.deepEqual(answersOf(miner, waiting.id), [ERROR_CODE.unknown]);
  const { assumed, earlyOpen, unansweredConnectionLost } = world.mux.books.shares;
  assert.deepEqual([assumed, earlyOpen, unansweredConnectionLost], [0, 0, 2]);
});

Deno.test("a share answered early counts as what the pool says also after its miner left", () => {
  const { world, pool, miner, pass, counts } = farm();
  world.submit(miner);
  world.submit(miner);
  pass(5_000);
  miner.leave();
  assert.equal(counts().assumed, 2);
  pool.judge(0, SHARE_ACCEPTED);
  pool.judge(1, ERROR_CODE.jobNotFound);
  assert.deepEqual(counts(), {
    received: 2,
    submitted: 2,
    accepted: 1,
    rejectedStale: 1,
    early: 2,
    earlyRejected: 1,
  });
  assert.equal(world.mux.books.strayVerdicts.minerGone, 2);
  const next = world.join();
  assert.equal(world.counter.minerShares(next.sessionId).assumed, 0);
});

Deno.test("a share of a miner that left before its answer was due is never assumed", () => {
  const { world, miner, pass, counts } = farm();
  world.submit(miner);
  miner.leave();
  pass(5_000);
  assert.deepEqual(counts(), { received: 1, submitted: 1 });
  assert.equal(waitingIn(world.counter.total.snapshot()), 1);
});

Deno.test("only the newest share of a run shows how fast a pool answers", () => {
  const { world, pool, miner, pass } = farm(1, IN_RUNS);
  for (let run = 0; run < 20; run++) {
    // A share in 5 s, and an answer as soon as there are ten.
    for (let i = 0; i < 10; i++) {
      pass(5_000);
      world.submit(miner);
    }
    world.mux.judged(pool, 10 * run, 10 * run + 9, ACCEPTED);
  }
  const { id } = world.submit(miner);
  pass(500);
  assert.deepEqual(answersOf(miner, id), []);
  pass(250);
  assert.deepEqual(answersOf(miner, id), [SHARE_ACCEPTED], "it does not wait for the run");
  assert.equal(world.counter.total.get("accepted"), 200);
});

Deno.test("a refusal that comes at once reaches the miner of a pool that accepts in runs", () => {
  const { world, pool, miner, pass } = farm(1, IN_RUNS);
  const shares = Array.from({ length: 3 }, () => (pass(5_000), world.submit(miner)));
  pool.judge(2, ERROR_CODE.lowDifficulty);
  world.mux.judged(pool, 0, 1, ACCEPTED);
  assert.deepEqual(
    shares.map(({ id }) => answersOf(miner, id)),
    [[SHARE_ACCEPTED], [SHARE_ACCEPTED], [ERROR_CODE.lowDifficulty]],
  );
});

Deno.test("a share at a pool that accepts in runs is assumed until the connection ends", () => {
  const { world, pool, miner, pass, counts } = farm(1, IN_RUNS);
  world.submit(miner);
  world.submit(miner);
  pass(3_600_000);
  assert.deepEqual(counts(), { received: 2, submitted: 2, early: 2, assumed: 2, earlyOpen: 2 });
  world.mux.judged(pool, 0, 0, ACCEPTED);
  world.lose(pool);
  const { accepted, unansweredConnectionLost, assumed } = world.mux.books.shares;
  assert.deepEqual([accepted, unansweredConnectionLost, assumed], [1, 1, 0]);
});

Deno.test("at a pool that never judges, a miner has 1,000 open shares at most", () => {
  const { world, miner, pass } = farm(1, IN_RUNS);
  for (let i = 0; i < MAX_WAITING_SHARES; i++) {
    assert.equal(world.submit(miner).receipt, "waiting");
    if (i % 100 === 99) pass(5_000);
  }
  assert.equal(world.counter.total.get("assumed"), MAX_WAITING_SHARES);
  assert.equal(world.submit(miner).receipt, ERROR_CODE.unknown);
  assert.equal(world.counter.total.get("refusedTooMany"), 1);
});

Deno.test("a connection with 65,536 open shares gives up the oldest for each new one", () => {
  const { world, pool, miners, pass } = farm(70, IN_RUNS);
  for (let i = 0; i < MOST_UNJUDGED; i++) {
    world.submit(miners[i % 70]!);
    if (i % 100 === 99) pass(4_000);
  }
  assert.equal(world.counter.total.get("unansweredTimedOut"), 0);
  assert.equal(world.submit(miners[0]!).receipt, "waiting");
  assert.equal(world.submit(miners[0]!).receipt, "waiting");
  const { unansweredTimedOut, assumed } = world.counter.total.snapshot();
  assert.deepEqual([unansweredTimedOut, assumed], [2, MOST_UNJUDGED - 2 - MOST_UNJUDGED % 100]);
  world.mux.judged(pool, 0, 1, ACCEPTED);
  assert.equal(world.mux.books.strayVerdicts.late, 2);
});

Deno.test("a stop waits for verdicts on shares that were answered early, but not with their miners", () => {
  const { world, pool, miners, pass, counts } = farm(2);
  world.submit(miners[0]!);
  pass(5_000);
  world.submit(miners[1]!);
  const found = world.mux.awaited(10_000, 10_000);
  assert.deepEqual([...found.miners], [miners[1]]);
  assert.equal(found.shares, 2);
  pool.judge(0, SHARE_ACCEPTED);
  assert.equal(world.mux.awaited(10_000, 10_000).shares, 1);
  assert.deepEqual(world.mux.awaited(0, 0), { miners: new Set(), shares: 0 });
  assert.deepEqual(counts(), {
    received: 2,
    submitted: 2,
    early: 1,
    accepted: 1,
    unansweredStopped: 1,
  });
  assert.deepEqual([...miners[0]!.answers.values()], [[SHARE_ACCEPTED]]);
});

Deno.test("shares that wait for their turn are not answered before they were sent", async () => {
  const world = new CheckedWorld();
  const pool = world.serves("a");
  const miner = world.join();
  pool.isHolding = true;
  await world.share(miner);
  world.clock.advance(10_000);
  world.tick();
  assert.equal(miner.answers.size, 0);
  pool.letGo();
  world.clock.advance(3_000);
  world.tick();
  assert.equal(miner.answers.size, 0);
  world.clock.advance(1);
  world.tick();
  assert.equal(miner.answers.size, 1);
  const { submitted, assumed } = world.mux.books.shares;
  assert.deepEqual([submitted, assumed], [1, 1]);
});

Deno.test("a block that the pool refuses after its miner was told true is said", async () => {
  using log = new LogCapture();
  const world = new CheckedWorld();
  const pool = world.serves("a", { difficulty: 2 ** -34 });
  world.jobOf(pool, "blocks", true, "2100ffff");
  const miner = world.join();
  await world.share(miner);
  world.clock.advance(5_000);
  world.tick();
  log.take();
  const text = "no";
  world.mux.judged(pool, 0, 0, {
    kind: "rejected",
    reason: "stale",
    code: ERROR_CODE.jobNotFound,
    text,
    poolCode: 21,
    poolText: text,
  });
  assert.equal(log.take().filter((line) => /block/i.test(line)).length, 1);
  const { blocks, earlyRejected } = world.mux.books.shares;
  assert.deepEqual([blocks, earlyRejected], [1, 1]);
});
