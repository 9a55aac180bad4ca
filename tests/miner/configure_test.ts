/** `mining.configure`: what is promised, and to whom nothing is. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { ROLLABLE_BITS } from "../../lib/base/version_bits.ts";
import { answerConfigure } from "../../lib/miner/configure.ts";

const ALL = ROLLABLE_BITS;

for (
  const [params, resultJson, promisedMask] of [
    // What firmware sends (stratum.md "Firmware").
    [
      [["version-rolling"], { "version-rolling.mask": "1fffe000" }],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      0x1fffe000,
    ],
    [
      [["version-rolling"], { "version-rolling.mask": "FFFFFFFF" }],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ALL,
    ],
    [
      [["version-rolling"], {
        "version-rolling.mask": "00c00000",
        "version-rolling.min-bit-count": 2,
      }],
      '{"version-rolling":true,"version-rolling.mask":"00c00000"}',
      0x00c00000,
    ],
    [
      [["version-rolling"], { "version-rolling.min-bit-count": 16 }],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ALL,
    ],
    // Bits that nobody may roll: a plain no makes firmware come back for ever.
    [
      [["version-rolling"], { "version-rolling.mask": "e0001fff" }],
      '{"version-rolling":true,"version-rolling.mask":"00000000"}',
      0,
    ],
    // Spellings that pools take: a prefix, and digits too many, of which the last ones count.
    ...["0x1fffe000", "0X1FFFE000", "000000001fffe000", "ffffffffffffffff"].map((mask) =>
      [
        [["version-rolling"], { "version-rolling.mask": mask }],
        '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
        ALL,
      ] as const
    ),
    [
      [["version-rolling"], { "version-rolling.mask": "1fffe0000" }],
      '{"version-rolling":true,"version-rolling.mask":"1ffe0000"}',
      0x1ffe0000,
    ],
    // What is no text among the extensions is passed over, one alone is a list of one.
    [
      [[5, null, "version-rolling", ["info"], {}]],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ALL,
    ],
    [["version-rolling"], '{"version-rolling":true,"version-rolling.mask":"1fffe000"}', ALL],
    [[[5]], "{}", undefined],
    // A mask that is missing or no mask counts as none.
    [
      [["version-rolling"]],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ALL,
    ],
    ...[null, 5, "x", [], {}].map((options) =>
      [
        [["version-rolling"], options],
        '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
        ALL,
      ] as const
    ),
    ...[null, 0x1fffe000, "", "0x", "-1", "any", " 1fffe000", ["1fffe000"], {}].map((
      mask,
    ) =>
      [
        [["version-rolling"], { "version-rolling.mask": mask }],
        '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
        ALL,
      ] as const
    ),
    // Extensions that are not offered.
    [
      [["minimum-difficulty", "version-rolling", "info"], { "minimum-difficulty.value": 2048 }],
      '{"minimum-difficulty":false,"version-rolling":true,"version-rolling.mask":"1fffe000",' +
      '"info":false}',
      ALL,
    ],
    [[["subscribe-extranonce"], {}], '{"subscribe-extranonce":false}', undefined],
    [[["VERSION-ROLLING"]], '{"VERSION-ROLLING":false}', undefined],
    [[["a", "a", "b", "a"]], '{"a":false,"b":false}', undefined],
    [
      [["version-rolling", "version-rolling"], { "version-rolling.mask": "00c00000" }],
      '{"version-rolling":true,"version-rolling.mask":"00c00000"}',
      0x00c00000,
    ],
    [[["", '\u0000"\\', "\ud800"]], '{"":false,"\\u0000\\"\\\\":false,"\\ud800":false}', undefined],
    [
      [["__proto__", "constructor", "toString"]],
      '{"__proto__":false,"constructor":false,"toString":false}',
      undefined,
    ],
    // Nothing asked for.
    [[], "{}", undefined],
    [[null], "{}", undefined],
    [[null, { "version-rolling.mask": "ffffffff" }], "{}", undefined],
    [[[]], "{}", undefined],
  ] as [unknown[], string, number | undefined][]
) {
  Deno.test(`configure ${JSON.stringify(params)} is answered ${resultJson}`, () => {
    assert.deepEqual(answerConfigure(params), { resultJson, promisedMask });
  });
}

Deno.test("extensions that are not a list are illegal, whatever they contain", () => {
  const lists = [5, true, {}];
  for (const list of lists) {
    assert.equal(answerConfigure([list, {}]), undefined, JSON.stringify(list));
  }
});

Deno.test("a mask inherited from the options' prototype does not count", () => {
  const [options] = JSON.parse('[{"__proto__":{"version-rolling.mask":"00c00000"}}]');
  assert.equal(answerConfigure([["version-rolling"], options])?.promisedMask, ALL);
});

Deno.test("of any mask the bits that may be rolled at all are promised, and no other", () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (asked) => {
      const answer = answerConfigure([
        ["version-rolling"],
        { "version-rolling.mask": asked.toString(16) },
      ]);
      const both = Number(BigInt(asked) & 0x1fffe000n);
      assert.equal(answer!.promisedMask, both);
      assert.deepEqual(JSON.parse(answer!.resultJson), {
        "version-rolling": true,
        "version-rolling.mask": both.toString(16).padStart(8, "0"),
      });
    }),
    { seed: 12, numRuns: 500 },
  );
});

Deno.test("whatever is asked for, the keys are those asked for and no other", () => {
  let keys = 0;
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("version-rolling", "__proto__"))),
      fc.anything(),
      (extensions, options) => {
        const { resultJson } = answerConfigure([extensions, options])!;
        const allowed = new Set([...extensions, "version-rolling.mask"]);
        for (const key of Object.keys(JSON.parse(resultJson))) {
          assert.ok(allowed.has(key), key);
          keys++;
        }
      },
    ),
    { seed: 13, numRuns: 500 },
  );
  assert.ok(keys > 100, `${keys} keys were answered`);
});
