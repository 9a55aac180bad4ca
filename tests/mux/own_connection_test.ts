/** Multiplexer: a worker's own connection beside those for all. */

import assert from "node:assert/strict";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import { MuxWorld, poolJob } from "../support/mux_world.ts";
import { passedOn } from "../../lib/mux/passed_difficulty.ts";
import type { Terms } from "../../lib/mux/terms.ts";

const NO_BLOCKS = "03000001";

class World extends MuxWorld {
  /** A connection that is ready, and has a job. */
  readyTo(name: string, difficulty: number, terms: Partial<Terms> = {}): CheckedUpstream {
    const upstream = new CheckedUpstream(name, this.mux, { difficulty, terms });
    upstream.onEnter = ({ sessionId }) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo(name, 0);
    };
    this.mux.upstreamReady(upstream);
    this.jobOf(upstream, "1");
    return upstream;
  }

  shared(name: string, difficulty = 2 ** 40): CheckedUpstream {
    const upstream = this.readyTo(name, difficulty);
    this.mux.moved(undefined, upstream);
    return upstream;
  }

  own(name: string, workerName: string, difficulty = 5_000.7, terms: Partial<Terms> = {}) {
    const upstream = this.readyTo(name, difficulty, { difficulty: "passed", ...terms });
    this.mux.dedicated(upstream, workerName);
    return upstream;
  }

  jobOf(upstream: CheckedUpstream, id: string, isClean = true): void {
    this.mux.jobArrived(upstream, { ...poolJob(id, isClean, upstream.name), bits: NO_BLOCKS });
  }

  /** As long as it takes until every connection has had its turn. */
  override tick(): void {
    for (let turn = 0; turn < 4; turn++) super.tick();
  }

  called(workerName: string): FakeDownstream {
    this.workerName = workerName;
    return this.join();
  }
}

function placesOf(miners: readonly FakeDownstream[]): (string | undefined)[] {
  return miners.map(({ seat }) => seat!.upstreamName);
}

Deno.test("the miners of a worker move to its own connection, all of them and no others, with a clean job", () => {
  const world = new World();
  world.shared("aa");
  const miners = ["x", "y", "x"].map((name) => world.called(name));
  assert.deepEqual(placesOf(miners), ["aa", "aa", "aa"]);
  world.own("bb", "x");
  assert.deepEqual(placesOf(miners), ["bb", "aa", "bb"]);
  assert.deepEqual([miners[0]!.job.coinbase1, miners[0]!.job.isClean], ["bb", true]);
  assert.deepEqual(placesOf([world.called("x"), world.called("z")]), ["bb", "aa"]);
});

Deno.test("a miner is told the whole part of the pool's difficulty, and with a job only", () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const own = world.own("bb", "x", 5_000.7);
  assert.equal(miner.difficulty, 5_000);
  const lines = miner.told.length;
  world.mux.difficultyChanged(own, "all", 7_000.9, false);
  assert.equal(miner.told.length, lines, "no job came");
  world.jobOf(own, "2");
  assert.deepEqual(miner.told.slice(lines).map((told) => Object.keys(told)[0]), [
    "difficulty",
    "job",
  ]);
  assert.equal(miner.difficulty, 7_000);
  assert.deepEqual([0.25, 1, 1.99, 2 ** 40 + 0.5].map(passedOn), [0.25, 1, 1, 2 ** 40]);
});

Deno.test("a difficulty that comes without a job is told with the last one again, once in five seconds", () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const own = world.own("bb", "x", 5_000);
  const { id } = miner.job;
  world.mux.difficultyChanged(own, "all", 9_000, true);
  world.tick();
  assert.equal(miner.difficulty, 9_000);
  assert.notEqual(miner.job.id, id);
  world.mux.difficultyChanged(own, "all", 4_000, true);
  world.tick();
  assert.equal(miner.difficulty, 9_000);
  world.clock.advance(5_000);
  world.tick();
  assert.equal(miner.difficulty, 4_000);
});

Deno.test("however many difficulties a pool tells, all are passed on", () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const own = world.own("bb", "x");
  for (let n = 1; n <= 600; n++) {
    world.clock.advance(2_000);
    world.mux.difficultyChanged(own, "all", 1_000 + n + 0.5, false);
    world.jobOf(own, `${n}`);
    assert.equal(miner.difficulty, 1_000 + n);
  }
});

Deno.test("shares for a worker's own connection are checked here: what the pool does not count does not go up", async () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const easy = world.own("bb", "x", 2 ** -32);
  world.submit(miner);
  await Promise.resolve();
  assert.equal(easy.submits.length, 1);
  world.mux.difficultyChanged(easy, "all", 2 ** 40 + 0.5, false);
  world.jobOf(easy, "2");
  const { id } = world.submit(miner);
  await Promise.resolve();
  assert.deepEqual(miner.answers.get(id), [23]);
  assert.equal(easy.submits.length, 1);
});

Deno.test("a miner that loses its own connection works on the shared one and is not disconnected", () => {
  const world = new World();
  world.shared("aa");
  const miners = ["x", "x", "y"].map((name) => world.called(name));
  const own = [world.own("bb", "x"), world.own("cc", "y")];
  world.mux.upstreamLost(own[0]!);
  assert.deepEqual(placesOf(miners), ["aa", "aa", "cc"]);
  assert.deepEqual([miners[0]!.job.coinbase1, miners[0]!.job.isClean], ["aa", true]);
  world.mux.upstreamLost(own[1]!);
  assert.deepEqual(placesOf(miners), ["aa", "aa", "aa"]);
  assert.ok(miners.every(({ isGone }) => !isGone));
  world.own("dd", "x");
  assert.deepEqual(placesOf(miners), ["dd", "dd", "aa"]);
});

Deno.test("without a shared connection, miners on their workers' own work on, and others join them", () => {
  const world = new World();
  const shared = world.shared("aa");
  const miners = ["x", "y"].map((name) => world.called(name));
  world.own("bb", "x");
  world.mux.upstreamLost(shared);
  world.tick();
  assert.deepEqual(placesOf(miners), ["bb", undefined]);
  world.own("cc", "y");
  world.tick();
  assert.deepEqual(placesOf(miners), ["bb", "cc"]);
  assert.deepEqual(placesOf([world.called("x")]), ["bb"]);
});

Deno.test("a connection that is for its worker no more hands its miners over to those for all", () => {
  const world = new World();
  world.shared("aa");
  const miners = ["x", "y"].map((name) => world.called(name));
  const own = world.own("bb", "x");
  world.mux.moved(own, undefined);
  assert.deepEqual(placesOf(miners), ["aa", "aa"]);
  assert.deepEqual(placesOf([world.called("x")]), ["aa"]);
  world.mux.upstreamLost(own);
});

Deno.test("connections of single workers take no share of the others' miners", () => {
  const world = new World();
  world.shared("aa");
  const miners = ["x", "q", "r", "s", "t"].map((name) => world.called(name));
  world.own("bb", "x");
  world.shared("cc");
  assert.deepEqual(placesOf(miners), ["bb", "aa", "aa", "cc", "cc"]);
  assert.equal(world.mux.occupancies.length, 2);
  assert.equal(world.mux.minersOnOwn(0), 1);
});

Deno.test("a full connection of a worker leaves the rest of its miners on the one for all", () => {
  const world = new World();
  world.shared("aa");
  const miners = Array.from({ length: 3 }, () => world.called("x"));
  world.own("bb", "x", 5_000, { capacity: 2 });
  assert.deepEqual(placesOf(miners).sort(), ["aa", "bb", "bb"]);
});

Deno.test("a miner that needs all version bits stays where they may be rolled", () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const own = new CheckedUpstream("bb", world.mux, { terms: { difficulty: "passed" } });
  Object.assign(own, { versionMask: 0x1ffe000 });
  own.onEnter = () => miner.moveTo("bb", 0);
  world.mux.upstreamReady(own);
  world.jobOf(own, "1");
  world.mux.dedicated(own, "x");
  assert.deepEqual(placesOf([miner]), ["bb"]);
  assert.equal(miner.seat!.needFullMask(), true);
  assert.deepEqual(placesOf([miner]), ["aa"]);
});

Deno.test("back on a connection for all, a miner has the difficulty that its shares have shown to suit it", () => {
  const world = new World();
  world.shared("aa");
  const miner = world.called("x");
  const before = miner.difficulty!;
  // Every hash is a share of the pool's at this.
  const own = world.own("bb", "x", 2 ** -32);
  for (let job = 2; job < 12; job++) {
    world.clock.advance(60_000);
    world.jobOf(own, `${job}`, false);
    world.tick();
  }
  world.mux.upstreamLost(own);
  assert.ok(
    miner.difficulty! < before,
    `${miner.difficulty} after ten silent minutes, ${before} before`,
  );
});
