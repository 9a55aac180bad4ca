import assert from "node:assert/strict";
import fc from "fast-check";
import {
  difficultyOfHash,
  difficultyOfTarget,
  isAtMost,
  MAX_TARGET,
  networkTarget,
  targetBytes,
  targetOf,
  targetOfBytes,
  targetWords,
} from "../../lib/bitcoin/target.ts";
import { vectorsOf } from "../protocol/sv2/vectors.ts";
import vectors from "../protocol/stratum_upstream_vectors.json" with { type: "json" };

const DIFFICULTY_1 = 0xffffn << 208n;
const hex = (target: bigint | undefined) => target?.toString(16).padStart(64, "0");

for (const { difficulty, target } of vectors.difficulty_targets) {
  Deno.test(`difficulty ${difficulty} has the target of the vectors, but for what a double cannot hold`, () => {
    const expected = BigInt(`0x${target}`);
    const off = targetOf(difficulty) - expected;
    assert.ok((off < 0n ? -off : off) <= expected >> 52n, hex(targetOf(difficulty)));
  });
}

for (const { name, fields, hex: wire } of vectorsOf("target")) {
  Deno.test(`vector ${name} of Stratum V2: this target, in these bytes`, () => {
    // The vectors were made with difficulties cut to 52 bits after the point.
    const difficulty = Math.floor(Number(fields!["difficulty"]) * 2 ** 52) / 2 ** 52;
    const target = targetOf(difficulty);
    assert.equal(hex(target), fields!["target_display"]);
    assert.equal(targetBytes(target).toHex(), wire);
    assert.equal(targetOfBytes(Uint8Array.fromHex(wire!)), target);
  });
}

Deno.test("a target is read from the bytes it was written in, the least significant first", () => {
  assert.equal(targetBytes(1n).toHex(), "01" + "00".repeat(31));
  assert.equal(targetBytes(MAX_TARGET).toHex(), "ff".repeat(32));
  assert.equal(targetBytes(0n).toHex(), "00".repeat(32));
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: MAX_TARGET }), (target) => {
    assert.equal(targetBytes(target).length, 32);
    assert.equal(targetOfBytes(targetBytes(target)), target);
  }));
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
  for (const given of [0.001, 123456.789, 92049594548485.47, 1e20]) {
    const difficulty = difficultyOfHash(targetWords(targetOf(given)));
    assert.ok(Math.abs(difficulty / given - 1) < 1e-15, `${given}: ${difficulty}`);
  }
});

Deno.test("the difficulty of a target is the lowest whose shares all meet it", () => {
  for (const difficulty of [2 ** -32, 2 ** -14, 0.001, 1, 3.7, 1000, 65536, 123456.789, 2 ** 40]) {
    assert.equal(difficultyOfTarget(targetOf(difficulty)), difficulty);
  }
  assert.equal(difficultyOfTarget(MAX_TARGET), 2 ** -32);
  assert.equal(difficultyOfTarget(1n), 2 ** 63);
  fc.assert(fc.property(fc.bigInt({ min: 1n << 165n, max: MAX_TARGET >> 1n }), (target) => {
    const difficulty = difficultyOfTarget(target);
    assert.ok(targetOf(difficulty) <= target, "no share is too easy");
    const easier = difficulty * (1 - 2 ** -50);
    assert.ok(targetOf(easier) > target, "and none is refused without need");
  }));
});
