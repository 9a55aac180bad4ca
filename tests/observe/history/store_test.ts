import assert from "node:assert/strict";
import { fullNameOf } from "../../../lib/observe/history/find_worker.ts";
import { finished } from "../../../lib/base/steps.ts";
import { DAY_MS } from "../../../lib/observe/history/axis.ts";
import type { HistoryStore } from "../../../lib/observe/history/store.ts";
import { STEP_MS, type WorkerSpan } from "../../../lib/observe/history/steps.ts";
import { cause, days, HistoryRig, MIDNIGHT, step, sum, worker } from "../../support/history_rig.ts";

const HOUR_MS = 3_600_000;

function spansOf(store: HistoryStore, from: number, to: number): WorkerSpan[] {
  return [...store.workers(from, to)].filter((span) => span !== undefined);
}

Deno.test("a worker's steps are there again after a restart", () => {
  using rig = new HistoryRig();
  const first = rig.open();
  rig.write(first, { workers: [worker("rig1", { hashrate: 90e12, lostPart: 0.25 })] });
  rig.write(first, { workers: [worker("rig1", { condition: "weak", connectedPart: 0.5 })] });
  first.close();
  const rows = finished(rig.open().worker("alice", "rig1", ...days(0, 1), STEP_MS))!;
  assert.deepEqual(rows.map(({ at, condition }) => [at, condition]), [
    [MIDNIGHT, "working"],
    [MIDNIGHT + STEP_MS, "weak"],
  ]);
  assert.ok(Math.abs(rows[0]!.hashrate / 90e12 - 1) < 0.001);
  assert.ok(Math.abs(rows[0]!.lostPart - 0.25) < 0.004);
  assert.ok(Math.abs(rows[1]!.connectedPart - 0.5) < 0.04);
});

Deno.test("nobody of that name is told from a worker without steps in the period", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  assert.equal(finished(store.worker("alice", "nobody", ...days(0, 1), STEP_MS)), undefined);
  assert.deepEqual(finished(store.worker("alice", "rig1", ...days(5, 6), STEP_MS)), []);
});

Deno.test("a worker is found by its name, with its sub-account, and as it is shown", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const many = Array.from({ length: 600 }, (_, i) => worker(`rig${i}`, { account: "alice" }));
  const odd = worker("li\u0007ne", { account: "bob" });
  const twins = [worker("rig7", { account: "bob" }), worker("rig?", { account: "bob" })];
  rig.write(store, { workers: [...many, ...twins, odd, worker("single", { account: "" })] });
  const names = (wanted: string) => finished(store.find(wanted)).map(fullNameOf);
  assert.deepEqual(names("alice.rig599"), ["alice.rig599"]);
  assert.deepEqual(names("rig7"), ["alice.rig7", "bob.rig7"]);
  assert.deepEqual(names("single"), ["single"]);
  assert.deepEqual(names("bob.li?ne"), ["bob.li\u0007ne"]);
  assert.deepEqual(names("rig?"), ["bob.rig?"], "a name that is really so comes first");
  assert.deepEqual(names("rig"), []);
  assert.deepEqual(names(".rig7"), []);
});

Deno.test("packing a day changes nothing of what is read", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const values = (at: number) => ({
    workers: [
      worker("rig1", { hashrate: 1e12 + (at - MIDNIGHT) * 1e4 }),
      ...(at % (5 * STEP_MS) === 0 ? [] : [worker("rig2", { lostPart: 0.1 })]),
    ],
    farm: sum({ good: 7, difficulty: at % 1000 + 0.1, miners: 2 }),
  });
  rig.writeUntil(store, MIDNIGHT + DAY_MS - STEP_MS, values);
  const read = () => [
    finished(store.worker("alice", "rig1", ...days(0, 1), STEP_MS)),
    finished(store.worker("alice", "rig2", ...days(0, 1), STEP_MS)),
    finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)),
    finished(store.sums({ kind: "farm" }, ...days(0, 1), HOUR_MS)),
  ];
  const before = read();
  assert.equal(before[0]?.length, 143);
  rig.wall = MIDNIGHT + DAY_MS;
  finished(store.upkeep(rig.wall));
  assert.deepEqual(read(), before);
});

Deno.test("a packed day is one record per worker, and its steps are gone", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + DAY_MS + STEP_MS);
  const { rows } = rig.tables(["step", "worker_day", "sum_day"]);
  assert.deepEqual(rows, { step: 1, worker_day: 1, sum_day: 1 });
});

Deno.test("the sums of all steps are what was counted, to the last share", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  let [good, difficulty, bytes] = [0, 0, 0];
  rig.writeUntil(store, MIDNIGHT + 2.5 * DAY_MS, (at) => {
    const own = sum({
      good: at / STEP_MS % 97,
      difficulty: at / STEP_MS % 89 + 0.125,
      bytesUp: at % 1e9,
      miners: 3,
    });
    good += own.good;
    difficulty += own.difficulty;
    bytes += own.bytesUp;
    return {
      farm: own,
      pools: new Map([["pool.example:1", own]]),
      accounts: new Map([["a", own]]),
    };
  });
  for (
    const subject of [
      { kind: "farm" },
      { kind: "pool", name: "pool.example:1" },
      { kind: "account", name: "a" },
    ] as const
  ) {
    for (const stepMs of [STEP_MS, HOUR_MS]) {
      const rows = finished(store.sums(subject, ...days(0, 3), stepMs));
      const total = (of: "good" | "difficulty" | "bytesUp") =>
        rows.reduce((all, row) => all + row[of], 0);
      assert.deepEqual([total("good"), total("difficulty"), total("bytesUp")], [
        good,
        difficulty,
        bytes,
      ]);
      assert.equal(rows[0]!.miners, 3);
    }
  }
});

Deno.test("a gap stays a gap: nothing is read for a time without steps", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.write(store);
  rig.wall += 3 * HOUR_MS;
  rig.write(store);
  const rows = finished(store.sums({ kind: "farm" }, ...days(0, 1), HOUR_MS));
  assert.deepEqual(rows.map(({ at, seconds }) => [(at - MIDNIGHT) / STEP_MS, seconds]), [
    [0, 600],
    [19, 600],
  ]);
});

Deno.test("a list of workers covers packed days, parts of days and today", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + 2 * DAY_MS + 6 * HOUR_MS, (at) => ({
    workers: [
      worker("steady", { hashrate: 50e12 }),
      ...(at < MIDNIGHT + DAY_MS ? [worker("gone", { lostPart: 0.5 })] : []),
    ],
  }));
  const spans = spansOf(store, MIDNIGHT + 12 * HOUR_MS, rig.wall);
  assert.deepEqual(spans.map(({ name, seconds }) => [name, seconds / 3600]), [
    ["steady", 12 + 24 + 6],
    ["gone", 12],
  ]);
  const [steady, gone] = spans as [WorkerSpan, WorkerSpan];
  assert.ok(Math.abs(steady.hashrate / 50e12 - 1) < 0.001);
  assert.ok(Math.abs(gone.lostPart - 0.5) < 0.004);
  assert.equal(steady.last, rig.wall);
  assert.equal(gone.last, MIDNIGHT + DAY_MS);
  assert.equal(gone.first, MIDNIGHT);
});

Deno.test("causes are added up by hour, also across a restart", () => {
  using rig = new HistoryRig();
  const first = rig.open();
  const counted = [cause({ shares: 10, work: 1000 }), cause({ reason: "rejected_stale" })];
  rig.write(first, { causes: counted });
  first.close();
  const store = rig.open();
  rig.write(store, { causes: counted });
  const causes = finished(store.causes(...days(0, 1)));
  assert.deepEqual(causes.map(({ reason, shares, work }) => [reason, shares, work]), [
    ["rejected_stale", 2, 2048],
    ["good", 20, 2000],
  ]);
});

Deno.test("of very many causes the worst are told apart, and nothing is lost of the sum", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const many = Array.from(
    { length: 5_000 },
    (_, i) => cause({ subnet: `10.${i >> 8}.${i & 255}.0/24`, reason: "rejected_stale", work: i }),
  );
  rig.write(store, { causes: many });
  const causes = finished(store.causes(...days(0, 1)));
  assert.ok(causes.length <= 600, `${causes.length}`);
  assert.equal(causes.reduce((sum, { shares }) => sum + shares, 0), 5_000);
  assert.ok(causes.some(({ subnet }) => subnet === "others"));
});

Deno.test("events are read while they wait, and after a restart", () => {
  using rig = new HistoryRig();
  const first = rig.open();
  first.addEvent({ at: MIDNIGHT + 1, kind: "failover", text: "to pool two" });
  assert.equal(first.events(...days(0, 1), 10).length, 1);
  first.close();
  const store = rig.open();
  store.addEvent({ at: MIDNIGHT + 2, kind: "back", text: "to pool one" });
  finished(store.flush());
  assert.deepEqual(store.events(...days(0, 1), 10), [
    { at: MIDNIGHT + 1, kind: "failover", text: "to pool two" },
    { at: MIDNIGHT + 2, kind: "back", text: "to pool one" },
  ]);
  assert.deepEqual(store.events(...days(0, 1), 1).map(({ kind }) => kind), ["back"]);
});

Deno.test("what was learned is known after a restart, also what never was written meanwhile", () => {
  using rig = new HistoryRig();
  const first = rig.open();
  for (let i = 0; i < 200; i++) first.learn("difficulty", `alice.rig${i}`, i);
  first.learn("extranonce2", "pool.example:3333", 8);
  first.learn("extranonce2", "pool.example:3333", 6);
  first.close();
  const store = rig.open();
  assert.equal(store.learned("difficulty").size, 200);
  assert.deepEqual([...store.learned("extranonce2")], [["pool.example:3333", 6]]);
  assert.equal(store.learned("nothing").size, 0);
});

Deno.test("steps older than the setting are deleted, and their pages are used again", () => {
  using rig = new HistoryRig();
  const store = rig.open({ days: 3, eventsDays: 5 });
  const workers = Array.from({ length: 300 }, (_, i) => worker(`rig${i}`));
  const sizes: number[] = [];
  for (let day = 1; day <= 12; day++) {
    store.addEvent({ at: rig.wall, kind: "start", text: `day ${day}` });
    rig.writeUntil(store, MIDNIGHT + day * DAY_MS, () => ({ workers, causes: [cause()] }));
    sizes.push(store.figures.bytes);
  }
  const rows = finished(store.sums({ kind: "farm" }, ...days(0, 12), STEP_MS));
  // The last upkeep ran at the first moment of day 12, and keeps three whole days before it.
  assert.equal((rows[0]!.at - MIDNIGHT) / DAY_MS, 9);
  assert.equal(rows.length, 3 * 144);
  assert.deepEqual(
    store.events(...days(0, 12), 100).map(({ text }) => text),
    ["day 8", "day 9", "day 10", "day 11", "day 12"],
  );
  assert.ok(sizes.at(-1)! <= 1.3 * sizes[5]!, `${sizes}`);
  assert.equal(store.figures.from, MIDNIGHT + 9 * DAY_MS);
});

Deno.test("a worker of which nothing is kept is forgotten, and its number serves another", () => {
  using rig = new HistoryRig();
  const store = rig.open({ days: 2 });
  rig.writeUntil(
    store,
    MIDNIGHT + DAY_MS,
    () => ({ workers: [worker("old", { hashrate: 5e12 })] }),
  );
  rig.writeUntil(store, MIDNIGHT + 6 * DAY_MS, () => ({ workers: [worker("rig1")] }));
  assert.equal(finished(store.worker("alice", "old", ...days(0, 9), STEP_MS)), undefined);
  rig.write(store, { workers: [worker("new", { hashrate: 7e12 })] });
  const { rows } = rig.tables(["worker"]);
  assert.equal(rows["worker"], 2);
  const fresh = finished(store.worker("alice", "new", ...days(0, 9), STEP_MS))!;
  assert.equal(fresh.length, 1);
  assert.ok(Math.abs(fresh[0]!.hashrate / 7e12 - 1) < 0.001);
});

Deno.test("a worker that comes back on the day it would be forgotten keeps its number", () => {
  using rig = new HistoryRig();
  const store = rig.open({ days: 2 });
  rig.writeUntil(store, MIDNIGHT + DAY_MS, () => ({ workers: [worker("away"), worker("rig1")] }));
  rig.writeUntil(store, MIDNIGHT + 4 * DAY_MS - STEP_MS, () => ({ workers: [worker("rig1")] }));
  finished(store.write(step(MIDNIGHT + 4 * DAY_MS, { workers: [worker("away")] })));
  rig.wall = MIDNIGHT + 4 * DAY_MS + STEP_MS;
  finished(store.upkeep(rig.wall));
  assert.equal(finished(store.worker("alice", "away", ...days(4, 5), STEP_MS))?.length, 1);
});

Deno.test("ever new names are said once, and make room for the machines of tomorrow", () => {
  using rig = new HistoryRig();
  const store = rig.open({ mostWorkers: 40 });
  const [flood, late] = [[..."abcdefghijklmnopqrstuvwxyz0123456789-_"], worker("late")];
  const machine = worker("machine");
  rig.write(store, { workers: [machine, ...flood.map((name) => worker(name))] });
  assert.deepEqual(rig.said, []);
  for (let i = 0; i < 2; i++) rig.write(store, { workers: [machine, worker("z9"), worker("z8")] });
  assert.equal(rig.said.length, 1);
  assert.match(rig.said[0]!, /has 40 workers, as many as it keeps: 1 more are left out\./);
  rig.writeUntil(store, MIDNIGHT + 3 * DAY_MS, () => ({ workers: [machine] }));
  rig.write(store, { workers: [machine, late] });
  assert.equal(rig.said.length, 1);
  const names = spansOf(store, ...days(0, 4)).map(({ name }) => name);
  assert.ok(names.includes("late") && names.includes("machine"), names.join());
  assert.equal(names.length, 37, "four of the flood gave way, of which one number serves late");
  const rows = (name: string) => finished(store.worker("alice", name, ...days(0, 4), STEP_MS));
  assert.equal(rows("late")!.length, 1, "nothing of the one whose number it has");
  assert.equal(rows("machine")!.length, 3 + 3 * 144 - 3 + 1);
});

Deno.test("packing that is broken off at any turn is done again, and changes nothing", () => {
  using rig = new HistoryRig();
  const values = (at: number) => ({
    workers: [worker("rig1", { hashrate: 1e12 + (at - MIDNIGHT) * 1e4 }), worker("rig2")],
    farm: sum({ good: 7, difficulty: at % 1000 + 0.1, miners: 2 }),
  });
  const first = rig.open();
  rig.writeUntil(first, MIDNIGHT + DAY_MS - STEP_MS, values);
  const read = (store: HistoryStore) => [
    finished(store.worker("alice", "rig1", ...days(0, 1), STEP_MS)),
    finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS)),
    spansOf(store, ...days(0, 1)).map(({ name, seconds }) => [name, seconds]),
  ];
  const before = read(first);
  first.close();
  const unpacked = Deno.readFileSync(rig.path);
  rig.wall = MIDNIGHT + DAY_MS;
  let isOver = false;
  for (let turns = 1; !isOver; turns += 3) {
    Deno.writeFileSync(rig.path, unpacked);
    const broken = rig.open();
    const steps = broken.upkeep(rig.wall);
    for (let turn = 0; turn < turns && !isOver; turn++) isOver = steps.next().done === true;
    assert.deepEqual(read(broken), before, `after ${turns} turns`);
    broken.close();
    const again = rig.open();
    finished(again.upkeep(rig.wall));
    assert.deepEqual(read(again), before, `begun again after ${turns} turns`);
    assert.equal(rig.tables(["step"]).rows["step"], 0);
    again.close();
  }
});

Deno.test("whoever reads while a day is packed reads all of it", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + DAY_MS - STEP_MS, () => ({ workers: [worker("rig1")] }));
  store.close();
  const unpacked = Deno.readFileSync(rig.path);
  rig.wall = MIDNIGHT + DAY_MS;
  for (let ahead = 0; ahead < 120; ahead += 3) {
    Deno.writeFileSync(rig.path, unpacked);
    const again = rig.open();
    const packing = again.upkeep(rig.wall);
    for (let turn = 0; turn < ahead; turn++) packing.next();
    const alternately = <T>(reading: Generator<unknown, T>): T => {
      for (;;) {
        const step = reading.next();
        if (step.done) return step.value;
        packing.next();
      }
    };
    const rows = alternately(again.worker("alice", "rig1", ...days(0, 1), STEP_MS));
    assert.equal(rows?.length, 143, `${ahead} turns ahead`);
    let seconds = 0;
    const spans = again.workers(...days(0, 1));
    alternately((function* () {
      for (const span of spans) {
        seconds += span?.seconds ?? 0;
        yield;
      }
    })());
    assert.equal(seconds, 143 * 600, `${ahead} turns ahead`);
    again.close();
  }
});

Deno.test("names that others choose are told apart and come back as they were", () => {
  using rig = new HistoryRig();
  const names = [
    "'; DROP TABLE worker; --",
    "a",
    "A",
    "ä",
    "日本",
    "x".repeat(250),
    "",
    "__proto__",
  ];
  const first = rig.open();
  rig.write(first, { workers: names.map((name) => worker(name, { account: name })) });
  rig.write(first, { workers: [worker("a\0b"), worker("\ud800"), worker("y".repeat(5000))] });
  first.close();
  const store = rig.open();
  for (const name of names) {
    assert.equal(finished(store.worker(name, name, ...days(0, 1), STEP_MS))?.length, 1, name);
  }
  rig.write(store, { workers: [worker("a\0b"), worker("\ud800"), worker("y".repeat(5000))] });
  const { rows } = rig.tables(["worker"]);
  assert.equal(rows["worker"], names.length + 3);
});

Deno.test("a step of a time that is written is dropped, and changes nothing", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + 3 * HOUR_MS);
  const read = () => finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS));
  const before = read();
  // The clock is set back by an hour, and a little.
  rig.wall -= HOUR_MS - 7_000;
  for (let i = 0; i < 6; i++) rig.write(store, { farm: sum({ good: 1_000_000 }) });
  assert.deepEqual(read().slice(0, 17), before.slice(0, 17));
  assert.equal(store.figures.dropped, 6);
  rig.write(store, { farm: sum({ good: 5 }) });
  assert.equal(read().at(-1)!.good, 5);
});

Deno.test("steps of a day that is packed already are added to it", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + 6 * HOUR_MS);
  // The clock jumps to the next day for a step, and is set right again.
  rig.wall = MIDNIGHT + DAY_MS + HOUR_MS;
  rig.write(store);
  rig.wall = MIDNIGHT + 6 * HOUR_MS;
  const workers = [worker("rig1"), worker("late")];
  rig.writeUntil(store, MIDNIGHT + 8 * HOUR_MS, () => ({ workers }));
  rig.wall = MIDNIGHT + DAY_MS + 2 * HOUR_MS;
  rig.write(store);
  const rows = finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS));
  assert.equal(rows.length, 48);
  assert.equal(finished(store.worker("alice", "rig1", ...days(0, 1), STEP_MS))?.length, 48);
  assert.equal(finished(store.worker("alice", "late", ...days(0, 1), STEP_MS))?.length, 12);
});

Deno.test("a clock that jumps ahead by years does not empty the history", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + 6 * DAY_MS);
  const right = rig.wall;
  rig.wall = MIDNIGHT + 9 * 365 * DAY_MS;
  rig.write(store);
  rig.wall = right;
  rig.write(store);
  const rows = finished(store.sums({ kind: "farm" }, ...days(0, 7), STEP_MS));
  assert.ok(rows.length >= 4 * 144, `${rows.length}`);
});

Deno.test("before the clock is set nothing is written, which is said once, and then it works", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  rig.wall = 5_000;
  store.addEvent({ at: 5_000, kind: "start", text: "started" });
  rig.write(store);
  rig.write(store);
  assert.equal(store.figures.state, "no_clock");
  assert.deepEqual(rig.tables(["step", "event"]).rows, { step: 0, event: 0 });
  rig.wall = MIDNIGHT;
  rig.write(store);
  assert.equal(store.figures.state, "working");
  assert.equal(store.figures.writes, 1);
  assert.equal(rig.said.length, 2, rig.said.join("\n"));
  assert.match(rig.said[0]!, /clock/);
});

Deno.test("restarts in a row cannot fill a day with steps", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  for (let i = 0; i < 400; i++) {
    finished(store.write(step(MIDNIGHT + i * 10_000, { ms: 10_000 })));
  }
  assert.equal(rig.tables(["step"]).rows["step"], 288);
  const rows = finished(store.sums({ kind: "farm" }, ...days(0, 1), STEP_MS));
  assert.equal(rows.length, 5);
});

Deno.test("on a slow disk steps become longer, up to an hour, and later shorter again", () => {
  using rig = new HistoryRig();
  let slowMs = 500;
  const store = rig.open({ now: () => rig.time += slowMs });
  const lengths = [1, 2, 3, 4, 5].map(() => {
    rig.write(store, { ms: store.stepMs });
    return store.stepMs / STEP_MS;
  });
  // One slow step is a hiccup.
  assert.deepEqual(lengths, [1, 2, 4, 6, 6]);
  slowMs = 0;
  for (let i = 0; i < 19; i++) rig.write(store, { ms: store.stepMs });
  assert.equal(store.stepMs, STEP_MS);
  assert.equal(rig.said.length, 2, rig.said.join("\n"));
  const { counts, sumMs } = store.figures.fsyncs;
  assert.ok(sumMs > 1_000 && counts.some((count) => count > 0));
});

Deno.test("a damaged record costs only what was in it", () => {
  using rig = new HistoryRig();
  const first = rig.open();
  rig.writeUntil(first, MIDNIGHT + 2 * DAY_MS);
  first.close();
  rig.change(
    "UPDATE worker_day SET steps = x'ff00ff' WHERE id = (SELECT min(id) FROM worker_day)",
    "UPDATE step SET sums = x'09', workers = x'0900'",
  );
  const store = rig.open();
  const rows = finished(store.worker("alice", "rig1", ...days(0, 3), STEP_MS));
  assert.ok(rows!.length >= 100 && rows!.length < 288, `${rows?.length}`);
  rig.write(store);
  assert.equal(store.figures.state, "working");
});
