/** What a miner suggests as its difficulty. */

import assert from "node:assert/strict";
import { suggestedByPassword, suggestedByRequest } from "../../lib/miner/suggestion.ts";

Deno.test("a suggestion by request is a positive number that a difficulty can be", () => {
  for (
    const [params, wanted] of [
      [[512], 512],
      [["1024"], 1024],
      [[0.001], 0.001],
      [[0], undefined],
      [[-1], undefined],
      [[NaN], undefined],
      [[1e300], undefined],
      [["many"], undefined],
      [[null], undefined],
      [[{}], undefined],
      [[], undefined],
    ] as const
  ) {
    assert.equal(suggestedByRequest(params), wanted, JSON.stringify(params));
  }
});

Deno.test("a suggestion in a password is found where others write it, and nowhere else", () => {
  for (
    const [password, wanted] of [
      ["d=1024", 1024],
      ["x,d=65536", 65536],
      ["diff=0.5;stats", 0.5],
      ["D=8", 8],
      ["mind=7", undefined],
      ["d=", undefined],
      ["d=-5", undefined],
      ["d=12abc", undefined],
      ["x", undefined],
      [7, undefined],
      [`${"x".repeat(300)},d=5`, undefined],
    ] as const
  ) {
    assert.equal(suggestedByPassword(password), wanted, String(password).slice(0, 20));
  }
});
