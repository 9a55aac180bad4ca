/** What is lost is counted by its causes, adds up along each line, and stays bounded. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Cause, causesOf, DIMENSIONS, partLost, worstOf } from "../../lib/workers/causes.ts";
import { Losses } from "../../lib/workers/losses.ts";
import { LOST_REASONS, type LostAs } from "../../lib/workers/lost_causes.ts";
import { STEP_MS, type Window } from "../../lib/workers/step_counts.ts";

const HOUR_MS = 3_600_000;
const WINDOWS: readonly Window[] = ["hour", "day"];
const REASONS = LOST_REASONS.filter(({ by }) => by !== "others").map(({ count }) =>
  count as LostAs
);

function poolName(poolId: number): string {
  return poolId === -1 ? "" : poolId === -2 ? "others" : `pool${poolId}:3333`;
}

function of(losses: Losses, window: Window) {
  return causesOf(losses.endings(window), poolName);
}

function named(causes: readonly Cause[], name: string): Cause {
  const found = causes.find((cause) => cause.name === name);
  assert.ok(found, `${name} in ${causes.map(({ name }) => name)}`);
  return found;
}

const ORIGIN = { software: "cgminer/4.11.1", subnet: "10.0.0.0/24", account: "" };

Deno.test("Losses counts good and lost shares by software, network, sub-account, pool and reason", () => {
  const losses = new Losses();
  losses.tick(0);
  const old = losses.enter({ ...ORIGIN, software: "bmminer/2.0.0" });
  const newer = losses.enter({ ...ORIGIN, subnet: "10.0.1.0/24" });
  for (let i = 0; i < 3; i++) losses.good(newer, 0, 100);
  losses.good(old, 1, 50);
  losses.lost(old, 1, "rejectedStale", 50);
  losses.lost(old, -1, "outage", 10);
  const { by, ...all } = of(losses, "hour");
  assert.deepEqual(all, { good: 4, goodWork: 350, lost: 2, lostWork: 60 });
  assert.deepEqual(named(by.software, "bmminer/2.0.0"), {
    name: "bmminer/2.0.0",
    good: 1,
    goodWork: 50,
    lost: 2,
    lostWork: 60,
    reasons: { rejected_stale: 1, outage: 1 },
  });
  assert.equal(partLost(named(by.pools, "pool1:3333")), 0.5);
  assert.equal(partLost(named(by.pools, "pool0:3333")), 0);
  assert.equal(named(by.subnets, "10.0.0.0/24").lost, 2);
  assert.deepEqual(by.reasons.map(({ name }) => name), ["rejected_stale", "outage"]);
});

Deno.test("Losses forgets the hour after an hour, and the day after a day", () => {
  const losses = new Losses();
  let time = 0;
  losses.tick(time);
  losses.lost(losses.enter(ORIGIN), 0, "refusedStale", 8);
  const goOn = (ms: number) => {
    for (const end = time + ms; time < end;) losses.tick(time += STEP_MS / 5);
  };
  goOn(HOUR_MS - STEP_MS);
  assert.equal(of(losses, "hour").lost, 1);
  goOn(2 * STEP_MS);
  assert.equal(of(losses, "hour").lost, 0);
  assert.deepEqual([of(losses, "day").lost, of(losses, "day").lostWork], [1, 8]);
  goOn(22 * HOUR_MS);
  assert.equal(of(losses, "day").lost, 1);
  goOn(3 * HOUR_MS);
  assert.equal(of(losses, "day").lost, 0);
});

Deno.test("after a sleep of days, Losses has no count older than a day", () => {
  const losses = new Losses();
  losses.tick(0);
  losses.lost(losses.enter(ORIGIN), 0, "refusedStale", 8);
  losses.tick(5 * 24 * HOUR_MS);
  for (const window of WINDOWS) assert.equal(of(losses, window).lost, 0);
});

Deno.test("the sums by every dimension equal all counted shares, whatever miners send", () => {
  const share = fc.record({
    software: fc.nat(40),
    subnet: fc.nat(12),
    account: fc.nat(4),
    poolId: fc.integer({ min: -1, max: 4 }),
    reason: fc.option(fc.constantFrom(...REASONS)),
    difficulty: fc.integer({ min: 1, max: 2 ** 40 }),
    pauseMs: fc.oneof(fc.constant(0), fc.nat(2 * HOUR_MS)),
    leaves: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(share, { maxLength: 400 }), (course) => {
      const losses = new Losses();
      let time = 0;
      losses.tick(0);
      const counted: { at: number; isGood: boolean; difficulty: number }[] = [];
      for (
        const { software, subnet, account, poolId, reason, difficulty, pauseMs, leaves } of course
      ) {
        for (const end = time + pauseMs; time < end;) {
          losses.tick(time = Math.min(end, time + 60_000));
        }
        const origin = losses.enter({
          software: `s${software}`,
          subnet: `n${subnet}`,
          account: `a${account}`,
        });
        if (reason === null) losses.good(origin, poolId, difficulty);
        else losses.lost(origin, poolId, reason, difficulty);
        counted.push({ at: time, isGood: reason === null, difficulty });
        if (leaves) losses.leave(origin);
      }
      const step = Math.floor(time / STEP_MS);
      const within = {
        hour: counted.filter(({ at }) => Math.floor(at / STEP_MS) >= step - 12),
        day: counted.filter(({ at }) => Math.floor(at / STEP_MS) >= step - step % 12 - 24 * 12),
      };
      for (const window of WINDOWS) {
        const { by, ...all } = of(losses, window);
        assert.equal(all.good, within[window].filter(({ isGood }) => isGood).length);
        assert.equal(all.lost, within[window].filter(({ isGood }) => !isGood).length);
        const work = within[window].reduce((sum, { difficulty }) => sum + difficulty, 0);
        near(all.goodWork + all.lostWork, work);
        for (const dimension of DIMENSIONS) {
          for (const causes of [by[dimension], worstOf(by[dimension], 5, "others")]) {
            const sum = (of: "good" | "lost" | "lostWork") =>
              causes.reduce((total, cause) => total + cause[of], 0);
            assert.equal(sum("lost"), all.lost, dimension);
            if (dimension !== "reasons") assert.equal(sum("good"), all.good, dimension);
            near(sum("lostWork"), all.lostWork);
            for (const { lost, reasons } of causes) {
              assert.equal(Object.values(reasons).reduce((one, other) => one + other, 0), lost);
            }
          }
        }
      }
    }),
    { numRuns: 60 },
  );
});

Deno.test("a miner that keeps changing its software name pushes nobody out, and all adds up", () => {
  const losses = new Losses();
  losses.tick(0);
  const honest = losses.enter(ORIGIN);
  losses.lost(honest, 0, "rejectedStale", 1);
  let sent = 0;
  for (let i = 0; i < 20_000; i++) {
    const hostile = losses.enter({ ...ORIGIN, software: `evil/${i}`, subnet: "10.6.6.0/24" });
    losses.lost(hostile, i % 3, REASONS[i % REASONS.length]!, 1);
    sent++;
    losses.leave(hostile);
  }
  losses.lost(honest, 0, "rejectedStale", 1);
  // Others find room for theirs still.
  const later = losses.enter({ ...ORIGIN, software: "bosminer/1" });
  losses.lost(later, 1, "refusedDuplicate", 1);
  const { by, lost } = of(losses, "hour");
  assert.equal(lost, sent + 3);
  assert.equal(named(by.software, ORIGIN.software).lost, 2);
  assert.equal(named(by.software, "bosminer/1").lost, 1);
  assert.ok(by.software.length <= 131, `${by.software.length} names`);
  assert.ok(named(by.software, "others").lost > 15_000);
  for (const dimension of DIMENSIONS) {
    assert.equal(by[dimension].reduce((sum, cause) => sum + cause.lost, 0), lost, dimension);
  }
  assert.equal(by.reasons.length, REASONS.length, "reasons are told apart all the same");
});

Deno.test("during an attack from everywhere, known origins are still counted apart", () => {
  const losses = new Losses();
  losses.tick(0);
  const honest = losses.enter(ORIGIN);
  losses.lost(honest, 0, "rejectedStale", 1);
  for (let i = 0; i < 50_000; i++) {
    const hostile = losses.enter({ software: `evil/${i}`, subnet: `n${i % 3000}`, account: "" });
    losses.lost(hostile, i % 50, REASONS[i % REASONS.length]!, 1);
  }
  losses.lost(honest, 0, "rejectedStale", 1);
  const { by, lost } = of(losses, "day");
  assert.equal(lost, 50_002);
  assert.equal(named(by.software, ORIGIN.software).lost, 2);
  assert.equal(by.pools.reduce((sum, cause) => sum + cause.lost, 0), lost);
});

Deno.test("an origin's number is free when its miners are gone and the day has no count of it", () => {
  const losses = new Losses();
  let time = 0;
  losses.tick(time);
  for (let i = 0; i < 128; i++) {
    const origin = losses.enter({ ...ORIGIN, software: `old/${i}` });
    losses.good(origin, 0, 1);
    losses.leave(origin);
  }
  const isNamed = (software: string) => {
    const origin = losses.enter({ ...ORIGIN, software });
    losses.good(origin, 0, 1);
    losses.leave(origin);
    return of(losses, "hour").by.software.some(({ name }) => name === software);
  };
  assert.equal(isNamed("new/1"), false);
  const goOn = (ms: number) => {
    for (const end = time + ms; time < end;) losses.tick(time += STEP_MS);
  };
  goOn(23 * HOUR_MS);
  assert.equal(isNamed("new/2"), false);
  goOn(3 * HOUR_MS);
  assert.equal(isNamed("new/3"), true);
});

function near(actual: number, expected: number): void {
  const slack = Math.max(1e-6, Math.abs(expected) * 1e-6);
  assert.ok(Math.abs(actual - expected) <= slack, `${actual} is not ${expected}`);
}

Deno.test("a share that is judged after a long sleep is counted, even if its miner is gone", () => {
  const losses = new Losses();
  losses.tick(0);
  const origin = losses.enter({ software: "a", subnet: "10.0.0.0/24", account: "" });
  losses.leave(origin);
  losses.tick(8 * HOUR_MS);
  losses.good(origin, 0, 5);
  losses.lost(origin, 0, "unansweredTimedOut", 7);
  const { good, lost } = losses.endings("hour");
  assert.deepEqual([good[0]!.work, lost[0]!.work], [5, 7]);
  assert.equal(good[0]!.origin.software, "a");
});

Deno.test("steps that are asked for once each add up to all that was counted", () => {
  const losses = new Losses();
  losses.tick(0);
  const origin = losses.enter(ORIGIN);
  let [good, lost, taken] = [0, 0, 0];
  const take = (isOver: boolean) => {
    const recent = losses.recent(losses.stepsEnded - taken, isOver);
    taken = losses.stepsEnded;
    for (const { shares } of recent.good) good += shares;
    for (const { shares } of recent.lost) lost += shares;
  };
  // Every four minutes a share of each kind; every eleven, what has ended meanwhile.
  for (let minute = 1; minute <= 3 * 60; minute++) {
    losses.tick(minute * 60_000);
    if (minute % 4 === 0) {
      losses.good(origin, 0, 1);
      losses.lost(origin, 1, "rejectedStale", 1);
    }
    if (minute % 11 === 0) take(false);
  }
  assert.ok(good < 45);
  take(true);
  assert.deepEqual([good, lost], [45, 45]);
});
