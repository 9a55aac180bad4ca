/** Marks in charts: the last day's, few of one kind, and none lost to an uplink that flaps. */

import assert from "node:assert/strict";
import { Marks, MOST } from "../../lib/observe/marks.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

Deno.test("what happens again within a minute is one mark that says how often", () => {
  const marks = new Marks();
  for (let i = 0; i < 4; i++) marks.add("failover", "From a to b", 10_000 + i * 15_000);
  marks.add("back", "From b to a", 11_000);
  marks.add("failover", "From a to b", 71_000);
  assert.deepEqual(marks.list(80_000).map(({ kind, about }) => [kind, about]), [
    ["failover", "From a to b (and 3 more within a minute)"],
    ["back", "From b to a"],
    ["failover", "From a to b"],
  ]);
});

Deno.test("an uplink that flaps all day pushes out neither the start nor a reload", () => {
  const marks = new Marks();
  marks.add("start", "btcagent started", 0);
  marks.add("reload", "read again", 1_000);
  for (let time = 0; time < 23 * HOUR_MS; time += 10_000) {
    marks.add("failover", "From a to b", time);
    marks.add("back", "From b to a", time + 5_000);
  }
  const list = marks.list(23 * HOUR_MS);
  assert.equal(list.length, MOST);
  assert.equal(list.filter(({ kind }) => kind === "start" || kind === "reload").length, 2);
  const times = list.map(({ time }) => time);
  assert.deepEqual(times, times.toSorted((a, b) => a - b));
  assert.ok(times.at(-1)! >= 23 * HOUR_MS - MINUTE_MS, "the newest are there");
});

Deno.test("marks are gone after a day, and each new one is a change", () => {
  const marks = new Marks();
  marks.add("start", "btcagent started", 0);
  const before = marks.changes;
  marks.add("start", "again", 1_000);
  assert.equal(marks.changes, before + 1);
  assert.equal(marks.list(24 * HOUR_MS - 1).length, 1);
  assert.equal(marks.list(24 * HOUR_MS).length, 0);
});

Deno.test("a pool's long words are cut", () => {
  const marks = new Marks();
  marks.add("outage", "x".repeat(5_000), 0);
  assert.ok(marks.list(0)[0]!.about.length <= 300);
});
