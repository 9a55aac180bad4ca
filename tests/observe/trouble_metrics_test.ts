/** Workers in trouble as metrics: those that alerts name. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import type { WorkerState } from "../../lib/base/worker_state.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { MetricsPage } from "../../lib/observe/exposition.ts";
import { answerOptions, answerRequest } from "../../lib/observe/status/server.ts";
import { WorkerSchema, type WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import { troubledWorkers, writeTroubledWorkers } from "../../lib/observe/trouble_metrics.ts";
import { FakeStatus, sampleOf } from "../support/fake_status.ts";
import { samplesOf } from "../support/status_rig.ts";

const MODEL = sampleOf(WorkerSchema);

function worker(
  name: string,
  state: WorkerState,
  { account = "", usual = null }: { account?: string; usual?: number | null } = {},
): WorkerShape {
  const condition = { ...MODEL.condition, state };
  return { ...MODEL, account, worker: name, condition, usual_hashrate: usual };
}

/** The samples of the worst `most` of these. */
function shown(workers: Iterable<WorkerShape>, most = 100): string[] {
  const page = new MetricsPage("prometheus");
  const text = [...writeTroubledWorkers(page, finished(troubledWorkers(workers, most)))].join("");
  const samples = samplesOf(text);
  assert.ok([...samples.values()].every((value) => value === 1));
  return [...samples.keys()].map((name) => name.replace(/^btcagent_worker_state/, ""));
}

Deno.test("workers in trouble are named with their state, the missing ones too, the others not", () => {
  const workers = [
    worker("rig1", "working"),
    worker("rig2", "weak"),
    worker("rig3", "missing"),
    worker("", "silent"),
    worker("rig4", "refused", { account: "alice" }),
  ];
  assert.deepEqual(shown(workers), [
    '{worker="rig3",state="missing"}',
    '{account="alice",worker="rig4",state="refused"}',
    '{worker="rig2",state="weak"}',
  ]);
  assert.deepEqual(shown([worker("rig1", "working")]), []);
});

Deno.test("of too many workers in trouble the worst are named: by state, then by what they did", () => {
  const workers = [
    worker("b", "waiting"),
    worker("small", "missing", { usual: 3e12 }),
    worker("c", "silent", { usual: 9e14 }),
    worker("unknown", "missing"),
    worker("big", "missing", { usual: 2e14 }),
    worker("a", "flapping"),
  ];
  const names = (most: number) =>
    shown(workers, most).map((text) => /worker="(\w+)"/.exec(text)![1]);
  assert.deepEqual(names(100), ["big", "small", "unknown", "a", "c", "b"]);
  assert.deepEqual(names(4), ["big", "small", "unknown", "a"]);
});

Deno.test("which of equal workers are named does not depend on the order they come in", () => {
  const workers = Array.from({ length: 600 }, (_, i) => worker(`rig${i}`, "missing"));
  assert.deepEqual(shown(workers, 7), shown(workers.toReversed(), 7));
});

Deno.test("workers of one name, or of names that read the same, are one series with the worst state", () => {
  const long = "x".repeat(300);
  const workers = [
    worker("rig1", "weak"),
    worker("rig1", "missing"),
    worker("rig1", "silent"),
    worker("rig1", "silent", { account: "bob" }),
    worker("w\u202e", "refused"),
    worker("w\u202d", "weak"),
    worker(`${long}1`, "weak"),
    worker(`${long}2`, "weak"),
  ];
  assert.deepEqual(shown(workers), [
    '{worker="rig1",state="missing"}',
    '{worker="w?",state="refused"}',
    '{account="bob",worker="rig1",state="silent"}',
    `{worker="${"x".repeat(256)}",state="weak"}`,
  ]);
});

Deno.test("a name with quotes, backslashes and line ends stays one line", () => {
  assert.deepEqual(shown([worker('a"} 9\nb\\', "weak", { account: 'q"' })]), [
    '{account="q\\"",worker="a\\"} 9?b\\\\",state="weak"}',
  ]);
});

Deno.test("10,000 missing workers are looked at and written a few at a time", () => {
  const workers = Array.from(
    { length: 10_000 },
    (_, i) => worker(`farm-3-row-${i}`, "missing", { usual: 1e14 + i }),
  );
  const steps = troubledWorkers(workers, 10_000);
  let turns = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) turns++;
  assert.ok(turns > 400, `${turns} turns`);
  const pieces = [...writeTroubledWorkers(new MetricsPage("prometheus"), step.value)];
  for (const piece of pieces) {
    assert.ok(piece.length < 5_000, `a piece has ${piece.length} characters`);
    assert.match(piece, /^$|\n$/);
  }
  assert.equal(samplesOf(pieces.join("")).size, 10_000);
});

Deno.test("no worker is named unless the operator asks for it, and as many as asked for at most", async () => {
  class Troubled extends FakeStatus {
    override workers(): readonly WorkerShape[] {
      return [worker("rig1", "weak"), worker("rig2", "missing"), worker("rig3", "working")];
    }
  }
  const named = async (workerSeriesMax: number) => {
    const source = new Troubled();
    const options = { source, control: undefined, workerSeriesMax, token: "", time: systemTime };
    const response = await answerRequest(answerOptions(options), {
      method: "GET",
      url: "http://localhost/metrics",
      headers: new Headers({ host: "localhost" }),
      body: null,
    });
    return (await response.text()).match(/^btcagent_worker_state.*$/gm) ?? [];
  };
  assert.deepEqual(await named(0), []);
  assert.deepEqual(await named(1), ['btcagent_worker_state{worker="rig2",state="missing"} 1']);
  assert.equal((await named(10)).length, 2);
});
