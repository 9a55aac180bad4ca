/** When the status server works: a little at a time, and no more than its share. */

import assert from "node:assert/strict";
import { finished, sorted } from "../../lib/base/steps.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { MinerShape } from "../../lib/observe/status/miner_shapes.ts";
import { MinerSchema } from "../../lib/observe/status/miner_shapes.ts";
import { answerOptions, answerRequest } from "../../lib/observe/status/server.ts";
import { Turns, TurnsStopped } from "../../lib/observe/status/turns.ts";
import { LogCapture } from "../support/log_capture.ts";
import { FakeStatus, sampleOf } from "../support/fake_status.ts";

/** Time that only a test moves. */
class Clock {
  ms = 0;
  readonly time = { ...systemTime, now: () => this.ms };
}

Deno.test("work is done in order, each piece in its turn, and gives what it gives", async () => {
  const turns = new Turns(new Clock().time);
  const seen: number[] = [];
  const results = await Promise.all([1, 2, 3].map((n) => turns.take(() => (seen.push(n), n * 10))));
  assert.deepEqual([seen, results], [[1, 2, 3], [10, 20, 30]]);
  await assert.rejects(turns.take(() => assert.fail("so")), /so/);
  assert.equal(await turns.take(() => 4), 4);
});

Deno.test("a slice ends after 3 ms, and others have their turn before the next one", async () => {
  const clock = new Clock();
  const turns = new Turns(clock.time);
  const taken: string[] = [];
  const steps = function* (name: string) {
    for (let i = 0; i < 6; i++) {
      clock.ms++;
      taken.push(name);
      yield;
    }
    return name;
  };
  let between = 0;
  const timer = setInterval(() => between++, 0);
  assert.deepEqual(
    await Promise.all([turns.run(steps("a")), turns.run(steps("b"))]),
    ["a", "b"],
  );
  clearInterval(timer);
  assert.equal(taken.slice(0, 9).join(""), "aaabbbaaa");
  assert.ok(between >= 2, `${between} other turns`);
});

Deno.test("400 ms are there at once and 200 each second; without any left it says when there will be", () => {
  const clock = new Clock();
  const turns = new Turns(clock.time);
  const work = (ms: number) => turns.now(() => clock.ms += ms);
  for (let i = 0; i < 12; i++) work(40);
  // Meanwhile 96 ms came in.
  assert.equal(turns.isSpent, false);
  for (let i = 0; i < 3; i++) work(40);
  assert.equal(turns.isSpent, true);
  assert.equal(turns.secondsUntilMore, 1);
  clock.ms += 1000;
  assert.equal(turns.isSpent, false);
  clock.ms += 3_600_000;
  for (let i = 0; i < 13; i++) work(40);
  assert.equal(turns.isSpent, true, "what was not used for an hour is not kept");
});

Deno.test("a time in which the process did not run is no work", async () => {
  const clock = new Clock();
  const turns = new Turns(clock.time);
  await turns.take(() => clock.ms += 65_000);
  assert.equal(turns.isSpent, false);
});

Deno.test("requests are not even looked at while too much was spent, and are at the stop", async () => {
  const clock = new Clock();
  const turns = new Turns(clock.time);
  for (let i = 0; i < 20; i++) turns.now(() => clock.ms += 50);
  let isLookedAt = false;
  const request = turns.request().then(() => isLookedAt = true);
  await Promise.resolve();
  assert.equal(isLookedAt, false);
  const never = turns.take(() => 1);
  turns.stop();
  await request;
  await assert.rejects(never, TurnsStopped);
  await assert.rejects(turns.take(() => 1), TurnsStopped);
});

Deno.test("sorted in steps is as the built-in sort, equals in their order", () => {
  const items = Array.from({ length: 5000 }, (_, place) => ({ key: place * 7919 % 100, place }));
  const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;
  const steps = sorted(items, compare);
  let count = 0;
  for (let step = steps.next();; step = steps.next(), count++) {
    if (!step.done) continue;
    assert.deepEqual(step.value, items.toSorted(compare));
    break;
  }
  assert.ok(count > 50, `${count} steps`);
  assert.deepEqual(finished(sorted([], compare)), []);
});

Deno.test("over its budget the server says when to come again; a probe is answered all the same", async () => {
  using log = new LogCapture();
  const clock = new Clock();
  const options = {
    source: new FakeStatus(),
    control: undefined,
    workerSeriesMax: 0,
    token: "",
    time: clock.time,
  };
  const context = answerOptions(options);
  const ask = (path: string) =>
    answerRequest(context, {
      method: "GET",
      url: `http://localhost${path}`,
      headers: new Headers({ host: "localhost" }),
      body: null,
    });
  for (let i = 0; i < 20; i++) context.turns.now(() => clock.ms += 50);
  for (let i = 0; i < 3; i++) {
    const refused = await ask("/api/v1/config");
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after")!, /^[1-9]$/);
  }
  assert.equal((await ask("/healthz")).status, 200);
  assert.equal((await ask("/")).status, 200);
  assert.equal(context.bounds.counts.status_time, 3);
  assert.equal(log.take().length, 1, "one line for all of them");
  clock.ms += 10_000;
  assert.equal((await ask("/api/v1/config")).status, 200);
});

/** 10,000 miners, and how many of them were looked at. */
class Crowd extends FakeStatus {
  looked = 0;
  readonly #model = sampleOf(MinerSchema);

  override miners(): readonly MinerShape[] {
    return this.#list() as unknown as readonly MinerShape[];
  }

  *#list(): Generator<MinerShape> {
    for (let place = 0; place < 10_000; place++) {
      this.looked++;
      yield { ...this.#model, worker: `rig${place * 7919 % 10_000}`, id: null };
    }
  }
}

for (
  const path of [
    "/api/v1/miners?limit=1000",
    "/api/v1/miners?limit=1000&sort=-hashrate&q=rig",
    "/api/v1/miner-table",
    "/metrics",
  ]
) {
  Deno.test(`${path}: of 10,000 miners only a few are looked at between two turns of the loop`, async () => {
    const source = new Crowd();
    const clock = new Clock();
    // Each look at the clock takes a millisecond, so that a slice is three steps on any machine.
    const time = { ...systemTime, now: () => clock.ms++ };
    const options = { source, control: undefined, workerSeriesMax: 10_000, token: "", time };
    const context = answerOptions(options);
    let [most, before, isDone] = [0, 0, false];
    const watch = () => {
      // The budget is another matter: it is always there.
      clock.ms += 1000;
      most = Math.max(most, source.looked - before);
      before = source.looked;
      if (!isDone) setTimeout(watch, 0);
    };
    watch();
    const response = await answerRequest(context, {
      method: "GET",
      url: `http://localhost${path}`,
      headers: new Headers({ host: "localhost" }),
      body: null,
    });
    assert.equal(response.status, 200);
    await response.text();
    isDone = true;
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(source.looked, 10_000);
    assert.ok(most <= 1000, `${most} in one turn`);
  });
}
