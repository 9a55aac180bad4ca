/** Work: which job miners are told, when, and under which number, flag and time. */

import assert from "node:assert/strict";
import { JOB_AGAIN_MS, JOB_EVERY_MS, Work } from "../../lib/mux/work.ts";
import { parseJobId } from "../../lib/protocol/stratum/job_id.ts";
import { poolJob } from "../support/mux_world.ts";

const VIEW = { before: "", after: "" };

/** The work of a place, and a miner that takes the news whenever there is some. */
class World {
  readonly work = new Work();
  time = 0;
  told = -1;
  readonly heard: { time: number; number: number; isClean: boolean; ntime: number }[] = [];
  #number = 0;
  #jobs = 0;

  /** The pool has a new job. */
  job(isClean: boolean): void {
    this.#jobs++;
    this.sameJob(isClean);
  }

  /** The pool sends its job again, under a new id of its own. */
  sameJob(isClean: boolean): void {
    const job = poolJob(`${this.#jobs}`, isClean, "61");
    this.work.set(this.#number, { ...job, id: `${this.#number++}` });
    this.look();
  }

  again(isClean = false): void {
    this.work.setAgain(this.#number++, isClean);
    this.look();
  }

  /** Time passes, with a look four times a second. */
  pass(ms: number): void {
    for (const end = this.time + ms; this.time < end;) {
      this.time += 250;
      if (this.work.isOld(this.time)) this.again();
      else this.look();
    }
  }

  look(): void {
    if (!this.work.announce(this.time)) return;
    assert.ok(this.work.isNewsTo(this.told));
    const { params } = JSON.parse(new TextDecoder().decode(this.work.lineFor(this.told, VIEW)));
    this.told = this.work.sequence;
    this.heard.push({
      time: this.time,
      number: parseJobId(params[0]),
      isClean: params[8],
      ntime: parseInt(params[7], 16),
    });
  }
}

Deno.test("of 600 jobs a second a miner hears one in five seconds, and nothing old afterwards", () => {
  const world = new World();
  for (let i = 0; i < 11_000; i += 5) {
    for (let jobs = 0; jobs < 3; jobs++) world.job(false);
    world.time += 5;
    if (i % 250 === 0) world.look();
  }
  const newest = 11_000 / 5 * 3 - 1;
  assert.ok(world.heard.length <= 4, `${world.heard.length} jobs`);
  world.pass(30_000);
  assert.equal(world.heard.at(-1)!.number, newest);
  assert.ok(world.heard.length <= 5, "and the newest once more at most");
  for (const [i, { time }] of world.heard.slice(2).entries()) {
    assert.ok(time - world.heard[i + 1]!.time >= JOB_EVERY_MS - 250);
  }
});

Deno.test("a clean job is told at once, also right after another, and after one that is not clean", () => {
  const world = new World();
  world.job(true);
  world.job(false);
  world.job(true);
  world.job(true);
  assert.deepEqual(world.heard.map(({ isClean }) => isClean), [true, false, true, true]);
  world.job(false);
  assert.equal(world.heard.length, 4, "the second of its kind waits");
  world.job(true);
  assert.equal(world.heard.at(-1)!.isClean, true);
});

Deno.test("a flood of clean jobs is told at most every two seconds once it is no coincidence", () => {
  const world = new World();
  for (let second = 0; second < 60; second++) {
    for (let jobs = 0; jobs < 100; jobs++) world.job(true);
    world.pass(1_000);
  }
  assert.ok(world.heard.length <= 30 + 30 + 12, `${world.heard.length} jobs in a minute`);
  world.pass(5_000);
  assert.equal(world.heard.at(-1)!.number, 5_999);
});

Deno.test("a job that takes the place of a clean one nobody heard of is told as a clean one", () => {
  const world = new World();
  world.job(true);
  for (let flood = 0; flood < 100; flood++) world.job(true);
  const before = world.heard.length;
  world.job(false);
  world.pass(5_000);
  assert.deepEqual(world.heard.slice(before).map(({ isClean }) => isClean), [true]);
});

Deno.test("a job is told again every 35 s, later by as much each time, and never with a time it had", () => {
  const world = new World();
  world.job(true);
  world.pass(JOB_AGAIN_MS - 250);
  assert.equal(world.heard.length, 1);
  world.pass(250);
  const [first, second] = world.heard as [typeof world.heard[0], typeof world.heard[0]];
  assert.deepEqual(second, {
    time: JOB_AGAIN_MS,
    number: 1,
    isClean: false,
    ntime: first.ntime + 35,
  });
  world.pass(5 * 3_600_000);
  const times = world.heard.map(({ ntime }) => ntime - first.ntime);
  assert.equal(new Set(times).size, times.length);
  assert.ok(Math.max(...times) <= 600, "later than a pool takes");
  for (const [i, { time }] of world.heard.entries()) {
    const silence = (world.heard[i + 1]?.time ?? world.time) - time;
    assert.ok(silence <= 45_000);
  }
});

Deno.test("a pool with a job every 30 s has none told again", () => {
  const world = new World();
  world.job(true);
  for (let jobs = 0; jobs < 100; jobs++) {
    world.pass(30_000);
    world.job(false);
  }
  assert.equal(world.heard.length, 101);
  assert.equal(new Set(world.heard.map(({ ntime }) => ntime)).size, 1);
});

Deno.test("a job that the pool sends again has another time each time, a new one its own", () => {
  for (const isClean of [true, false]) {
    const world = new World();
    world.job(true);
    for (let times = 1; times <= 2; times++) {
      world.pass(30_000);
      world.sameJob(isClean);
    }
    world.pass(JOB_AGAIN_MS + JOB_EVERY_MS);
    world.job(isClean);
    const first = world.heard[0]!.ntime;
    assert.deepEqual(
      world.heard.map(({ number, ntime, isClean }) => [number, ntime - first, isClean]),
      [[0, 0, true], [1, 35, isClean], [2, 70, isClean], [3, 105, false], [4, 0, isClean]],
    );
  }
});

Deno.test("a job given again to one miner is no news to others, before it grows old or a new one comes", () => {
  const world = new World();
  world.job(true);
  const { sequence } = world.work;
  world.work.setAgain(100, false);
  world.work.announceQuietly();
  assert.ok(world.work.isNewsTo(0) && !world.work.isNewsTo(sequence));
  world.pass(JOB_AGAIN_MS - 250);
  assert.equal(world.heard.length, 1);
  world.pass(250);
  assert.equal(world.heard.length, 2);
  world.pass(JOB_EVERY_MS);
  world.work.setAgain(200, false);
  world.work.announceQuietly();
  world.job(false);
  assert.equal(world.heard.length, 3);
});
