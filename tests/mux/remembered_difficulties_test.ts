/** Difficulties by worker name: remembered for an hour, and never too many. */

import assert from "node:assert/strict";
import { REMEMBER_MS, RememberedDifficulties } from "../../lib/mux/remembered_difficulties.ts";

Deno.test("a worker is remembered for an hour after it left, and no longer", () => {
  const remembered = new RememberedDifficulties();
  const left = 7_000_123;
  remembered.add("farm.1", -20, left);
  assert.equal(remembered.find("farm.1", left), -20);
  assert.equal(remembered.find("farm.1", left + REMEMBER_MS), -20);
  assert.equal(remembered.find("farm.1", left + REMEMBER_MS + 60_000), undefined);
  assert.equal(remembered.find("farm.2", left), undefined);
});

Deno.test("the last difficulty under a name counts", () => {
  const remembered = new RememberedDifficulties();
  remembered.add("farm.1", 16, 0);
  remembered.add("farm.1", 35, 10);
  assert.equal(remembered.find("farm.1", 20), 35);
});

Deno.test("the last names are remembered, however many left", () => {
  const remembered = new RememberedDifficulties(100);
  for (let i = 0; i < 1000; i++) {
    remembered.add(`farm.${i}`, i % 30, i);
    for (let back = 0; back <= Math.min(i, 99); back += 9) {
      assert.equal(remembered.find(`farm.${i - back}`, i), (i - back) % 30);
    }
    assert.ok(remembered.size <= 200);
  }
});

Deno.test("names that nobody asks for any more are forgotten with time", () => {
  const remembered = new RememberedDifficulties();
  for (let i = 0; i < 100; i++) remembered.add(`farm.${i}`, 1, 0);
  for (let hour = 1; hour <= 3; hour++) remembered.add("other", 1, hour * (REMEMBER_MS + 1));
  assert.ok(remembered.size <= 2);
});

Deno.test("names that no pool takes are not kept", () => {
  const remembered = new RememberedDifficulties();
  remembered.add("x".repeat(256), 1, 0);
  assert.equal(remembered.size, 0);
});

Deno.test("names that are words of the language are names like any other", () => {
  const remembered = new RememberedDifficulties();
  assert.equal(remembered.find("__proto__", 0), undefined);
  remembered.add("__proto__", 4, 0);
  remembered.add("constructor", 5, 0);
  assert.deepEqual([remembered.find("__proto__", 0), remembered.find("constructor", 0)], [4, 5]);
});

Deno.test("workers that left before this process started are remembered for the rest of the hour", () => {
  const remembered = new RememberedDifficulties();
  remembered.add("farm.1", -20, -1_800_000);
  remembered.add("farm.2", 31, -60_000);
  assert.equal(remembered.find("farm.1", 1_000), -20);
  assert.equal(remembered.find("farm.2", 1_000), 31);
  assert.deepEqual([...remembered.left(600_000, 0)], [
    { name: "farm.2", exponent: 31, agoMs: 60_000 },
  ]);
  assert.equal(remembered.find("farm.1", 1_900_000), undefined);
});
