/** Difficulties as miners' JSON parsers want them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatDifficulty,
  isDifficulty,
  MAX_DIFFICULTY,
  MIN_DIFFICULTY,
} from "../../../lib/protocol/stratum/difficulty.ts";

Deno.test("formatDifficulty prints every power of two exactly, to the last digit", () => {
  for (let exponent = 0; exponent <= 63; exponent++) {
    assert.equal(formatDifficulty(2 ** exponent), (1n << BigInt(exponent)).toString());
  }
});

for (
  const [difficulty, text] of [
    [1, "1"],
    [16384, "16384"],
    [0.005, "0.005"],
    [0.5, "0.5"],
    [1.5, "1.5"],
    [1e-7, "0.0000001"],
    [1.25e-7, "0.000000125"],
    [2 ** -32, "0.00000000023283064365386963"],
    [1e18, "1000000000000000000"],
    [2 ** 62, "4611686018427387904"],
  ] as const
) {
  Deno.test(`formatDifficulty prints ${difficulty} as ${text}`, () => {
    assert.equal(formatDifficulty(difficulty), text);
  });
}

Deno.test("formatDifficulty prints no exponent and reads back as the same number", () => {
  fc.assert(
    fc.property(
      fc.double({ min: MIN_DIFFICULTY, max: MAX_DIFFICULTY, noNaN: true }),
      (difficulty) => {
        const text = formatDifficulty(difficulty);
        assert.match(text, /^(0|[1-9]\d*)(\.\d+)?$/);
        assert.equal(JSON.parse(text), difficulty);
      },
    ),
    { seed: 20240604, numRuns: 3000 },
  );
});

Deno.test("isDifficulty takes numbers a miner can work at and nothing else", () => {
  for (const good of [1, 0.005, 16384, MIN_DIFFICULTY, MAX_DIFFICULTY]) {
    assert.ok(isDifficulty(good), String(good));
  }
  for (
    const bad of [0, -1, NaN, Infinity, 2 ** 64, 2 ** -33, "1", null, undefined, [1], {}, true, 1n]
  ) {
    assert.ok(!isDifficulty(bad), String(bad));
  }
});
