/** What the live page is fed with: the stream, the compact table of miners, the history. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { finished } from "../../lib/base/steps.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { StatusBounds } from "../../lib/observe/status/bounds.ts";
import { LongAnswers } from "../../lib/observe/status/long_answers.ts";
import { minerTable } from "../../lib/observe/status/miner_table.ts";
import { MinersSchema, MinerTableSchema } from "../../lib/observe/status/miner_shapes.ts";
import {
  EventsSchema,
  HistorySchema,
  StreamStateSchema,
  type SummaryShape,
} from "../../lib/observe/status/shapes.ts";
import type { StatusSource } from "../../lib/observe/status/source.ts";
import { StatusStream } from "../../lib/observe/status/stream.ts";
import { Turns } from "../../lib/observe/status/turns.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { EventReader } from "../support/event_reader.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { StatusRig } from "../support/status_rig.ts";
import { PATIENT_LIMITS, until } from "../support/test_proxy.ts";

Deno.test("the stream has the state at once and again, and new lines of the log", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  rig.events.add({ timestamp: 1, level: "info", area: "pool", message: "before" });
  const response = await rig.fetch("/api/v1/stream");
  assert.match(response.headers.get("content-type")!, /^text\/event-stream/);
  const events = new EventReader(response);
  const first = v.parse(StreamStateSchema, await events.next("state"));
  assert.equal(first.control, false);
  assert.equal(first.pools[0]!.address, `127.0.0.1:${pool.port}`);
  rig.events.add({ timestamp: 2, level: "warning", area: "pool", message: "after" });
  const lines = v.parse(EventsSchema, { events: await events.next("events") });
  assert.deepEqual(lines.events.map(({ message }) => message), ["after"]);
  const second = v.parse(StreamStateSchema, await events.next("state"));
  assert.ok(second.summary.uptime_seconds > first.summary.uptime_seconds);
  await events.close();
});

Deno.test("what charts mark reaches those who watch when it happens, and the history", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const response = await rig.fetch("/api/v1/stream");
  const events = new EventReader(response);
  await events.next("state");
  await rig.proxy.reconfigure(rig.proxy.config);
  const marks = await events.next("marks") as { kind: string }[];
  assert.deepEqual(marks.map(({ kind }) => kind), ["start", "reload"]);
  const { marks: kept } = await rig.get("/api/v1/history", HistorySchema);
  assert.deepEqual(kept.map(({ kind }) => kind), ["start", "reload"]);
  assert.ok(Math.abs(kept[1]!.time - Date.now() / 1000) < 600, "seconds since 1970");
  await events.close();
});

Deno.test("a pool that does not answer says why, beside its totals", async () => {
  const gone = await SimPool.start();
  await gone.stop();
  await using rig = new StatusRig([gone]);
  await until(() => finished(rig.view.pools())[0]!.reason !== "", "the reason");
  assert.match(finished(rig.view.pools())[0]!.reason, /refused/);
});

Deno.test("sixteen may watch; who only asks for the head, or leaves, makes room", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  for (let i = 0; i < 20; i++) {
    assert.equal((await rig.fetch("/api/v1/stream", { method: "HEAD" })).status, 200);
  }
  const watching: EventReader[] = [];
  while (watching.length < 16) watching.push(await watch(rig));
  assert.equal((await rig.problem("/api/v1/stream")).status, 503);
  await watching.pop()!.close();
  watching.push(await watch(rig));
  for (const events of watching) await events.close();
});

Deno.test("who does not read is cut off, who reads gets everything, samples too", async () => {
  const reason = "x".repeat(50_000);
  const turns = new Turns(systemTime);
  const stream = new StatusStream({
    source: fakeSource(reason),
    control: undefined,
    turns,
    bounds: new StatusBounds(systemTime.now),
    time: systemTime,
    times: { stateMs: 5, sampleMs: 5 },
  });
  stream.start();
  const slow = await stream.watch();
  const quick = new EventReader(await stream.watch());
  let states = 0;
  const reader = slow.body!.getReader();
  while (states < 20) {
    const { summary } = await quick.next("state") as { summary: { reason: string } };
    assert.equal(summary.reason.length, reason.length);
    states++;
  }
  assert.equal((await quick.next("sample") as number[]).length, 8);
  await assert.rejects(async () => {
    for (;;) await reader.read();
  }, /too slowly/);
  stream.stop();
  turns.stop();
  assert.equal(await quick.next("none"), undefined);
});

Deno.test("while nobody watches, the charts' samples do not cost a summary of all workers", async () => {
  const turns = new Turns(systemTime);
  const sampled = Promise.withResolvers<void>();
  const source = fakeSource("");
  let samples = 0;
  const stream = new StatusStream({
    source: {
      ...source,
      summary: () => assert.fail("asked for the summary"),
      counts: () => {
        if (++samples > 3) sampled.resolve();
        return source.counts();
      },
    },
    control: undefined,
    turns,
    bounds: new StatusBounds(systemTime.now),
    time: systemTime,
    times: { stateMs: 5, sampleMs: 5 },
  });
  stream.start();
  await sampled.promise;
  stream.stop();
  turns.stop();
});

Deno.test("the compact table says of each miner what the list says", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { limits: PATIENT_LIMITS });
  await using _farm = SimFarm.start({ port: rig.port, count: 300 });
  await until(() => rig.proxy.statistics().working === 300, "all are in");
  const { columns, rows } = await rig.get("/api/v1/miner-table", MinerTableSchema);
  const { miners } = await rig.get("/api/v1/miners?limit=1000", MinersSchema);
  assert.equal(rows.length, 300);
  const found = rows.map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
  const byId = new Map(found.map((row) => [row["id"], row]));
  for (const { id, account, worker, address, client_agent, state, asicboost } of miners) {
    const { hashrate: _, accepted, rejected, last_share_seconds, connected_seconds, ...row } = byId
      .get(id)!;
    assert.deepEqual(row, { id, account, worker, address, client_agent, state, asicboost });
    assert.deepEqual([accepted, rejected, last_share_seconds], [0, 0, null]);
    assert.equal(typeof connected_seconds, "number");
  }
});

Deno.test("eight long answers are written at a time, and one that is given up makes room", async () => {
  const long = new LongAnswers(new Turns(systemTime));
  const table = () => long.answer("application/json", minerTable([]));
  const tables = Array.from({ length: 8 }, table);
  assert.throws(table, { status: 503 });
  await tables.pop()!.body!.cancel();
  tables.push(table());
  for (const table of tables) assert.deepEqual((await table.json()).rows, []);
  assert.deepEqual((await table().json()).rows, []);
});

Deno.test("the history is there before its first sample", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const { columns, hour, day } = await rig.get("/api/v1/history", HistorySchema);
  assert.equal(columns[0], "time");
  assert.deepEqual([hour, day], [[], []]);
});

/** Watches as soon as it is let in. */
async function watch(rig: StatusRig): Promise<EventReader> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const response = await rig.fetch("/api/v1/stream");
    if (response.status === 200) return new EventReader(response);
    await response.body!.cancel();
    assert.ok(performance.now() < deadline, "nobody made room");
  }
}

/** Something to watch that counts up, so that each sample has something in it. */
function fakeSource(reason: string): StatusSource {
  let count = 0;
  // deno-lint-ignore require-yield -- all in one step
  const summary = function* () {
    return { reason } as unknown as SummaryShape;
  };
  // deno-lint-ignore require-yield -- all in one step
  const counts = function* () {
    const accepted = count++;
    return {
      miners: 1,
      accepted,
      rejected: 0,
      difficulty: count,
      bytesUp: count,
      bytesDown: count,
    };
  };
  // deno-lint-ignore require-yield -- all in one step
  const pools = function* () {
    return [];
  };
  return { summary, counts, pools, events: () => [] } as unknown as StatusSource;
}
