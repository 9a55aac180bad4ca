/** PoolCredit: the difficulty that each kind of pool credits a share with while it changes. */

import assert from "node:assert/strict";
import { PoolCredit } from "../../lib/mux/pool_credit.ts";
import { type DifficultyStamp, PoolDifficulty } from "../../lib/mux/pool_difficulty.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";

/** What a pool credits a share of a job that came at a difficulty; `undefined` if it refuses it. */
type Rule = (
  pool: { readonly current: number; readonly previous: number; readonly isInFlight: boolean },
  ofJob: number,
  reached: number,
) => number | undefined;

const least = (needed: number, reached: number) => reached >= needed ? needed : undefined;

/** The servers of pools.md: how they judge, and with which job they tell a difficulty. */
const RULES: Readonly<
  Record<string, { readonly job: "none" | "any" | "clean"; readonly rule: Rule }>
> = {
  ckpool: {
    job: "none",
    rule: ({ current, previous, isInFlight }, _, reached) =>
      least(isInFlight ? Math.min(current, previous) : current, reached),
  },
  public: { job: "clean", rule: ({ current }, _, reached) => least(current, reached) },
  datum: { job: "any", rule: (_, ofJob, reached) => least(ofJob, reached) },
  "datum in a hurry": { job: "clean", rule: (_, ofJob, reached) => least(ofJob, reached) },
  nomp: {
    job: "any",
    rule: ({ current, previous }, _, reached) =>
      reached / current >= 0.99 ? current : least(previous, reached),
  },
};

for (const [name, { job, rule }] of Object.entries(RULES)) {
  Deno.test(`our sum is that of ${name}, share by share, as soon as its habit is known`, () => {
    const random = seededRandom(7);
    const difficulty = new PoolDifficulty(64);
    const credit = new PoolCredit(difficulty);
    let theirs = 0;
    let refusals = 0;
    const stamps: DifficultyStamp[] = [difficulty.stamp(true)];
    for (let step = 0; step < 4_000; step++) {
      if (step % 100 === 50) {
        const cause = stamps.at(-1)!;
        const { current, previous } = difficulty;
        const isInFlight = difficulty.isInFlight(cause);
        difficulty.change(2 ** (2 + randomBelow(random, 8)), job === "none");
        // ckpool changes it over a share that it answers afterwards.
        if (name === "ckpool" && difficulty.current !== current) {
          theirs += rule({ current, previous, isInFlight }, cause.difficulty, Infinity)!;
          credit.accepted(cause, 2 ** 40, true);
        }
        if (job !== "none") stamps.push(difficulty.stamp(job === "clean"));
      } else if (step % 20 === 0) stamps.push(difficulty.stamp(false));
      const stamp = stamps.at(-1 - randomBelow(random, 9)) ?? stamps.at(-1)!;
      const reached = 4 / (1 - random());
      const { sure, possible } = difficulty.demand(stamp);
      if (reached < possible) continue;
      const { current, previous } = difficulty;
      const isInFlight = difficulty.isInFlight(stamp);
      const share = { stamp, reached, change: difficulty.changes, isTentative: reached < sure };
      if (share.isTentative) difficulty.tried(share);
      const given = rule({ current, previous, isInFlight }, stamp.difficulty, reached);
      if (given === undefined) {
        assert.ok(reached < sure, "a share that was sure");
        refusals++;
        credit.refused(stamp, reached);
        difficulty.refused(share);
      } else {
        theirs += given;
        credit.accepted(stamp, reached, false);
        difficulty.accepted(share);
      }
    }
    assert.ok(refusals <= difficulty.changes, `${refusals} refused`);
    assert.ok(theirs > 0);
    assert.equal(credit.sum, theirs);
  });
}

Deno.test("where ckpool changes its difficulty over no share our sum is at most one share's difference off", () => {
  for (const [to, off] of [[16, 64 - 16], [256, 0]] as const) {
    const difficulty = new PoolDifficulty(64);
    const credit = new PoolCredit(difficulty);
    const stamp = difficulty.stamp(true);
    difficulty.change(to, true);
    // On their way when it changed.
    for (let share = 0; share < 5; share++) credit.accepted(stamp, 2 ** 20, true);
    assert.equal(credit.sum - 5 * Math.min(64, to), off);
  }
});

Deno.test("a share that goes up after a drop is credited by that, not by the difficulty before", () => {
  const difficulty = new PoolDifficulty(2 ** 20);
  const credit = new PoolCredit(difficulty);
  const stamp = difficulty.stamp();
  difficulty.change(1, true);
  assert.equal(credit.accepted(stamp, 5, false), 1);
});

for (const isClean of [false, true]) {
  const sort = isClean ? "a clean job" : "a job";
  Deno.test(`of pools that tell a difficulty with ${sort} one that counts its jobs is credited by the newest`, () => {
    for (const [id, credited] of [["2e", 4], ["6b0d7bdd19c0c602", 2]] as const) {
      const difficulty = new PoolDifficulty(2);
      const credit = new PoolCredit(difficulty);
      credit.firstJobCame(id);
      const stamp = difficulty.stamp(true);
      difficulty.change(4, false);
      difficulty.stamp(isClean);
      assert.equal(credit.accepted(stamp, 8, false), credited, `jobs as ${id}`);
    }
  });
}

Deno.test("our sum is that of a pool whose jobs keep their difficulty, from the first share on", () => {
  const random = seededRandom(11);
  const difficulty = new PoolDifficulty(64, true);
  const credit = new PoolCredit(difficulty);
  let theirs = 0;
  const stamps: DifficultyStamp[] = [difficulty.stamp(true)];
  for (let step = 0; step < 2_000; step++) {
    if (randomBelow(random, 20) === 0) {
      difficulty.change(2 ** (2 + randomBelow(random, 8)), randomBelow(random, 2) === 0);
    }
    if (randomBelow(random, 10) === 0) stamps.push(difficulty.stamp(randomBelow(random, 4) === 0));
    const stamp = stamps.at(-1 - randomBelow(random, Math.min(3, stamps.length)))!;
    const reached = stamp.difficulty * (1 + randomBelow(random, 100));
    theirs += stamp.difficulty;
    credit.accepted(stamp, reached, randomBelow(random, 5) === 0);
    assert.equal(credit.sum, theirs, `step ${step}`);
  }
});
