/** Powers of two: the nearest below or above any difficulty. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  exponentAtLeast,
  exponentAtMost,
  LEAST_EXPONENT,
  MOST_EXPONENT,
  powerOf,
} from "../../lib/mux/powers_of_two.ts";

Deno.test("powers of two are distinguished from their neighbours", () => {
  for (let exponent = LEAST_EXPONENT + 1; exponent < MOST_EXPONENT; exponent++) {
    const power = powerOf(exponent);
    assert.equal(power, 2 ** exponent);
    const below = power * (1 - Number.EPSILON / 2);
    const above = power * (1 + Number.EPSILON);
    assert.deepEqual([below, power, above].map(exponentAtMost), [
      exponent - 1,
      exponent,
      exponent,
    ]);
    assert.deepEqual([below, power, above].map(exponentAtLeast), [
      exponent,
      exponent,
      exponent + 1,
    ]);
  }
});

Deno.test("a difficulty out of range has the nearest exponent", () => {
  for (const difficulty of [0, Number.MIN_VALUE, 2 ** -40]) {
    assert.equal(exponentAtMost(difficulty), LEAST_EXPONENT);
  }
  for (const difficulty of [2 ** 64, Number.MAX_VALUE, Infinity]) {
    assert.equal(exponentAtMost(difficulty), MOST_EXPONENT);
    assert.equal(exponentAtLeast(difficulty), MOST_EXPONENT);
  }
});

Deno.test("a difficulty lies between the powers of two around it", () => {
  const difficulty = fc.double({ min: 2 ** -31, max: 2 ** 62, noNaN: true });
  fc.assert(
    fc.property(difficulty, (difficulty) => {
      const below = powerOf(exponentAtMost(difficulty));
      assert.ok(below <= difficulty && difficulty < 2 * below);
      const above = powerOf(exponentAtLeast(difficulty));
      assert.ok(above >= difficulty && difficulty > above / 2);
    }),
    { seed: 3 },
  );
});
