/** The table of signs that a pool is half dead, walked row by row and at each of its edges. */

import assert from "node:assert/strict";
import { verdictOf } from "../../lib/pool/agent/verdicts.ts";
import { LEAVE_AGAIN_MS, Leavings, WorkRecord } from "../../lib/pool/half_dead.ts";

const BOUNDS = { noJobMs: 180_000, allRefusedMs: 60_000, noVerdictMs: 60_000 };
const ACCEPTED = 1798084231;
const STALE = 37;
const LOW = 23;

/** Another pool whose last job came at `at`. */
function other(at: number): { readonly at: number; readonly name: string } {
  return { at, name: "b:1 #2" };
}

interface JobCase {
  readonly name: string;
  /** How old the newest job is, in milliseconds. */
  readonly age: number;
  /** How old another pool's is; `undefined` for no other pool. */
  readonly otherAge: number | undefined;
  readonly isSign: boolean;
}

const JOBS: readonly JobCase[] = [
  { name: "older than 180 s, another's under 60 s", age: 180_001, otherAge: 59_999, isSign: true },
  { name: "180 s old", age: 180_000, otherAge: 0, isSign: false },
  { name: "older than 180 s, another's 60 s", age: 500_000, otherAge: 60_000, isSign: false },
  {
    name: "an hour old, and there is no other pool",
    age: 3_600_000,
    otherAge: undefined,
    isSign: false,
  },
];

for (const { name, age, otherAge, isSign } of JOBS) {
  Deno.test(`A newest job ${name}: ${isSign ? "a sign" : "no sign"}`, () => {
    const now = 10_000_000;
    const work = new WorkRecord(now - age);
    const elsewhere = otherAge === undefined ? undefined : other(now - otherAge);
    const sign = work.sign(BOUNDS, elsewhere, now);
    if (!isSign) return assert.equal(sign, undefined);
    assert.equal(sign, "no new job for 180 s, while b:1 #2 sent one 59 s ago");
  });
}

Deno.test("Each job is the newest and is news, except the first, which every connection gets", () => {
  const work = new WorkRecord(0);
  assert.equal(work.newsAt, -Infinity);
  work.jobArrived(100_000);
  assert.equal(work.newsAt, 100_000);
  assert.equal(work.sign(BOUNDS, other(250_000), 280_000), undefined);
  assert.notEqual(work.sign(BOUNDS, other(250_000), 280_001), undefined);
});

/** One verdict after another, `everyMs` apart, from two miners in turn. */
function judge(
  statuses: readonly number[],
  { everyMs = 5_000, miners = 2 } = {},
): string | undefined {
  const work = new WorkRecord(0);
  statuses.forEach((status, i) => work.judged(i % miners, verdictOf(status), i * everyMs));
  return work.sign(BOUNDS, undefined, statuses.length * everyMs);
}

const of = (count: number, status: number): number[] => Array.from({ length: count }, () => status);

interface VerdictCase {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly everyMs?: number;
  readonly miners?: number;
  readonly isSign: boolean;
}

const VERDICTS: readonly VerdictCase[] = [
  {
    name: "20 of two miners over more than 60 s, all stale",
    statuses: of(20, STALE),
    isSign: true,
  },
  { name: "19", statuses: of(19, STALE), isSign: false },
  { name: "of one miner", statuses: of(40, STALE), miners: 1, isSign: false },
  { name: "within less than 60 s", statuses: of(1000, STALE), everyMs: 60, isSign: false },
  { name: "over exactly 60 s", statuses: of(21, STALE), everyMs: 3_000, isSign: true },
  { name: "of low difficulty", statuses: of(100, LOW), isSign: false },
  {
    name: "of codes that all mean stale",
    statuses: [...of(7, 21), ...of(7, 36), ...of(7, 37)],
    isSign: true,
  },
  { name: "of two kinds", statuses: [...of(15, STALE), ...of(15, 22)], isSign: false },
  { name: "of one kind after another", statuses: [...of(15, 22), ...of(20, STALE)], isSign: true },
  {
    name: "with an accepted one in between",
    statuses: [...of(19, STALE), ACCEPTED, ...of(19, STALE)],
    isSign: false,
  },
  {
    name: "with a low one in between",
    statuses: [...of(19, STALE), LOW, ...of(19, STALE)],
    isSign: false,
  },
  { name: "of a code nobody knows", statuses: of(20, 999), isSign: true },
  { name: "of two codes nobody knows", statuses: [...of(15, 999), ...of(15, 998)], isSign: false },
];

for (const { name, statuses, isSign, ...how } of VERDICTS) {
  Deno.test(`Refusals, ${name}: ${isSign ? "a sign" : "no sign"}`, () => {
    const sign = judge(statuses, how);
    if (isSign) {
      assert.match(sign!, /^it rejected all \d+ shares of \d+ s, from several miners: \d+ "/);
    } else assert.equal(sign, undefined);
  });
}

Deno.test("The sign of refusals names how many, in what time, and the pool's words", () => {
  assert.equal(
    judge(of(20, STALE)),
    'it rejected all 20 shares of 95 s, from several miners: 37 "Stale share"',
  );
});

Deno.test("20 shares without a verdict for 60 s are a sign, from the twentieth on", () => {
  const work = new WorkRecord(0);
  for (let i = 0; i < 20; i++) work.submitted(i * 1_000);
  assert.equal(work.sign(BOUNDS, undefined, 19_000 + 59_999), undefined);
  assert.equal(
    work.sign(BOUNDS, undefined, 19_000 + 60_000),
    "it judged none of 20 or more shares sent 60 s ago, nor any since",
  );
  for (let i = 0; i < 1000; i++) work.submitted(70_000);
  assert.notEqual(work.sign(BOUNDS, undefined, 79_000), undefined, "more shares hide nothing");
  work.judged(1, verdictOf(ACCEPTED), 79_000);
  assert.equal(work.sign(BOUNDS, undefined, 500_000), undefined, "one verdict is a pool's work");
});

Deno.test("19 shares without a verdict are not a sign, after any time", () => {
  const work = new WorkRecord(0);
  for (let i = 0; i < 19; i++) work.submitted(0);
  assert.equal(work.sign(BOUNDS, undefined, 3_600_000), undefined);
});

Deno.test("A sign whose time is Infinity never shows", () => {
  const never = { noJobMs: Infinity, allRefusedMs: Infinity, noVerdictMs: Infinity };
  const work = new WorkRecord(0);
  for (let i = 0; i < 100; i++) work.judged(i, verdictOf(STALE), i * 10_000);
  for (let i = 0; i < 100; i++) work.submitted(1_000_000);
  assert.equal(work.sign(never, other(9_999_000), 10_000_000), undefined);
});

Deno.test("A pool is left at most once in ten minutes, and left alone for twice as long each time", () => {
  const leavings = new Leavings();
  let time = 0;
  const alone: number[] = [];
  for (let i = 0; i < 6; i++) {
    assert.ok(leavings.mayLeave(3, time, time));
    alone.push(leavings.left(3, time) / 60_000);
    assert.ok(!leavings.mayLeave(3, time + 1, time + LEAVE_AGAIN_MS - 1));
    assert.ok(leavings.mayLeave(4, time, time), "another pool is another pool");
    time += LEAVE_AGAIN_MS;
  }
  assert.deepEqual(alone, [10, 20, 40, 80, 120, 120]);
  assert.equal(leavings.left(3, time + 5 * 3_600_000), LEAVE_AGAIN_MS);
});

Deno.test("Connections that served when a pool was left are left together, and count once", () => {
  const leavings = new Leavings();
  assert.equal(leavings.left(0, 1_000_000), LEAVE_AGAIN_MS);
  assert.ok(leavings.mayLeave(0, 999_999, 1_020_000));
  assert.equal(leavings.left(0, 1_020_000), LEAVE_AGAIN_MS - 20_000);
  assert.ok(!leavings.mayLeave(0, 1_000_001, 1_100_000));
  assert.equal(leavings.left(0, 1_000_000 + LEAVE_AGAIN_MS), 2 * LEAVE_AGAIN_MS);
});

Deno.test("a pool that acknowledges in runs is judged by the length of its runs", () => {
  const submit = (record: WorkRecord, count: number, time: number) => {
    for (let i = 0; i < count; i++) record.submitted(time);
  };
  const never = new WorkRecord(0, true);
  submit(never, 255, 0);
  assert.equal(never.sign(BOUNDS, undefined, 1_000_000), undefined, "a long run may come");
  submit(never, 1, 0);
  assert.match(never.sign(BOUNDS, undefined, 1_000_000)!, /judged none of 256/);

  const known = new WorkRecord(0, true);
  known.acknowledged(10);
  submit(known, 29, 0);
  assert.equal(known.sign(BOUNDS, undefined, 1_000_000), undefined);
  submit(known, 1, 0);
  assert.match(known.sign(BOUNDS, undefined, 1_000_000)!, /judged none of 30/);
  known.acknowledged(2);
  assert.equal(known.sign(BOUNDS, undefined, 1_000_000) === undefined, false, "the most counts");

  const single = new WorkRecord(0, true);
  single.acknowledged(1);
  submit(single, 20, 0);
  assert.match(single.sign(BOUNDS, undefined, 1_000_000)!, /judged none of 20/);
});
