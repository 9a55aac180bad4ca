/** What is taken for a typing mistake, and of which word. */

import assert from "node:assert/strict";
import { nearestWord } from "../../lib/config/nearest_word.ts";

const KNOWN = ["pools", "proxy", "use_proxy", "limits", "log"];

const CASES: [word: string, nearest: string | undefined][] = [
  ["pool", "pools"],
  ["polos", "pools"],
  ["POOLS", "pools"],
  ["useproxy", "use_proxy"],
  ["proxies", undefined],
  ["lgo", "log"],
  ["x", undefined],
  ["", undefined],
];
for (const [word, nearest] of CASES) {
  Deno.test(`"${word}" is taken for ${nearest ?? "no known word"}`, () => {
    assert.equal(nearestWord(word, KNOWN), nearest);
  });
}

Deno.test("of two words within reach the nearer one is meant", () => {
  assert.equal(nearestWord("use_proxi", ["use_prefix", "use_proxy"]), "use_proxy");
});

Deno.test("a word of any length is answered at once", () => {
  assert.equal(nearestWord("x".repeat(10_000_000), KNOWN), undefined);
});
