/** Multiplexer: what miners and pools see of each other, event by event. */

import assert from "node:assert/strict";
import { ACCEPTED } from "../../lib/mux/verdict.ts";
import {
  type LedgerSnapshot,
  NO_STRAYS,
  refusedIn,
  rejectedIn,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/books/ledger.ts";
import { MAX_WAITING_SHARES } from "../../lib/mux/share_flow.ts";
import { VERDICT_TIMEOUT_MS } from "../../lib/mux/terms.ts";
import { NO_POOL } from "../../lib/mux/upstream.ts";
import { FAREWELL_MS } from "../../lib/pool/agent/registry.ts";
import { REST_MS } from "../../lib/mux/session_ids.ts";
import { NO_JOB } from "../../lib/protocol/stratum/job_id.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { minerStatus, POOL_STATUS, SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import type { FakeUpstream } from "../support/fake_upstream.ts";
import { GRACE_MS, MuxWorld, poolJob } from "../support/mux_world.ts";
import { PATIENCE_MS } from "../support/patience.ts";

/** The counts that are not 0. */
function counted(snapshot: LedgerSnapshot | undefined): Partial<LedgerSnapshot> {
  return Object.fromEntries(Object.entries(snapshot!).filter(([, count]) => count > 0));
}

function assertAddsUp(snapshot: LedgerSnapshot): void {
  assert.equal(snapshot.received, snapshot.submitted + refusedIn(snapshot));
  const ended = snapshot.accepted + rejectedIn(snapshot) + snapshot.assumed +
    unansweredIn(snapshot);
  assert.equal(snapshot.submitted, ended + waitingIn(snapshot));
}

function joinMany(world: MuxWorld, count: number): FakeDownstream[] {
  return Array.from({ length: count }, () => world.join());
}

/** The pool has not judged the shares of those that went, and is told to forget them. */
function passFarewell(world: MuxWorld): void {
  world.clock.advance(FAREWELL_MS);
  world.tick();
}

const seatedAt = (upstream: FakeUpstream) => upstream.registered.size;

// Taking places

Deno.test("A miner that joins hears mask, difficulty and a clean job, in this order", () => {
  const world = new MuxWorld();
  const pool = world.active("a", { difficulty: 512 });
  world.job(pool, "1", false);
  const miner = world.join();
  assert.deepEqual(miner.told, [
    { mask: 0x1fffe000 },
    { difficulty: 512 },
    { job: { id: 1001, isClean: true, coinbase1: "61", poolJobId: "1", ntime: 0x650d1b20 } },
  ]);
  assert.equal(pool.registered.get(miner.sessionId)?.workerName, "rig0");
  assert.equal(miner.seat?.versionMask, 0x1fffe000);
});

Deno.test("A miner that joins while no pool is there is held, then served", () => {
  const world = new MuxWorld();
  const miner = world.join();
  assert.equal(miner.seat?.versionMask, undefined);
  assert.equal(world.submit(miner, 1000).receipt, ERROR_CODE.jobNotFound);
  const pool = world.ready("a");
  assert.deepEqual(miner.told, []);
  world.activate(pool);
  assert.equal(miner.job.isClean, true);
  assert.equal(world.submit(miner).receipt, "waiting");
  assert.equal(miner.disconnectedFor, undefined);
});

Deno.test("A miner at a connection without a job hears its difficulty, and the job when it comes", () => {
  const world = new MuxWorld();
  const pool = world.bare("a");
  world.activate(pool);
  const miner = world.join();
  assert.deepEqual(miner.jobs, []);
  world.job(pool, "9", false);
  assert.equal(miner.job.isClean, true, "it may hold a job of another connection");
  world.job(pool, "10", false);
  assert.equal(miner.job.isClean, false);
});

Deno.test("Once a first job has come, time alone has nobody asked for news", () => {
  const world = new MuxWorld();
  const pool = world.bare("a");
  world.activate(pool);
  world.join();
  world.job(pool, "9", true);
  const { rounds } = world.fanout;
  for (let second = 0; second < 10; second++) {
    world.clock.advance(1_000);
    world.tick();
  }
  assert.equal(world.fanout.rounds, rounds);
});

Deno.test("A spare gets no miners, and its jobs go to no miner", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const spare = world.ready("b");
  const miner = world.join();
  world.job(spare, "1", true);
  assert.equal(seatedAt(spare), 0);
  assert.equal(seatedAt(pool), 1);
  assert.equal(miner.jobs.length, 1);
});

Deno.test("Miners spread evenly over connections, and move over when one is added", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  joinMany(world, 10);
  const b = world.active("b");
  assert.deepEqual([a, b].map(seatedAt), [5, 5]);
  const c = world.active("c");
  assert.deepEqual([a, b, c].map(seatedAt), [4, 3, 3]);
  joinMany(world, 2);
  assert.deepEqual([a, b, c].map(seatedAt), [4, 4, 4]);
  world.lose(b);
  assert.deepEqual([a, c].map(seatedAt), [6, 6]);
});

Deno.test("A job goes to all miners of its connection with its own clean flag, and to no others", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  world.active("b");
  const miners = joinMany(world, 6);
  world.job(a, "1", false);
  world.job(a, "2", true);
  const flags = miners.map(({ jobs }) => jobs.slice(1).map(({ isClean }) => isClean));
  assert.equal(flags.filter((seen) => seen.length === 0).length, 3);
  assert.equal(flags.filter((seen) => `${seen}` === "false,true").length, 3);
});

Deno.test("A new difficulty goes to the miners it names, with the next job, and nobody else", () => {
  const world = new MuxWorld();
  const pool = world.active("a", { difficulty: 512 });
  const spare = world.ready("b");
  const [one, two] = joinMany(world, 2) as [FakeDownstream, FakeDownstream];
  world.mux.difficultyChanged(pool, [77, one.sessionId, 0xfffe], 2 ** 40, false);
  world.mux.difficultyChanged(spare, [two.sessionId], 8, false);
  assert.equal(one.difficulty, 512);
  world.job(pool, "1");
  assert.deepEqual(one.told.slice(-2).map(Object.keys), [["difficulty"], ["job"]]);
  assert.equal(one.difficulty, 2 ** 40);
  assert.equal(two.difficulty, 512);
  assert.equal(two.jobs.length, 2);
});

Deno.test("A narrower version mask goes to every miner at once, with the job again as a clean one", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miners = joinMany(world, 2);
  pool.versionMask = 0;
  world.mux.versionMaskChanged(pool);
  for (const { told } of miners) {
    const job = { id: 1001, isClean: true, coinbase1: "61", poolJobId: "0" };
    assert.deepEqual(told.slice(-2), [{ mask: 0 }, { job: { ...job, ntime: 0x650d1b20 + 35 } }]);
  }
});

Deno.test("A mask that changes again and again costs a miner one job in five seconds", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  world.fanout.isHeld = true;
  for (let flip = 0; flip < 1000; flip++) {
    pool.versionMask = flip % 2 === 0 ? 0x00ffe000 : 0x1fffe000;
    world.mux.versionMaskChanged(pool);
  }
  world.fanout.release();
  assert.equal(miner.jobs.length, 2);
  // More than six changes in a minute: what is always allowed is left.
  assert.equal(miner.seat!.versionMask, 0x00ffe000);
  world.clock.advance(60_000);
  world.job(pool, "1");
  assert.equal(miner.seat!.versionMask, 0x1fffe000);
});

Deno.test("Version bits that a job has itself are not for miners to roll", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const job = { ...poolJob("0", true, "61"), version: "20006000" };
  world.mux.jobArrived(pool, job);
  assert.deepEqual(miner.told.slice(-2).map((told) => "mask" in told && told.mask), [
    0x1fff8000,
    false,
  ]);
});

Deno.test("Miners of an account that every pool refuses are turned away, those that work are not", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const works = world.join();
  world.lose(pool);
  const held = world.join();
  world.mux.accountRefused();
  assert.match(held.turnedAwayFor!, /refuses its sub-account/);
  assert.equal(works.turnedAwayFor, undefined);
  assert.equal(world.mux.miners, 1);
  // The miner may try another name: its id is still its own.
  held.leave();
  assert.deepEqual(world.released, []);
  const next = world.join();
  assert.equal(next.seat, undefined);
  assert.match(next.turnedAwayFor!, /refuses its sub-account/);
  world.active("b");
  assert.equal(works.jobs.length, 2);
  assert.equal(world.join().isAdmitted, true, "a pool takes the account now");
});

// Shares and verdicts

for (
  const { status, count, isAccepted } of [
    { status: SHARE_ACCEPTED, count: "accepted" },
    { status: 1422486894, count: "accepted" },
    { status: POOL_STATUS.stale, count: "rejectedStale" },
    { status: POOL_STATUS.jobNotFound, count: "rejectedStale" },
    { status: ERROR_CODE.jobNotFound, count: "rejectedStale" },
    { status: ERROR_CODE.duplicate, count: "rejectedDuplicate" },
    { status: ERROR_CODE.lowDifficulty, count: "rejectedLowDifficulty" },
    { status: ERROR_CODE.timeTooOld, count: "rejectedTimeTooOld" },
    { status: ERROR_CODE.timeTooNew, count: "rejectedTimeTooNew" },
    { status: ERROR_CODE.versionMask, count: "rejectedVersionMask" },
    { status: 0, count: "rejectedOther" },
    { status: -5, count: "rejectedOther" },
  ].map((row) => ({ ...row, isAccepted: row.count === "accepted" }))
) {
  Deno.test(`Verdict ${status} reaches the miner and is counted as ${count}`, () => {
    const world = new MuxWorld();
    const pool = world.active("a");
    const miner = world.join();
    const { id, receipt } = world.submit(miner);
    assert.equal(receipt, "waiting");
    pool.judge(0, status);
    assert.deepEqual(miner.answers.get(id), [isAccepted ? SHARE_ACCEPTED : minerStatus(status)]);
    const expected = { received: 1, submitted: 1, [count]: 1 };
    assert.deepEqual(counted(world.counter.total.snapshot()), expected);
    assert.deepEqual(counted(world.mux.sharesOf(pool)), expected);
    assert.deepEqual(counted(world.counter.minerShares(miner.sessionId)), expected);
    assert.equal(world.mux.waitingShares, 0);
    assert.equal(isAccepted, world.counter.total.get("accepted") === 1);
  });
}

Deno.test("Verdicts that overtake each other reach the right miners and requests", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [one, two] = joinMany(world, 2) as [FakeDownstream, FakeDownstream];
  const ids = [one, two, one].map((miner) => world.submit(miner).id);
  pool.judge(2, ERROR_CODE.duplicate);
  pool.judge(0, ERROR_CODE.lowDifficulty);
  pool.judge(1, SHARE_ACCEPTED);
  assert.deepEqual([...one.answers], [[ids[2], [22]], [ids[0], [23]]]);
  assert.deepEqual([...two.answers], [[ids[1], [SHARE_ACCEPTED]]]);
});

Deno.test("A verdict given twice, or for a share never sent, reaches no miner and is counted apart", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const { id } = world.submit(miner);
  pool.judge(1, SHARE_ACCEPTED);
  pool.judge(65_535, SHARE_ACCEPTED);
  pool.judge(0, SHARE_ACCEPTED);
  pool.judge(0, ERROR_CODE.duplicate);
  assert.deepEqual([...miner.answers], [[id, [SHARE_ACCEPTED]]]);
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, neverSent: 2, repeated: 1 });
  assert.deepEqual(counted(world.counter.total.snapshot()), {
    received: 1,
    submitted: 1,
    accepted: 1,
  });
});

Deno.test("A share for a pool without verdicts is assumed, and waits for nothing", () => {
  const world = new MuxWorld();
  const pool = world.active("a", { verdicts: "assumed" });
  const miner = world.join();
  for (let i = 0; i < 3; i++) assert.equal(world.submit(miner).receipt, "taken");
  world.clock.advance(VERDICT_TIMEOUT_MS * 2);
  world.tick();
  world.lose(pool);
  assert.deepEqual([...miner.answers], []);
  assert.deepEqual(counted(world.counter.total.snapshot()), {
    received: 3,
    submitted: 3,
    assumed: 3,
  });
});

for (const jobId of [NO_JOB, 0, 999, 1001]) {
  Deno.test(`A share for job ${jobId}, which the miner never got, is refused as stale here`, () => {
    const world = new MuxWorld();
    const pool = world.active("a");
    const miner = world.join();
    assert.equal(world.submit(miner, jobId).receipt, ERROR_CODE.jobNotFound);
    assert.deepEqual(pool.submits, []);
    assert.deepEqual(counted(world.mux.sharesOf(pool)), { received: 1, refusedStale: 1 });
  });
}

Deno.test("A share goes up under the pool's own id of its job", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const first = miner.job.id;
  world.job(pool, "1");
  world.submit(miner);
  world.submit(miner, first);
  assert.deepEqual(pool.submits.map(({ poolJobId }) => poolJobId), ["1", "0"]);
});

Deno.test("A share for a job of the connection a miner left never reaches the new one", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const b = world.ready("b");
  const miner = world.join();
  const old = miner.job.id;
  world.activate(b);
  world.rest(a);
  assert.equal(seatedAt(b), 1);
  // Both connections know a job "0": only our own number tells them apart.
  assert.equal(world.submit(miner, old).receipt, ERROR_CODE.jobNotFound);
  assert.deepEqual(b.submits, []);
  assert.equal(world.submit(miner).receipt, "waiting");
  assert.deepEqual([a.submits.length, b.submits.length], [0, 1]);
});

Deno.test("A share whose verdict does not come is answered true once, and ends at the time-out", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const { id } = world.submit(miner);
  world.clock.advance(VERDICT_TIMEOUT_MS);
  const later = world.submit(miner);
  world.tick();
  assert.deepEqual([...miner.answers], [[id, [SHARE_ACCEPTED]]]);
  assert.equal(world.counter.total.get("unansweredTimedOut"), 0);
  world.clock.advance(1);
  world.tick();
  world.tick();
  assert.deepEqual([...miner.answers], [[id, [SHARE_ACCEPTED]]]);
  pool.judge(0, ERROR_CODE.duplicate);
  pool.judge(1, ERROR_CODE.lowDifficulty);
  assert.deepEqual([...miner.answers], [[id, [SHARE_ACCEPTED]], [later.id, [23]]]);
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, late: 1 });
  assert.deepEqual(counted(world.counter.total.snapshot()), {
    received: 2,
    submitted: 2,
    unansweredTimedOut: 1,
    early: 1,
    rejectedLowDifficulty: 1,
  });
});

Deno.test("A share overtaken by 65,536 newer ones is given up, and its number means the newest", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [slow, ...busy] = joinMany(world, 71) as [FakeDownstream, ...FakeDownstream[]];
  const { id } = world.submit(slow);
  let last = 0;
  for (let i = 0; i < 0x10000; i++) last = world.submit(busy[i % 70]!).id;
  assert.deepEqual([...slow.answers], [[id, [SHARE_ACCEPTED]]]);
  assert.equal(world.mux.waitingShares, 0x10000);
  pool.judge(0, ERROR_CODE.lowDifficulty);
  assert.deepEqual(busy[0xffff % 70]!.answers.get(last), [23]);
  assert.deepEqual(slow.answers.get(id), [SHARE_ACCEPTED]);
  const total = world.counter.total.snapshot();
  assert.equal(total.unansweredTimedOut, 1);
  assertAddsUp(total);
});

Deno.test("A miner with 1,000 shares waiting is refused more until one is judged, others are not", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [flooder, other] = joinMany(world, 2) as [FakeDownstream, FakeDownstream];
  for (let i = 0; i < MAX_WAITING_SHARES; i++) {
    assert.equal(world.submit(flooder).receipt, "waiting");
  }
  assert.equal(world.submit(flooder).receipt, ERROR_CODE.unknown);
  assert.equal(world.submit(other).receipt, "waiting");
  pool.judge(0, SHARE_ACCEPTED);
  assert.equal(world.submit(flooder).receipt, "waiting");
  assert.equal(world.counter.total.get("refusedTooMany"), 1);
  assertAddsUp(world.counter.total.snapshot());
});

for (
  const [mask, versionBits, receipt] of [
    [0x1fffe000, 0x00002000, "waiting"],
    [0x1fffe000, 0x20000000, 33],
    [0x1fffe000, 0x00002001, 33],
    [0, 0x00002000, 33],
    [0, 0, "waiting"],
    [0xffffffff, 0xdfffffff, "waiting"],
    // The job's own version has this bit: OR and XOR would make two headers of it.
    [0xffffffff, 0x20000000, 33],
  ] as const
) {
  Deno.test(`Version bits ${versionBits.toString(16)} for a pool's mask ${mask.toString(16)}: ${receipt}`, () => {
    const world = new MuxWorld();
    const pool = world.active("a");
    pool.versionMask = mask;
    const miner = world.join();
    assert.equal(world.submit(miner, miner.job.id, versionBits).receipt, receipt);
    assert.equal(pool.submits.length, receipt === "waiting" ? 1 : 0);
    assert.equal(world.counter.total.get("refusedVersionMask"), receipt === 33 ? 1 : 0);
    assertAddsUp(world.counter.total.snapshot());
  });
}

Deno.test("A difficulty that did not change is not told again, however often the pool names it", () => {
  const world = new MuxWorld();
  const pool = world.active("a", { difficulty: 16 });
  const miner = world.join();
  const ids = Array(30_000).fill(miner.sessionId);
  world.mux.difficultyChanged(pool, ids, 16, false);
  world.job(pool, "1");
  world.mux.difficultyChanged(pool, ids, 64, false);
  world.mux.difficultyChanged(pool, ids, 32, false);
  world.job(pool, "2");
  world.job(pool, "3");
  const told = miner.told.filter((told) => "difficulty" in told);
  // Before they are compared: showing how 30,000 of them differ takes minutes.
  assert.equal(told.length, 2);
  assert.deepEqual(told, [{ difficulty: 16 }, { difficulty: 32 }]);
});

// Losing a connection

Deno.test("Miners of a lost connection move to the spare: same id, new difficulty, clean job", () => {
  const world = new MuxWorld();
  const a = world.active("a", { difficulty: 512 });
  const miners = joinMany(world, 100);
  const b = world.ready("b", { difficulty: 4096 });
  const before = miners.map(({ sessionId }) => sessionId);
  world.lose(a);
  world.activate(b);
  assert.deepEqual([...b.registered.keys()].sort((x, y) => x - y), before);
  for (const miner of miners) {
    assert.equal(miner.difficulty, 4096);
    assert.equal(miner.job.isClean, true);
    assert.equal(miner.disconnectedFor, undefined);
  }
  assert.equal(world.mux.miners, 100);
});

Deno.test("Shares waiting at a lost connection are answered once and counted as lost with it", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [stays, leaves] = joinMany(world, 2) as [FakeDownstream, FakeDownstream];
  const { id } = world.submit(stays);
  world.submit(leaves);
  leaves.leave();
  world.lose(pool);
  assert.deepEqual([...stays.answers], [[id, [ERROR_CODE.unknown]]]);
  assert.deepEqual([...leaves.answers], []);
  const total = world.counter.total.snapshot();
  assert.deepEqual(counted(total), { received: 2, submitted: 2, unansweredConnectionLost: 2 });
  assert.equal(world.mux.waitingShares, 0);
});

Deno.test("A connection reported lost twice, or before it was ready, changes nothing", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  world.lose(pool);
  world.mux.upstreamLost(pool);
  assert.equal(world.mux.miners, 1);
  world.active("b");
  assert.equal(miner.jobs.length, 2);
});

Deno.test("Miners without a pool stay connected for the grace, and no longer", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miners = joinMany(world, 3);
  world.clock.advance(1_000_000);
  world.tick();
  world.lose(pool);
  world.clock.advance(GRACE_MS - 1);
  world.tick();
  assert.ok(miners.every(({ disconnectedFor }) => disconnectedFor === undefined));
  world.clock.advance(1);
  world.tick();
  assert.ok(miners.every(({ disconnectedFor }) => disconnectedFor === "no pool for over 30 s"));
  assert.equal(world.mux.miners, 0);
  assert.equal(world.ids.leased, 0);
});

Deno.test("A pool that comes within the grace keeps all miners, and the next grace is whole", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const miner = world.join();
  world.lose(a);
  world.clock.advance(GRACE_MS - 1);
  world.tick();
  const b = world.active("b");
  world.clock.advance(GRACE_MS * 10);
  world.tick();
  world.lose(b);
  world.clock.advance(GRACE_MS - 1);
  world.tick();
  assert.equal(miner.disconnectedFor, undefined);
});

Deno.test("The grace of a miner that came before any pool runs from the start", () => {
  const world = new MuxWorld();
  const miner = world.join();
  world.clock.advance(GRACE_MS - 1);
  world.ready("a");
  world.tick();
  assert.equal(miner.disconnectedFor, undefined);
  world.clock.advance(1);
  world.tick();
  assert.equal(miner.disconnectedFor, "no pool for over 30 s");
});

Deno.test("Losing a spare, or one of two, starts no outage", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const b = world.active("b");
  const spare = world.ready("c");
  const miners = joinMany(world, 4);
  world.lose(spare);
  world.lose(a);
  world.clock.advance(GRACE_MS * 2);
  world.tick();
  assert.ok(miners.every(({ disconnectedFor }) => disconnectedFor === undefined));
  assert.equal(seatedAt(b), 4);
});

// Moving to another connection of its own accord

Deno.test("Miners of a rested connection are unregistered there and served at the other", () => {
  const world = new MuxWorld();
  const old = world.active("old");
  const miners = joinMany(world, 5);
  const better = world.active("better");
  world.rest(old);
  assert.deepEqual([old, better].map(seatedAt), [0, 5]);
  old.writeOut();
  better.writeOut();
  assert.deepEqual(world.released, []);
  // Each of them moved once.
  assert.ok(miners.every(({ jobs }) => jobs.length === 2));
});

Deno.test("A verdict for a share sent before the move still reaches the miner", () => {
  const world = new MuxWorld();
  const old = world.active("old");
  const miner = world.join();
  const { id } = world.submit(miner);
  world.active("better");
  world.rest(old);
  assert.ok(old.registered.has(miner.sessionId), "a pool judges no share of a miner it forgot");
  old.judge(0, SHARE_ACCEPTED);
  assert.deepEqual([...miner.answers], [[id, [SHARE_ACCEPTED]]]);
  assert.equal(world.counter.minerShares(miner.sessionId).accepted, 1);
  assert.ok(!old.registered.has(miner.sessionId));
});

Deno.test("A pool that does not judge the last shares of a move in time is told to forget the miner", () => {
  const world = new MuxWorld();
  const old = world.active("old");
  const miner = world.join();
  world.submit(miner);
  const better = world.active("better");
  world.rest(old);
  world.clock.advance(FAREWELL_MS - 1);
  world.tick();
  assert.ok(old.registered.has(miner.sessionId));
  world.clock.advance(1);
  world.tick();
  assert.deepEqual([old, better].map(seatedAt), [0, 1]);
  // Back again: its old share is given up later, and only then is none of its shares waiting.
  world.activate(old);
  world.rest(better);
  world.submit(miner);
  old.judge(0, SHARE_ACCEPTED);
  miner.leave();
  assert.ok(old.registered.has(miner.sessionId), "one share waits");
  old.judge(1, SHARE_ACCEPTED);
  assert.deepEqual([old, better].map(seatedAt), [0, 0]);
});

Deno.test("A miner that moves back at once starts again, and its shares keep their verdicts", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const miner = world.join();
  world.submit(miner);
  const b = world.active("b");
  world.rest(a);
  world.activate(a);
  world.rest(b);
  a.writeOut();
  world.submit(miner);
  a.judge(0, SHARE_ACCEPTED);
  assert.ok(a.registered.has(miner.sessionId));
  miner.leave();
  a.judge(1, SHARE_ACCEPTED);
  assert.ok(!a.registered.has(miner.sessionId));
  assert.deepEqual(world.released, []);
  a.writeOut();
  b.writeOut();
  assert.deepEqual(world.released, [miner.sessionId]);
  assert.equal(world.counter.total.get("accepted"), 2);
});

Deno.test("A miner that moves back hears the job there under a new number and with another header", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const [one, other] = joinMany(world, 2);
  const b = world.active("b");
  for (const [to, from] of [[b, a], [a, b], [b, a]] as const) {
    world.activate(to);
    world.rest(from);
  }
  for (const { jobs } of [one!, other!]) {
    assert.equal(jobs.length, 4);
    assert.equal(new Set(jobs.map(({ id }) => id)).size, 4, "numbers");
    const headers = jobs.map(({ coinbase1, ntime }) => `${coinbase1} ${ntime}`);
    assert.equal(new Set(headers).size, 4, headers.join());
  }
  assert.deepEqual(one!.jobs.at(-1), other!.jobs.at(-1), "one new number serves all that move");
});

Deno.test("Resting the only connection holds its miners for the grace", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  world.rest(pool);
  world.clock.advance(GRACE_MS);
  world.tick();
  assert.equal(miner.disconnectedFor, "no pool for over 30 s");
});

// Leaving

Deno.test("A session id is free only when its unregister frame has been written", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  miner.leave();
  assert.equal(world.ids.leased, 1);
  assert.equal(world.mux.miners, 0);
  pool.writeOut(1);
  assert.equal(world.ids.leased, 1);
  pool.writeOut();
  assert.equal(world.ids.leased, 0);
  miner.leave();
  assert.deepEqual(world.released, [miner.sessionId]);
});

Deno.test("A session id of a miner that left is free when its connection is lost", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  miner.leave();
  miner.leave();
  world.lose(pool);
  assert.deepEqual(world.released, [miner.sessionId]);
});

Deno.test("A session id of a miner that was held is free at once", () => {
  const world = new MuxWorld();
  world.join().leave();
  assert.equal(world.ids.leased, 0);
  assert.equal(world.mux.miners, 0);
});

Deno.test("A miner that moved away, came back and left is free after its last frame only", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const miner = world.join();
  const b = world.active("b");
  world.rest(a);
  world.activate(a);
  world.rest(b);
  miner.leave();
  b.writeOut();
  // To a: in, out, in, out. None of them has been written before this.
  for (let frame = 1; frame <= 4; frame++) {
    a.writeOut(1);
    assert.deepEqual(world.released, frame < 4 ? [] : [miner.sessionId], `after frame ${frame}`);
  }
});

Deno.test("A session id is free only when every connection its miner was at has been told", () => {
  const world = new MuxWorld();
  const slow = world.active("slow");
  const miner = world.join();
  const fast = world.active("fast");
  world.rest(slow);
  miner.leave();
  fast.writeOut();
  assert.deepEqual(world.released, []);
  slow.writeOut();
  assert.deepEqual(world.released, [miner.sessionId]);
});

Deno.test("A session id a slow connection was not told to forget is free when that one is lost", () => {
  const world = new MuxWorld();
  const slow = world.active("slow");
  const miner = world.join();
  const fast = world.active("fast");
  world.rest(slow);
  miner.leave();
  world.lose(slow);
  assert.deepEqual(world.released, []);
  fast.writeOut();
  assert.deepEqual(world.released, [miner.sessionId]);
});

Deno.test("A verdict for a miner that left is counted for it, not for the miner with its id now", () => {
  const world = new MuxWorld({ highestSessionId: 0 });
  const pool = world.active("a");
  const gone = world.join();
  world.submit(gone);
  gone.leave();
  passFarewell(world);
  pool.writeOut();
  const next = world.join();
  assert.equal(next.sessionId, gone.sessionId);
  world.submit(next);
  next.leave();
  pool.judge(0, SHARE_ACCEPTED);
  assert.ok(pool.registered.has(next.sessionId), "its own share waits");
  assert.deepEqual([...next.answers], []);
  const own = world.counter.minerShares(next.sessionId);
  assert.deepEqual(counted(own), { received: 1, submitted: 1 });
  assert.deepEqual(counted(world.mux.sharesOf(pool)), { received: 2, submitted: 2, accepted: 1 });
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, minerGone: 1 });
});

Deno.test("A miner that left is known to the pool until its last share is judged", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const [miner, other] = joinMany(world, 2) as [FakeDownstream, FakeDownstream];
  world.submit(miner);
  world.submit(miner);
  world.submit(other);
  miner.leave();
  assert.equal(world.mux.miners, 1);
  for (const index of [2, 0]) {
    pool.judge(index, SHARE_ACCEPTED);
    assert.ok(pool.registered.has(miner.sessionId));
  }
  pool.judge(1, SHARE_ACCEPTED);
  assert.ok(!pool.registered.has(miner.sessionId));
  assert.deepEqual(world.released, []);
  pool.writeOut();
  assert.deepEqual(world.released, [miner.sessionId]);
  assert.equal(world.counter.total.get("accepted"), 3);
});

Deno.test("A verdict on a connection that was given up is counted and reaches no miner", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const { id } = world.submit(miner);
  world.lose(pool);
  pool.judge(0, SHARE_ACCEPTED);
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, connectionGone: 1 });
  assert.deepEqual(miner.answers.get(id), [ERROR_CODE.unknown]);
  assertAddsUp(world.counter.total.snapshot());
});

Deno.test("A share of a miner that left, never judged, is counted as such after the time-out", () => {
  const world = new MuxWorld();
  world.active("a");
  const miner = world.join();
  world.submit(miner);
  miner.leave();
  world.clock.advance(VERDICT_TIMEOUT_MS + 1);
  world.tick();
  assert.deepEqual(counted(world.counter.total.snapshot()), {
    received: 1,
    submitted: 1,
    unansweredMinerGone: 1,
  });
});

Deno.test("A miner that leaves while it is being moved holds up none of the others", () => {
  const world = new MuxWorld();
  const a = world.active("a");
  const miners = joinMany(world, 6);
  for (const miner of miners) world.submit(miner);
  miners[0]!.leavesWhenTold = miners[3]!.leavesWhenTold = true;
  const b = world.ready("b");
  world.lose(a);
  // The answer for the share of the lost connection was too much for two of them.
  assert.equal(world.mux.miners, 4);
  assert.equal(world.ids.leased, 4);
  miners[5]!.leavesWhenTold = true;
  world.activate(b);
  assert.equal(world.mux.miners, 3);
  for (const stays of [1, 2, 4]) assert.equal(miners[stays]!.jobs.length, 2);
  b.writeOut();
  assert.equal(world.ids.leased, 3);
  assertAddsUp(world.counter.total.snapshot());
});

Deno.test("A miner that leaves while it joins gives its place and its id back", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  world.tryJoin(true);
  assert.equal(world.mux.miners, 0);
  pool.writeOut();
  assert.equal(world.ids.leased, 0);
});

Deno.test("Ids of miners that left come back after their rest, with a count of their own", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  world.submit(miner);
  miner.leave();
  passFarewell(world);
  pool.writeOut();
  world.clock.advance(REST_MS);
  const next = world.join();
  assert.equal(next.sessionId, miner.sessionId);
  assert.deepEqual(counted(world.counter.minerShares(next.sessionId)), {});
});

Deno.test("a share is credited with the difficulty its job had for the miner", () => {
  const world = new MuxWorld();
  const upstream = world.active("pool", { difficulty: 100 });
  const miner = world.join();
  const judge = (jobId?: number) => {
    const before = world.counter.creditedDifficulty;
    world.submit(miner, jobId);
    upstream.judge(upstream.submits.length - 1, SHARE_ACCEPTED);
    return world.counter.creditedDifficulty - before;
  };
  const first = miner.job.id;
  assert.equal(judge(), 100);
  world.mux.difficultyChanged(upstream, [miner.sessionId], 400, false);
  assert.equal(judge(first), 100, "it counts from the next job on");
  world.mux.difficultyChanged(upstream, [miner.sessionId], 800, false);
  world.job(upstream, "1");
  assert.equal(judge(), 800);
  assert.equal(judge(first), 100, "a share for the older job");
});

Deno.test("time without a pool is outage, time at a standby as well, and both stay counted", () => {
  const world = new MuxWorld();
  world.clock.advance(2_000);
  const pool = world.active("pool");
  assert.equal(world.mux.books.outageMs, 2_000);
  world.clock.advance(5_000);
  assert.equal(world.mux.books.outageMs, 2_000);
  world.lose(pool);
  world.clock.advance(1_000);
  assert.equal(world.mux.books.outageMs, 3_000);
  world.active("standby", { verdicts: "none", poolId: NO_POOL });
  world.clock.advance(1_000);
  assert.equal(world.mux.books.outageMs, 4_000);
  world.active("pool again");
  world.clock.advance(9_000);
  assert.equal(world.mux.books.outageMs, 4_000);
});

Deno.test("A farm that moves is seated in turns; a job that comes meanwhile reaches all once", async () => {
  const world = new MuxWorld();
  const [lost, spare] = [world.active("a"), world.ready("b")];
  const miners = joinMany(world, 2000);
  world.lose(lost);
  world.activate(spare);
  assert.ok(seatedAt(spare) > 0, "the first at once");
  assert.ok(seatedAt(spare) < miners.length, "and not all in one turn");
  assert.equal(world.mux.miners, miners.length);
  world.job(spare, "1");
  const gone = miners.at(-1)!;
  gone.leave();
  const live = miners.slice(0, -1);
  const deadline = Date.now() + PATIENCE_MS;
  while (seatedAt(spare) < live.length && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert.equal(world.mux.waitingMiners, 0);
  assert.ok(!spare.registered.has(gone.sessionId));
  const newest = live[0]!.job.id;
  for (const miner of live) {
    assert.equal(miner.job.id, newest);
    assert.equal(miner.jobs.filter(({ id }) => id === newest).length, 1);
  }
});

Deno.test("While a connection takes no registrations newcomers wait, and seated miners mine on", () => {
  const world = new MuxWorld();
  const upstream = world.active("a");
  const seated = world.join();
  upstream.takesWorkers = false;
  const late = world.join();
  assert.equal(late.isAdmitted, false);
  world.submit(seated);
  assert.equal(upstream.submits.length, 1);
  upstream.takesWorkers = true;
  world.mux.entryResumed();
  assert.ok(late.isAdmitted && late.jobs.length === 1);
});

Deno.test("Miners that wait for a slow line longer than the grace stay, as long as a pool serves", () => {
  const world = new MuxWorld();
  const [lost, slow] = [world.active("a"), world.ready("b")];
  const worked = world.join();
  slow.takesWorkers = false;
  world.lose(lost);
  world.activate(slow);
  const late = world.join();
  const told = worked.jobs.length;
  for (let waitedMs = 0; waitedMs < 3 * GRACE_MS; waitedMs += 10_000) {
    world.clock.advance(10_000);
    world.tick();
  }
  assert.deepEqual([worked.disconnectedFor, late.disconnectedFor], [undefined, undefined]);
  assert.ok(worked.jobs.length > told, "it is not left in silence");
  slow.takesWorkers = true;
  world.mux.entryResumed();
  assert.ok(late.isAdmitted, "it has its turn");
});

Deno.test("Miners of a lost connection are registered before newcomers that wait longer", () => {
  const world = new MuxWorld();
  const upstream = world.active("a");
  const worked = world.join();
  upstream.takesWorkers = false;
  const newcomer = world.join();
  const other = world.ready("b");
  other.takesWorkers = false;
  world.lose(upstream);
  world.activate(other);
  other.takesWorkers = true;
  const order: number[] = [];
  const { onRegister } = other;
  other.onRegister = (sessionId) => {
    order.push(sessionId);
    onRegister(sessionId);
  };
  world.mux.entryResumed();
  assert.deepEqual(order, [worked.sessionId, newcomer.sessionId]);
});

Deno.test("A run of verdicts answers every share in it, and counts serials without a share", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miners = [world.join(), world.join()];
  const ids = miners.flatMap((miner) => [world.submit(miner).id, world.submit(miner).id]);
  const [first, second] = miners as [FakeDownstream, FakeDownstream];
  world.mux.judged(pool, 0, 2, ACCEPTED);
  assert.deepEqual([...first.answers.keys()], [ids[0], ids[1]]);
  assert.deepEqual([...second.answers], [[ids[2], [SHARE_ACCEPTED]]]);
  world.mux.judged(pool, 2, 4, ACCEPTED);
  assert.deepEqual(second.answers.get(ids[3]!), [SHARE_ACCEPTED]);
  assert.equal(world.counter.total.snapshot().accepted, 4);
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, repeated: 1, neverSent: 1 });
});

Deno.test("Shares that a connection abandons are answered like those whose verdict never came", () => {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miner = world.join();
  const ids = [world.submit(miner).id, world.submit(miner).id];
  world.mux.abandoned(pool, 0, 0);
  assert.deepEqual([...miner.answers], [[ids[0], [SHARE_ACCEPTED]]]);
  assert.equal(world.counter.total.snapshot().unansweredTimedOut, 1);
  pool.judge(0, ERROR_CODE.lowDifficulty);
  assert.equal(world.mux.books.strayVerdicts.late, 1);
  pool.judge(1, ERROR_CODE.lowDifficulty);
  assert.deepEqual(miner.answers.get(ids[1]!), [23]);
});

Deno.test("A miner's waiting shares count against it where they wait, and again when it comes back", () => {
  const world = new MuxWorld();
  const [a, miner] = [world.active("a"), world.join()];
  for (let n = 0; n < MAX_WAITING_SHARES; n++) world.submit(miner);
  assert.equal(world.submit(miner).receipt, ERROR_CODE.unknown);
  const b = world.ready("b");
  world.mux.moved(a, b);
  assert.equal(world.submit(miner).receipt, "waiting", "none of them waits at the other pool");
  world.mux.moved(b, a);
  assert.equal(world.submit(miner).receipt, ERROR_CODE.unknown);
  a.judge(0, SHARE_ACCEPTED);
  assert.equal(world.submit(miner).receipt, "waiting");
});

Deno.test("A stop that gives a share up has the pool forget its miner that left", () => {
  const world = new MuxWorld();
  const [pool, miner] = [world.active("a"), world.join()];
  world.submit(miner);
  miner.leave();
  assert.ok(pool.registered.has(miner.sessionId), "its verdict may come");
  world.mux.awaited(0, 0);
  assert.ok(!pool.registered.has(miner.sessionId));
});

Deno.test("verdicts that fit no share are counted, and judge none", () => {
  const world = new MuxWorld();
  const upstream = world.ready("a");
  world.mux.unexplained(upstream, 3);
  world.mux.unexplained(upstream, 2);
  assert.deepEqual(world.mux.books.strayVerdicts, { ...NO_STRAYS, unexplained: 5 });
  assert.equal(world.mux.hashrateFor(upstream), 0, "nothing is known yet");
});
