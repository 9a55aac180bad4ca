/** `mining.configure`: what is promised, and to whom nothing is. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { answerConfigure } from "../../lib/miner/configure.ts";

const POOL_MASK = 0x1fffe000;
const ANY = 0xffffffff;

for (
  const [params, resultJson, requestedMask] of [
    // What firmware sends (stratum.md "Firmware").
    [
      [["version-rolling"], { "version-rolling.mask": "1fffe000" }],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      0x1fffe000,
    ],
    [
      [["version-rolling"], { "version-rolling.mask": "FFFFFFFF" }],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ANY,
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
      ANY,
    ],
    // A mask of which nothing is left.
    [
      [["version-rolling"], { "version-rolling.mask": "00001fff" }],
      '{"version-rolling":false}',
      0x1fff,
    ],
    [[["version-rolling"], { "version-rolling.mask": "0" }], '{"version-rolling":false}', 0],
    // A mask that is missing or no mask counts as none.
    [
      [["version-rolling"]],
      '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
      ANY,
    ],
    ...[null, 5, "x", [], {}].map((options) =>
      [
        [["version-rolling"], options],
        '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
        ANY,
      ] as const
    ),
    ...[null, 0x1fffe000, "", "0x1fffe000", "-1", "1fffe0000", " 1fffe000", ["1fffe000"], {}].map((
      mask,
    ) =>
      [
        [["version-rolling"], { "version-rolling.mask": mask }],
        '{"version-rolling":true,"version-rolling.mask":"1fffe000"}',
        ANY,
      ] as const
    ),
    // Extensions that are not offered.
    [
      [["minimum-difficulty", "version-rolling", "info"], { "minimum-difficulty.value": 2048 }],
      '{"minimum-difficulty":false,"version-rolling":true,"version-rolling.mask":"1fffe000",' +
      '"info":false}',
      ANY,
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
    assert.deepEqual(answerConfigure(params, POOL_MASK), { resultJson, requestedMask });
  });
}

Deno.test("a list of extensions that is none is illegal, whatever stands in it", () => {
  const lists = ["version-rolling", 5, true, {}, [5], ["version-rolling", null], [["info"]]];
  for (const list of lists) {
    assert.equal(answerConfigure([list, {}], POOL_MASK), undefined, JSON.stringify(list));
  }
});

Deno.test("the mask of the options' prototype is nobody's wish", () => {
  const [options] = JSON.parse('[{"__proto__":{"version-rolling.mask":"00c00000"}}]');
  assert.equal(answerConfigure([["version-rolling"], options], POOL_MASK)?.requestedMask, ANY);
});

Deno.test("only bits that both the miner and the pool want are promised, all 32 of them", () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), fc.nat(0xffffffff), (asked, offered) => {
      const answer = answerConfigure(
        [["version-rolling"], { "version-rolling.mask": asked.toString(16) }],
        offered,
      );
      assert.equal(answer!.requestedMask, asked);
      const result = JSON.parse(answer!.resultJson);
      const both = (BigInt(asked) & BigInt(offered)).toString(16).padStart(8, "0");
      assert.deepEqual(
        result,
        both === "00000000"
          ? { "version-rolling": false }
          : { "version-rolling": true, "version-rolling.mask": both },
      );
    }),
    { seed: 12, numRuns: 500 },
  );
});

Deno.test("whatever is asked for, the keys are those asked for and no other", () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string(), fc.constantFrom("version-rolling", "__proto__"))),
      fc.anything(),
      (extensions, options) => {
        const { resultJson } = answerConfigure([extensions, options], POOL_MASK)!;
        const allowed = new Set([...extensions, "version-rolling.mask"]);
        for (const key of Object.keys(JSON.parse(resultJson))) assert.ok(allowed.has(key), key);
      },
    ),
    { seed: 13, numRuns: 500 },
  );
});
