/** When steps of the history end, and what disks and faults cost. */

import assert from "node:assert/strict";
import { HistoryKeeper, type Opened } from "../../lib/app/history_keeper.ts";
import { Proxy } from "../../lib/app/proxy.ts";
import { readConfig } from "../../lib/config/read.ts";
import { FakeHistory, NO_SUMS } from "../support/fake_history.ts";
import { FakeTime } from "../support/fake_time.ts";
import { LogCapture } from "../support/log_capture.ts";

const MINUTE_MS = 60_000;
const START = Date.UTC(2026, 11, 1, 12, 3, 20);

/** A proxy without pools whose time stands still until it is moved. */
class Rig {
  readonly time: FakeTime;
  readonly keeper: HistoryKeeper;
  readonly proxy: Proxy;
  opened = 0;

  constructor(open: () => Opened, time = new FakeTime(START)) {
    this.time = time;
    const result = readConfig(JSON.stringify({
      agent_listen_ip: "127.0.0.1",
      multi_user_mode: true,
      pools: [["127.0.0.1", 1]],
    }));
    assert.ok(result.ok);
    this.keeper = new HistoryKeeper({
      open: () => {
        this.opened++;
        return open();
      },
      time,
      rememberMs: 86_400_000,
    });
    const config = { ...result.config, agent_listen_port: 0 };
    this.proxy = new Proxy({ config, version: "0", time, history: this.keeper.hooks });
    this.keeper.begin(this.proxy);
  }

  run(ms: number): void {
    this.time.advance(ms);
  }

  /** Stops it as the program does; timers go on meanwhile. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.whileTimePasses(this.proxy.stop(0));
    await this.whileTimePasses(this.keeper.end());
  }

  async whileTimePasses(done: Promise<unknown>): Promise<void> {
    let isDone = false;
    void done.finally(() => isDone = true);
    while (!isDone) {
      this.time.advance(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

/** Start and end of every step, in seconds after noon. */
function timesOf({ steps }: FakeHistory): [number, number][] {
  const noon = Date.UTC(2026, 11, 1, 12);
  return steps.map(({ at, ms }) =>
    [at, at + ms].map((time) => Math.round((time - noon) / 1000))
  ) as [
    number,
    number,
  ][];
}

Deno.test("steps end with the clock's ten minutes; the first and the last are shorter", async () => {
  const store = new FakeHistory();
  {
    await using rig = new Rig(() => ({ store, notes: [] }));
    rig.run(30 * MINUTE_MS);
  }
  assert.deepEqual(timesOf(store).slice(0, 3), [[200, 600], [600, 1200], [1200, 1800]]);
  assert.equal(timesOf(store).length, 4, "the one under way at the stop");
  for (const { ms, farm } of store.steps.slice(0, 3)) {
    assert.ok(Math.abs(farm.seconds - ms / 1000) < 0.5, "it was there all the time");
  }
  assert.ok(store.isClosed);
  assert.deepEqual(store.noted.map(({ kind }) => kind), ["start"]);
});

Deno.test("on a slow disk steps are as long as the store asks for", async () => {
  const store = new FakeHistory();
  await using rig = new Rig(() => ({ store, notes: [] }));
  rig.run(10 * MINUTE_MS);
  store.stepMs = 40 * MINUTE_MS;
  rig.run(80 * MINUTE_MS);
  assert.deepEqual(timesOf(store), [[200, 600], [600, 2400], [2400, 4800]]);
});

Deno.test("a file that cannot be opened is said once, tried again, and used when it can be", async () => {
  using log = new LogCapture();
  const disk: { store: FakeHistory | undefined } = { store: undefined };
  await using rig = new Rig(() => ({
    ...disk,
    notes: disk.store === undefined ? ["No disk."] : [],
  }));
  rig.run(2 * MINUTE_MS);
  assert.equal(rig.keeper.shape.state, "waiting", "the process before may still have it");
  rig.run(28 * MINUTE_MS);
  assert.ok(rig.opened >= 25 && rig.opened <= 32, `opened ${rig.opened} times`);
  assert.equal(log.take().filter((line) => line === "warning: No disk.").length, 1);
  const { shape } = rig.keeper;
  assert.deepEqual([shape.kept, shape.state, shape.problem], [false, "failing", "No disk."]);
  disk.store = new FakeHistory();
  rig.run(20 * MINUTE_MS);
  assert.deepEqual(timesOf(disk.store), [[1800, 2400], [2400, 3000]]);
  assert.equal(rig.keeper.shape.kept, true);
});

Deno.test("a fault of the history costs a line in the log and one step", async () => {
  using log = new LogCapture();
  const store = new FakeHistory();
  await using rig = new Rig(() => ({ store, notes: [] }));
  rig.run(10 * MINUTE_MS);
  store.fault = new Error("no such thing");
  rig.run(20 * MINUTE_MS);
  assert.deepEqual(timesOf(store), [[200, 600], [1200, 1800]]);
  assert.equal(
    log.take().filter((line) => /fault of btcagent.*no such thing/s.test(line)).length,
    1,
  );
});

Deno.test("a stop does not wait forever for a step that cannot be written", async () => {
  const store = new FakeHistory();
  {
    await using rig = new Rig(() => ({ store, notes: [] }));
    rig.run(MINUTE_MS);
    store.hangs = true;
  }
  assert.deepEqual(store.steps, []);
  assert.ok(store.isClosed);
});

Deno.test("sizes of narrow pools are known again in the next run, until they are wide", async () => {
  const store = new FakeHistory();
  {
    await using rig = new Rig(() => ({ store, notes: [] }));
    rig.keeper.learnSizes(new Map([["a:1", 4], ["b:2", 7]]));
    rig.keeper.learnSizes(new Map([["a:1", 4]]));
  }
  await using next = new Rig(() => ({ store, notes: [] }));
  assert.deepEqual([...next.keeper.before.sizes], [["a:1", 4]]);
});

Deno.test("difficulties of workers that left within the hour are known in the next run", async () => {
  const store = new FakeHistory();
  {
    await using rig = new Rig(() => ({ store, notes: [] }));
    rig.run(5 * MINUTE_MS);
    rig.proxy.parts.remembered.add("a.rig", -3, rig.proxy.clock.now());
    rig.run(50 * MINUTE_MS);
    rig.proxy.parts.remembered.add("b.rig", 16, rig.proxy.clock.now());
  }
  const find = ({ proxy }: Rig, name: string) =>
    proxy.parts.remembered.find(name, proxy.clock.now());
  // The clock of the next run shows the time at which this one began.
  const later = new FakeTime(START + 60 * MINUTE_MS);
  await using next = new Rig(() => ({ store, notes: [] }), later);
  assert.deepEqual([find(next, "a.rig"), find(next, "b.rig")], [-3, 16]);
  next.run(30 * MINUTE_MS);
  assert.deepEqual([find(next, "a.rig"), find(next, "b.rig")], [undefined, 16]);
});

Deno.test("workers of the last day are missing if they do not come back", async () => {
  const store = new FakeHistory();
  const DAY_MS = 86_400_000;
  const span = {
    account: "a",
    hashrate: 5e12,
    lostPart: 0,
    connectedPart: 0.5,
    seconds: 1000,
    first: START - 20 * DAY_MS,
    last: START - 7 * 60 * MINUTE_MS,
  };
  store.spans = [
    { ...span, name: "there", last: START - 2 * MINUTE_MS },
    { ...span, name: "gone" },
    { ...span, name: "idle", hashrate: 0 },
  ];
  store.steps.push({
    at: START - 12 * MINUTE_MS,
    ms: 10 * MINUTE_MS,
    farm: NO_SUMS,
    pools: new Map(),
    accounts: new Map(),
    workers: [],
    causes: [],
  });
  await using rig = new Rig(() => ({ store, notes: [] }));
  const states = () =>
    [...rig.proxy.view.workers()].map(({ name, condition }) => `${name} ${condition.state}`).sort();
  assert.deepEqual(states(), ["gone missing", "there working"]);
  rig.run(4 * MINUTE_MS);
  assert.deepEqual(states(), ["gone missing", "there working"], "it may be about to come back");
  rig.run(2 * MINUTE_MS);
  assert.deepEqual(states(), ["gone missing", "there missing"]);
  const gone = [...rig.proxy.view.workers()].find(({ name }) => name === "gone")!;
  assert.equal(gone.usualHashrate, Math.fround(1e13));
  assert.ok(Math.abs(gone.goneMs! - (7 * 60 + 6) * MINUTE_MS) < MINUTE_MS);
  assert.ok(Math.abs(gone.firstSeenMs - 20 * DAY_MS) < 10 * MINUTE_MS);
});
