import assert from "node:assert/strict";
import fc from "fast-check";
import {
  difficultyOfHash,
  isAtMost,
  networkTarget,
  targetOf,
  targetOfText,
  targetWords,
} from "../../lib/bitcoin/target.ts";
import vectors from "../protocol/stratum_upstream_vectors.json" with { type: "json" };

const DIFFICULTY_1 = 0xffffn << 208n;
const MAX_TARGET = (1n << 256n) - 1n;
const hex = (target: bigint | undefined) => target?.toString(16).padStart(64, "0");

for (const { difficulty, target } of vectors.difficulty_targets) {
  Deno.test(`difficulty ${difficulty} has the target of the vectors`, () => {
    assert.equal(hex(targetOfText(String(difficulty))), target);
  });
}

Deno.test("a difficulty's text counts digit by digit", () => {
  assert.equal(targetOfText("1.0"), DIFFICULTY_1);
  assert.equal(targetOfText("1e0"), DIFFICULTY_1);
  assert.equal(targetOfText("0.5e+1"), DIFFICULTY_1 / 5n);
  assert.equal(targetOfText("1E-6"), DIFFICULTY_1 * 1_000_000n);
  assert.equal(
    targetOfText("9.9999999999999995e-7"),
    DIFFICULTY_1 * 10n ** 23n / 99999999999999995n,
  );
  // The same double as 2^53.
  assert.equal(targetOfText("9007199254740993"), DIFFICULTY_1 / 9007199254740993n);
  assert.notEqual(targetOfText("9007199254740993"), targetOfText("9007199254740992"));
});

Deno.test("a difficulty has no target at or below 0, above 2^224, or if it is no number", () => {
  const texts = [
    "0",
    "0.000",
    "0e5",
    "-1",
    "1e400",
    "1e68",
    String(2n ** 224n + 1n),
    "1e999999999",
  ];
  texts.push("NaN", "Infinity", "", " 1", "1 ", "01", "1.", ".5", "+1", "0x10", "1e", "1_0", "٣");
  texts.push("1" + "0".repeat(100), "0." + "0".repeat(99) + "1");
  for (const text of texts) assert.equal(targetOfText(text), undefined, text);
  assert.equal(targetOfText(String(2n ** 224n)), 0n);
});

Deno.test("a difficulty close to 0 has the highest target there is", () => {
  for (const text of ["1e-10", "1e-201", "1e-999999999", "0." + "0".repeat(90) + "1"]) {
    assert.equal(targetOfText(text), MAX_TARGET, text);
  }
});

Deno.test("a text agrees with the number it is, where a double is exact", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.integer({ min: 0, max: 20 }), (n, s) => {
      const difficulty = n / 2 ** s;
      assert.equal(targetOfText(difficulty.toFixed(s)), targetOf(difficulty));
    }),
  );
});

Deno.test("the network's target is its mantissa, shifted by whole bytes", () => {
  assert.equal(networkTarget(0x1d00ffff), DIFFICULTY_1);
  assert.equal(
    hex(networkTarget(0x17030ecd)),
    "000000000000000000030ecd0000000000000000000000000000000000000000",
  );
  assert.equal(networkTarget(0x207fffff), 0x7fffffn << 232n);
  assert.equal(networkTarget(0x03123456), 0x123456n);
  assert.equal(networkTarget(0x02123456), 0x1234n);
  assert.equal(networkTarget(0x01120000), 0x12n);
});

Deno.test("bits that stand for 0, a negative number or too much are no target", () => {
  for (const bits of [0, 0x1d000000, 0x00123456, 0x01003456, 0x1d80ffff, 0xff123456, 0x2200ffff]) {
    assert.equal(networkTarget(bits), undefined, bits.toString(16));
  }
  assert.equal(networkTarget(0x220000ff), 0xffn << 248n);
});

Deno.test("words compare as the whole numbers do", () => {
  const number = fc.bigInt({ min: 0n, max: MAX_TARGET });
  const near = fc.tuple(number, fc.nat({ max: 255 })).map(([a, bit]) => [a, a ^ 1n << BigInt(bit)]);
  fc.assert(fc.property(fc.oneof(fc.tuple(number, number), near), ([a, b]) => {
    assert.equal(isAtMost(targetWords(a!), targetWords(b!)), a! <= b!);
    assert.equal(isAtMost(targetWords(b!), targetWords(a!)), b! <= a!);
    assert.ok(isAtMost(targetWords(a!), targetWords(a!)));
  }));
});

Deno.test("the difficulty of a hash is a double's best", () => {
  assert.equal(difficultyOfHash(targetWords(DIFFICULTY_1)), 1);
  assert.equal(difficultyOfHash(targetWords(DIFFICULTY_1 >> 40n)), 2 ** 40);
  assert.equal(difficultyOfHash(targetWords(0n)), Infinity);
  for (const text of ["0.001", "123456.789", "92049594548485.47", "1e20"]) {
    const difficulty = difficultyOfHash(targetWords(targetOfText(text)!));
    assert.ok(Math.abs(difficulty / Number(text) - 1) < 1e-15, `${text}: ${difficulty}`);
  }
});
