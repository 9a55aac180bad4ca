/** Spans of the past over the API: what is on the disk, what is in memory, and what is neither. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { RequestProblem } from "../../lib/observe/status/answers.ts";
import { spanAnswer, type SpanContext } from "../../lib/observe/status/history_answers.ts";
import type { WorkerStep } from "../../lib/observe/history/steps.ts";
import { pastWorkers } from "../../lib/observe/status/past_workers.ts";
import type { HistoryShape } from "../../lib/observe/status/shapes.ts";
import { FakeHistory, NO_SUMS } from "../support/fake_history.ts";
import { FakeStatus } from "../support/fake_status.ts";

const NOW = Date.UTC(2026, 11, 1, 12, 5);
const MINUTE_MS = 60_000;
const NO_SAMPLES: HistoryShape = { columns: [], hour: [], day: [], marks: [] };

/** The worker that is asked for by its number, 1. */
const KNOWN = new FakeStatus().worker(1)!;

/** A sample that ended this many minutes ago. */
function sample(minutes: number, good: number): number[] {
  return [(NOW - minutes * MINUTE_MS) / 1000, 10, 5, good, 1, 100, 7, 8];
}

function add(history: FakeHistory, minutes: number, good: number, outageSeconds = 0): void {
  const sums = { ...NO_SUMS, good, outageSeconds };
  history.steps.push({
    at: NOW - minutes * MINUTE_MS,
    ms: 10 * MINUTE_MS,
    farm: sums,
    pools: new Map([["pool:3333", sums]]),
    accounts: new Map([["ali\u0000ce", sums]]),
    workers: [{
      account: KNOWN.account,
      name: KNOWN.worker,
      hashrate: 1e12,
      lostPart: 0.1,
      connectedPart: 0.5,
      condition: "flapping",
    }],
    causes: [],
  });
}

function ask(query: string, context: Partial<SpanContext> = {}) {
  const all = { source: new FakeStatus(), samples: NO_SAMPLES, now: NOW, ...context };
  return finished(spanAnswer(all, new URLSearchParams(query)));
}

function column(name: string, answer: ReturnType<typeof ask>) {
  return answer.rows.map((row) => row[answer.columns.indexOf(name)]);
}

function kept(...steps: [minutes: number, good: number, outage?: number][]): FakeStatus {
  const source = new FakeStatus();
  const history = new FakeHistory();
  for (const step of steps) add(history, ...step);
  source.history = history;
  return source;
}

Deno.test("of the farm, samples in memory follow what is on the disk, each share once", () => {
  const source = kept([25, 3], [15, 4]);
  const samples = { ...NO_SAMPLES, hour: [sample(6, 9), sample(4, 1), sample(2, 2)] };
  const answer = ask("span=hour", { source, samples });
  assert.deepEqual(column("good", answer), [3, 4, 1, 2]);
  assert.deepEqual(column("seconds", answer), [600, 600, 10, 10]);
  assert.deepEqual(
    column("time", answer),
    [15, 5, 4, 2].map((ago) => (NOW - ago * MINUTE_MS) / 1000),
  );
  assert.deepEqual(column("outage_seconds", answer), [0, 0, null, null]);
  assert.equal(answer.step_seconds, 600);
  const day = [[(NOW - 3 * MINUTE_MS) / 1000, 60, 5, 7, 1, 100, 7, 8]];
  const minutes = ask("span=day", { source, samples: { ...samples, day } });
  assert.deepEqual(column("good", minutes), [3, 4, 7, 2], "minutes, then what is newer");
  const week = ask("span=week", { source, samples });
  assert.deepEqual(column("good", week), [3, 4], "of older spans the disk alone is asked");
});

Deno.test("a worker has its own columns, and the part of the time in which it was connected", () => {
  const answer = ask("span=day&worker=1", { source: kept([25, 3], [15, 4]) });
  assert.deepEqual(answer.columns.slice(2), [
    "hashrate",
    "lost_part",
    "connected_part",
    "condition",
  ]);
  assert.deepEqual(answer.rows[1]!.slice(1), [600, 1e12, 0.1, 0.5, "flapping"]);
  assert.equal(answer.uptime_part, 0.5);
});

Deno.test("time without a pool is no uptime, and neither is time in which nothing ran", () => {
  const source = kept([50, 1, 300], [20, 1]);
  // 40 minutes from the first to the last, of which ten and five had a pool.
  assert.equal(ask("span=day", { source }).uptime_part, 15 / 40);
  assert.equal(ask("span=day&pool=pool:3333", { source }).uptime_part, null);
});

Deno.test("steps of a clock that was weeks ahead make no uptime worse", () => {
  const source = kept([50, 1, 300], [20, 1], [-40 * 24 * 60, 1]);
  // From the first step of the day to now, of which ten and five minutes had a pool.
  assert.equal(ask("span=day", { source }).uptime_part, 15 / 50);
});

Deno.test("a name is found as it is and as it is shown; others are not known", () => {
  const source = kept([15, 4]);
  source.accounts = () => [{ ...new FakeStatus().accounts()[0]!, account: "ali\u0000ce" }];
  for (const name of ["ali%00ce", "ali?ce"]) {
    assert.deepEqual(column("good", ask(`span=day&account=${name}`, { source })), [4]);
  }
  assert.deepEqual(column("good", ask("span=day&pool=pool:3333", { source })), [4]);
  for (const query of ["span=day&pool=no:1", "span=day&account=bob", "span=day&worker=999"]) {
    assert.throws(
      () => ask(query, { source }),
      (error) => error instanceof RequestProblem && error.status === 404,
      query,
    );
  }
});

Deno.test("a worker that only the disk knows is found by its name", () => {
  const source = kept([15, 4]);
  const { workers } = (source.history as FakeHistory).steps[0]!;
  const other = { ...workers[0]!, hashrate: 5 };
  (workers as WorkerStep[]).push(
    { ...other, account: "bob", name: "old.rig" },
    { ...other, account: "eve", name: "twin" },
    { ...other, account: "bob", name: "twin" },
  );
  for (const name of ["bob.old.rig", "old.rig", "eve.twin"]) {
    const query = new URLSearchParams({ span: "month", worker_name: name });
    assert.deepEqual(column("hashrate", ask(`${query}`, { source })), [5], name);
  }
  assert.throws(() => ask("span=day&worker_name=twin", { source }), {
    status: 400,
    message: "Several workers have this name, wanted one of eve.twin, bob.twin",
  });
  assert.throws(() => ask("span=day&worker_name=rig", { source }), { status: 404 });
  assert.throws(() => ask("span=day&worker_name=rig&worker=1", { source }), { status: 400 });
  assert.throws(() => ask("span=day&worker_name=rig"), { status: 404, message: /No history/ });
});

/** A page of the workers of a month, of which some are long gone. */
function workersOf(query: string, source = kept()) {
  return finished(pastWorkers(source, new URLSearchParams(query), NOW));
}

Deno.test("the workers of a span come in pages, those seen last first, and are searched", () => {
  const source = kept();
  const history = source.history as FakeHistory;
  history.spans = Array.from({ length: 2_500 }, (_, number) => ({
    account: number % 2 === 0 ? "alice" : "bob",
    name: `Rig${number}`,
    hashrate: number,
    lostPart: 0,
    connectedPart: 1,
    seconds: 600,
    first: NOW - 30 * 24 * 60 * MINUTE_MS,
    last: NOW - number * MINUTE_MS,
  }));
  const first = workersOf("span=month", source);
  assert.deepEqual([first.total, first.rows.length], [2_500, 100]);
  assert.deepEqual(first.rows[0], {
    account: "alice",
    worker: "Rig0",
    hashrate: 0,
    lost_part: 0,
    connected_part: 1,
    seconds: 600,
    first_seen: NOW / 1000 - 30 * 24 * 3_600,
    last_seen: NOW / 1000,
  });
  const names = (query: string) => workersOf(query, source).rows.map(({ worker }) => worker);
  assert.deepEqual(names("span=week&offset=2&limit=2"), ["Rig2", "Rig3"]);
  assert.deepEqual(names("span=week&sort=-hashrate&limit=1"), ["Rig2499"]);
  assert.deepEqual(names("span=month&q=BOB.rig249&limit=3"), ["Rig249", "Rig2491", "Rig2493"]);
  assert.deepEqual(names("span=month&account=alice&q=rig99&limit=2"), ["Rig990", "Rig992"]);
  assert.throws(() => workersOf("span=month&limit=1001", source), { status: 400 });
  assert.throws(() => workersOf("span=month&sort=name", source), { status: 400 });
  assert.throws(() => workersOf("span=month", new FakeStatus()), { status: 404 });
});

Deno.test("a list is read in turns: each pause of the history is one of the list", () => {
  const source = kept();
  (source.history as FakeHistory).spans = [];
  source.history!.workers = function* () {
    for (let i = 0; i < 40; i++) yield undefined;
  };
  let turns = 0;
  for (const _ of pastWorkers(source, new URLSearchParams("span=month"), NOW)) turns++;
  assert.ok(turns >= 40, `turns: ${turns}`);
});

Deno.test("what is not understood is refused with what is wanted", () => {
  for (
    const query of [
      "span=year",
      "span=day&span=week",
      "span=day&pool=a:1&account=b",
      "span=day&worker=x",
      "span=day&mode=x",
    ]
  ) {
    assert.throws(
      () => ask(query, { source: kept() }),
      (error) => error instanceof RequestProblem && error.status === 400,
      query,
    );
  }
});

Deno.test("events of before this process started come from the disk, the others from memory", () => {
  const source = kept([15, 4]);
  const at = (minutes: number) => NOW - minutes * MINUTE_MS;
  source.history!.addEvent({ at: at(30 * 60), kind: "start", text: "too long ago" });
  source.history!.addEvent({ at: at(50), kind: "failover", text: "From a to b" });
  source.history!.addEvent({ at: at(20), kind: "start", text: "btcagent started" });
  source.marks = () => [
    { time: at(20) / 1000 + 0.01, kind: "start", about: "btcagent started" },
    { time: at(10) / 1000, kind: "back", about: "From b to a" },
  ];
  assert.deepEqual(
    ask("span=day", { source }).marks.map(({ about }) => about),
    ["From a to b", "btcagent started", "From b to a"],
  );
});
