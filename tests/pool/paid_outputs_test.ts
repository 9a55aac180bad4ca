/** PaidOutputs: an output that is not paid any more is an event, a habit is one only once. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PaidOutputs, type PayoutChange } from "../../lib/pool/paid_outputs.ts";

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/** What is said of jobs that pay these scripts, a minute apart. */
function said(jobs: readonly string[], everyMs = MINUTE): (PayoutChange | undefined)[] {
  const outputs = new PaidOutputs();
  return jobs.map((paid, i) => outputs.next(new Set(paid), i * everyMs));
}

function events(jobs: readonly string[], everyMs?: number): number {
  return said(jobs, everyMs).filter((change) => change !== undefined).length;
}

Deno.test("a job that pays another output is an event, and from then on it is expected", () => {
  assert.deepEqual(said(["ab", "ab", "x", "x", "x"]), [
    undefined,
    undefined,
    { gone: ["a", "b"], paid: ["x"], isHabit: false },
    undefined,
    undefined,
  ]);
});

Deno.test("one of several outputs that is gone is an event, one more is none", () => {
  assert.deepEqual(said(["ab", "abc", "a"]).at(-1), {
    gone: ["b", "c"],
    paid: ["a"],
    isHabit: false,
  });
  assert.equal(events(["a", "ab", "abc", "abcd"]), 0);
});

Deno.test("a pool that pays others with each job is told three times, the last as a habit", () => {
  const rotating = Array.from({ length: 500 }, (_, i) => String.fromCodePoint(0x4e00 + i));
  const changes = said(rotating).filter((change) => change !== undefined);
  assert.deepEqual(changes.map(({ isHabit }) => isHabit), [false, false, true]);
});

Deno.test("what a splitting pool pays with every job is watched further", () => {
  const split = Array.from({ length: 50 }, (_, i) => `f${String.fromCodePoint(0x4e00 + i)}`);
  assert.equal(events(split), 3);
  const changes = said([...split, "x", "y", "z"]).slice(50);
  assert.deepEqual(changes, [{ gone: ["f"], paid: ["x"], isHabit: false }, undefined, undefined]);
});

Deno.test("jobs of two connections that come one before the other are one change", () => {
  assert.equal(events(["a", "a", "x", "a", "x", "x", "x"]), 1);
});

Deno.test("what was paid long ago is a change when it comes again", () => {
  const hours = (paid: string) => Array.from({ length: 60 }, () => paid);
  assert.deepEqual(
    said(["x", ...hours("a"), "x", ...hours("a"), "x"]).filter((change) => change !== undefined)
      .map(({ gone }) => gone.join()),
    ["x", "a", "a"],
  );
});

Deno.test("changes that are days apart are no habit", () => {
  assert.equal(events(["a", "b", "c", "d", "e"], DAY), 4);
});

Deno.test("however a pool changes, what is said is bounded and never of an output that is paid", () => {
  const job = fc.subarray(["a", "b", "c", "d", "e", "f"]).map((paid) => new Set(paid));
  fc.assert(
    fc.property(fc.array(job, { maxLength: 200 }), (jobs) => {
      const outputs = new PaidOutputs();
      let count = 0;
      const seen = new Set<string>();
      for (const [i, paid] of jobs.entries()) {
        const change = outputs.next(paid, i);
        if (change !== undefined) {
          count++;
          assert.ok(change.gone.length > 0);
          for (const gone of change.gone) assert.ok(seen.has(gone) && !paid.has(gone));
        }
        for (const one of paid) seen.add(one);
      }
      assert.ok(count <= 3 + 6, `${count} events`);
    }),
  );
});
