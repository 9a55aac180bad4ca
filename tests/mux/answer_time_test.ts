/** AnswerTime: how long miners wait for a verdict. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { AnswerTime } from "../../lib/mux/answer_time.ts";

function after(...times: readonly number[]): AnswerTime {
  const answerTime = new AnswerTime();
  for (const ms of times) answerTime.add(ms);
  return answerTime;
}

Deno.test("miners wait 3 s for a pool that has not judged any share yet", () => {
  assert.equal(after().waitMs, 3_000);
});

for (
  const [ms, waitMs] of [[0, 500], [20, 500], [125, 500], [200, 800], [750, 3_000], [60_000, 3_000]]
) {
  Deno.test(`miners wait ${waitMs} ms for a pool that takes ${ms} ms`, () => {
    assert.equal(after(ms!).waitMs, waitMs);
    assert.equal(after(...new Array(100).fill(ms)).waitMs, waitMs);
  });
}

Deno.test("miners wait as short as before, 60 verdicts after a pool was stuck for a minute", () => {
  const answerTime = after(...new Array(100).fill(50));
  for (let i = 0; i < 20; i++) answerTime.add(60_000);
  assert.equal(answerTime.waitMs, 3_000);
  for (let i = 0; i < 60; i++) answerTime.add(50);
  assert.equal(answerTime.waitMs, 500);
});

Deno.test("one slow verdict among quick ones makes nobody wait much longer", () => {
  const answerTime = after(...new Array(100).fill(50));
  answerTime.add(60_000);
  assert.ok(answerTime.waitMs < 1_000);
});

Deno.test("miners wait 500 ms to 3 s, whatever the pool does", () => {
  fc.assert(fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })), (times) => {
    const { waitMs } = after(...times);
    assert.ok(waitMs >= 500 && waitMs <= 3_000);
  }));
});
