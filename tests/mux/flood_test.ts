/** Multiplexer: a farm that meets a pool whose difficulty is far too low for it. */

import assert from "node:assert/strict";
import { FIRST_PORTION } from "../../lib/mux/portions.ts";
import { ANY_WORK, CheckedUpstream } from "../support/checked_upstream.ts";
import { turnsUntil } from "../support/fake_clock.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import { LogCapture } from "../support/log_capture.ts";
import { MuxWorld, poolJob } from "../support/mux_world.ts";

/** No share is a block. */
const NO_BLOCKS = "03000001";

class World extends MuxWorld {
  #extranonce2 = 1_000;

  /** A connection that is ready and has a job. */
  checked(name: string, difficulty: number = ANY_WORK, poolId = 0): CheckedUpstream {
    const upstream = new CheckedUpstream(name, this.mux, { difficulty, poolId });
    upstream.onEnter = ({ sessionId }) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo(hex(name), 0);
    };
    this.mux.upstreamReady(upstream);
    this.jobOf(upstream, "1");
    return upstream;
  }

  jobOf(upstream: CheckedUpstream, id: string, isClean = true): void {
    this.mux.jobArrived(upstream, { ...poolJob(id, isClean, hex(upstream.name)), bits: NO_BLOCKS });
  }

  /** So many shares with work of their own, for a job of a miner. */
  shares(miner: FakeDownstream, count: number, jobId = miner.job.id): void {
    for (let i = 0; i < count; i++) this.share(miner, this.#extranonce2++, jobId);
  }

  /** One share; the turn in which it came does not end before more have come. */
  share(miner: FakeDownstream, extranonce2: number, jobId = miner.job.id): void {
    miner.seat!.submit({
      id: extranonce2,
      jobId,
      extranonce2,
      extranonce2Digits: 8,
      ntime: 0x650d1b20,
      nonce: 7,
      versionBits: 0,
      hasVersionBits: false,
    });
  }

  /** A quarter of a second later. */
  later(ms = 250): void {
    this.clock.advance(ms);
    this.mux.tick();
  }

  /** The pool lets 150 submits wait, and 200 came in half a second. */
  flood(upstream: CheckedUpstream, miner: FakeDownstream): void {
    this.later(1_000);
    upstream.queued = 150;
    this.shares(miner, 200);
    this.later(500);
  }
}

function hex(text: string): string {
  return Array.from(text, (char) => char.charCodeAt(0).toString(16)).join("");
}

function serving(difficulty?: number) {
  const world = new World();
  const pool = world.checked("a", difficulty);
  world.activate(pool);
  return { world, pool, miner: world.join() };
}

Deno.test("with too many submits waiting miners hear a harder difficulty at once, with a job", () => {
  const { world, pool, miner } = serving();
  const { id, ntime } = miner.job;
  assert.equal(miner.difficulty, ANY_WORK);
  world.flood(pool, miner);
  // 400 a second are eight times what is wanted.
  assert.equal(miner.difficulty, 8 * ANY_WORK);
  assert.notEqual(miner.job.id, id);
  assert.notEqual(miner.job.ntime, ntime, "firmware passes over a job it knows");
  assert.ok(miner.job.isClean, "and drops what it has");
  assert.equal(world.join().difficulty, 8 * ANY_WORK, "and so does who comes");
});

Deno.test("shares are judged and credited by the difficulty their number was told with", () => {
  const { world, pool, miner } = serving();
  const old = miner.job.id;
  world.flood(pool, miner);
  pool.acceptAll();
  const before = { ...world.mux.books.shares, sent: pool.submits.length };
  const { creditedDifficulty } = world.counter;
  world.shares(miner, 40, old);
  pool.acceptAll();
  assert.equal(pool.submits.length - before.sent, 40, "all that the pool counts goes up");
  assert.equal(world.counter.creditedDifficulty - creditedDifficulty, 40 * ANY_WORK);
  assert.equal(world.mux.books.brakeLossAt(0), 0);

  world.shares(miner, 80);
  pool.acceptAll();
  assert.equal(pool.submits.length - before.sent, 120, "and so do those that are too easy");
  const lost = world.mux.books.brakeLossAt(0) / ANY_WORK;
  const hard = lost / 7;
  assert.ok(Number.isInteger(hard) && hard > 2 && hard < 25, `${lost} of them`);
  assert.equal(world.mux.books.brakeLoss, world.mux.books.brakeLossAt(0));
  const credited = (world.counter.creditedDifficulty - creditedDifficulty) / ANY_WORK;
  assert.equal(credited, 120 + lost, "miners are credited what they did");
  assert.equal(world.mux.books.creditedAt(0) / ANY_WORK, pool.submits.length, "the pool less");
  assert.equal(world.mux.books.shares.accepted, pool.submits.length);
});

Deno.test("a braked share that waits counts as lost only for the part that the pool does not credit", () => {
  const { world, pool, miner } = serving();
  world.flood(pool, miner);
  pool.acceptAll();
  assert.equal(miner.difficulty, 8 * ANY_WORK);
  assert.equal(world.mux.books.brakeLoss, 0);
  pool.queued = 0;
  pool.isHolding = true;
  world.shares(miner, 80);
  const held = pool.held.length;
  const credited = world.counter.creditedDifficulty;
  world.mux.difficultyChanged(pool, "all", 4 * ANY_WORK, true);
  const [kept, left] = [world.mux.books.brakeLoss / ANY_WORK, pool.held.length];
  assert.ok(left > 0 && left < held, `${left} of ${held} are worth sending still`);
  pool.letGo();
  assert.equal(world.mux.books.brakeLoss / ANY_WORK, kept, "the pool has credited none of them");
  const before = world.mux.books.creditedAt(0);
  pool.acceptAll();
  const ours = world.counter.creditedDifficulty - credited - kept * ANY_WORK;
  const theirs = world.mux.books.creditedAt(0) - before;
  assert.equal(world.mux.books.brakeLoss - kept * ANY_WORK, ours - theirs);
});

Deno.test("the same share under both numbers is a duplicate", () => {
  const { world, pool, miner } = serving();
  const old = miner.job.id;
  world.flood(pool, miner);
  const sent = pool.submits.length;
  world.share(miner, 77_777, old);
  world.share(miner, 77_777);
  world.shares(miner, 2);
  assert.equal(pool.submits.length, sent + 3);
  assert.equal(world.mux.books.shares.refusedDuplicate, 1);
});

Deno.test("a nearly full queue gets no more shares, and the work lost is counted", () => {
  const { world, pool, miner } = serving();
  pool.queued = 999;
  world.shares(miner, 80);
  assert.equal(pool.submits.length, 0);
  assert.equal(world.mux.books.shares.kept, 80);
  assert.equal(world.mux.books.brakeLossAt(0), 80 * ANY_WORK);
  assert.equal(world.counter.creditedDifficulty, 80 * ANY_WORK);
  assert.equal(miner.answers.size, 80, "they are good");
  pool.queued = 330;
  world.shares(miner, 80);
  const { length } = pool.submits;
  assert.ok(length > 20 && length < 60, `${length}, about half of them`);
  assert.equal(world.mux.books.brakeLossAt(0), (160 - length) * ANY_WORK);
});

Deno.test("the brake lets go when the pool follows, and both are said once, with figures", async () => {
  using log = new LogCapture();
  const { world, pool, miner } = serving();
  world.flood(pool, miner);
  world.flood(pool, miner);
  const [begun, ...more] = log.take();
  assert.match(begun!, /Pool a has difficulty 2\.3\d*e-10, far too low for 1 miner: they get/);
  assert.deepEqual(more, []);
  world.shares(miner, 80);
  pool.queued = 0;
  world.mux.difficultyChanged(pool, "all", 1, true);
  const jobs = miner.jobs.length;
  world.later(5_000);
  assert.equal(miner.jobs.length, jobs + 1, "it is told with the job again");
  assert.equal(miner.difficulty, 1);
  const [ended, ...others] = log.take();
  assert.match(
    ended!,
    /Pool a has difficulty 1 now, and miners get it again. They had a higher one for 7 s/,
  );
  assert.deepEqual(others, []);
  const { early } = world.mux.books.shares;
  assert.ok(early > 0, "no share was judged in that time");
  await turnsUntil(() => miner.answers.size >= early, "they are answered");
});

Deno.test("the cost of the brake is also logged if the connection is lost with it on", () => {
  using log = new LogCapture();
  const { world, pool, miner } = serving();
  world.flood(pool, miner);
  log.take();
  world.mux.upstreamLost(pool);
  assert.match(
    log.take().join("\n"),
    /Pool a disconnected\. Miners had a higher difficulty than its own for 0 s, which lost work of/,
  );
  const calm = world.checked("b", 2 ** 20);
  world.mux.upstreamLost(calm);
  assert.deepEqual(log.take(), []);
});

Deno.test("the brake is loosened step by step when fewer shares come", () => {
  const { world, pool, miner } = serving();
  world.flood(pool, miner);
  pool.queued = 0;
  for (let quarters = 0; quarters < 100; quarters++) world.later();
  assert.equal(miner.difficulty, ANY_WORK);
});

Deno.test("what an account lost under brakes outlives the connection", async () => {
  const { world, pool, miner } = serving();
  pool.queued = 999;
  world.shares(miner, 4);
  world.mux.upstreamLost(pool);
  await turnsUntil(() => world.mux.waitingShares === 0, "its shares are ended");
  assert.equal(world.mux.books.brakeLossAt(0), 4 * ANY_WORK);
});

Deno.test("a farm whose hashrate is known begins braked where it would be a flood", () => {
  const { world, pool, miner } = serving(4 * ANY_WORK);
  // 210 hashes a second.
  for (let round = 0; round < 64; round++) {
    world.shares(miner, 200);
    pool.acceptAll();
    world.clock.advance(953);
  }
  world.later();
  assert.equal(miner.difficulty, 4 * ANY_WORK, "50 shares a second are no flood");
  const next = world.checked("b", ANY_WORK, 1);
  world.activate(next);
  world.mux.upstreamLost(pool);
  assert.equal(miner.seat!.upstreamName, "b");
  assert.equal(miner.difficulty, 8 * ANY_WORK, "210 would be one");
});

Deno.test("in a planned move miners come in portions, after a loss all at once", async () => {
  const { world, pool } = serving();
  for (let i = 1; i < 300; i++) world.join();
  const next = world.checked("b", ANY_WORK, 1);
  world.mux.moved(pool, next);
  assert.equal(world.mux.minersAt(next), FIRST_PORTION);
  world.later();
  assert.equal(world.mux.minersAt(next), FIRST_PORTION, "the others work on where they are");
  assert.equal(world.mux.minersAt(pool), 300 - FIRST_PORTION);
  world.later(750);
  assert.equal(world.mux.minersAt(next), 3 * FIRST_PORTION);
  world.mux.upstreamLost(pool);
  await turnsUntil(() => world.mux.minersAt(next) === 300, "all have come");
});

Deno.test("miners move to a pool that sets their difficulties all at once", async () => {
  const { world, pool } = serving();
  for (let i = 1; i < 300; i++) world.join();
  const agent = world.ready("b");
  world.mux.moved(pool, agent);
  await turnsUntil(() => world.mux.minersAt(agent) === 300, "all have come");
});
