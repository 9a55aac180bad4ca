/** Evidence about a difficulty: luck is told from a rate that does not fit. */

import assert from "node:assert/strict";
import { isFarTooMany, RIGHT, stepsWanted } from "../../lib/mux/difficulty_evidence.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { poisson } from "../support/poisson.ts";

const MINUTE_MS = 60_000;
const AIM = 10;

/** What is said of shares that come at exactly `rate` times the aim, after `minutes`. */
function said(rate: number, minutes: number): number | undefined {
  return stepsWanted(rate * AIM * minutes, AIM * minutes, minutes * MINUTE_MS);
}

Deno.test("a rate within the band is right after 50 shares or 5 minutes", () => {
  for (const rate of [0.55, 0.8, 1, 1.4, 1.9]) assert.equal(said(rate, 5), RIGHT, `${rate}`);
  assert.equal(said(1.25, 4), RIGHT, "50 shares");
  assert.equal(said(1.2, 4), undefined, "48 shares");
});

Deno.test("above twice the aim the difficulty rises to about the aim, after 50 shares", () => {
  assert.equal(said(3, 1.6), undefined, "48 shares");
  assert.deepEqual([3, 4, 5, 7.9].map((rate) => said(rate, 52 / rate / AIM)), [2, 2, 2, 3]);
  assert.equal(said(2.5, 4), 1);
  assert.equal(said(2.1, 5), undefined, "not certain yet");
  assert.equal(said(2.1, 60), 1);
});

Deno.test("below half the aim it falls, after 5 minutes", () => {
  assert.equal(said(0.2, 4.9), undefined);
  assert.equal(said(0.2, 5), -2);
  assert.equal(said(0.4, 5), undefined, "not certain yet");
  assert.equal(said(0.4, 12), -1);
  assert.equal(said(0.49, 6), undefined, "not certain yet");
});

Deno.test("silence of 5 minutes speaks for a sixteenth, longer silence for less", () => {
  assert.equal(stepsWanted(0, 49, 4.9 * MINUTE_MS), undefined);
  assert.equal(stepsWanted(0, 50, 5 * MINUTE_MS), -4);
  assert.equal(stepsWanted(0, 400, 40 * MINUTE_MS), -7);
  assert.equal(stepsWanted(0, 5, 5 * MINUTE_MS), undefined, "hardly a share was expected");
});

Deno.test("a flood is seen after ten shares, eight times the aim after some twenty", () => {
  const first = (rate: number) => {
    for (let shares = 1;; shares++) if (isFarTooMany(shares, shares / rate)) return shares;
  };
  assert.deepEqual([Infinity, 100, 20, 8].map(first), [10, 11, 13, 22]);
  assert.equal(stepsWanted(12, 0.1, 1000), 7);
  assert.equal(isFarTooMany(1000, 1000 / 7.9), false);
});

Deno.test("luck at the edge of the band is a flood less than once in a million times", () => {
  // Share n comes too early if at least n come where 2 × the most for it are expected: the sum of
  // all those chances is above the chance of any of them.
  let chance = 0;
  for (let shares = 1; shares < 1000; shares++) {
    if (!isFarTooMany(shares, 0)) continue;
    let low = 0;
    for (let high = shares, i = 0; i < 60; i++) {
      const middle = (low + high) / 2;
      if (isFarTooMany(shares, middle)) low = middle;
      else high = middle;
    }
    chance += atLeast(shares, 2 * low);
  }
  assert.ok(chance > 0 && chance < 1e-6, `${chance}`);
});

Deno.test("a rate well within the band is hardly ever judged out of it", () => {
  const random = seededRandom(5);
  let wrong = 0;
  const days = 200;
  for (const rate of [Math.SQRT1_2, 1, Math.SQRT2]) {
    let shares = 0, ms = 0;
    for (let minutes = 0; minutes < days * 1440; minutes += 0.5) {
      shares += poisson(rate * AIM / 2, random);
      ms += MINUTE_MS / 2;
      const steps = stepsWanted(shares, ms * AIM / MINUTE_MS, ms);
      if (steps === undefined) continue;
      if (steps !== RIGHT) wrong++;
      shares = ms = 0;
    }
  }
  assert.ok(wrong < 0.1 * 3 * days, `${wrong} times in ${3 * days} days`);
});

/** The chance of `count` or more where `mean` are expected. */
function atLeast(count: number, mean: number): number {
  let term = Math.exp(-mean);
  for (let i = 1; i <= count; i++) term *= mean / i;
  let sum = 0;
  for (let i = count; term > sum * 1e-17 && i < count + 1000; term *= mean / ++i) sum += term;
  return sum;
}
