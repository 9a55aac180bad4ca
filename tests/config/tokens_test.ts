/** JSON with comments in tokens. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { plainValue, readDocument } from "../../lib/config/document.ts";
import { scalarOf, tokensOf } from "../../lib/config/tokens.ts";

Deno.test("tokens know where they stand, and comments are none", () => {
  const { tokens } = tokensOf('{ // one {\n"a":/* , */[-1.5e3,null] }');
  assert.deepEqual(
    tokens.map(({ source, offset }) => [source, offset]),
    [
      ["{", 0],
      ['"a"', 11],
      [":", 14],
      ["[", 22],
      ["-1.5e3", 23],
      [",", 29],
      ["null", 30],
      ["]", 34],
      ["}", 36],
    ],
  );
});

Deno.test("a string keeps its escapes and a tab as it stands", () => {
  const { tokens } = tokensOf(String.raw`"\u0041\"\\	b"`);
  assert.equal(scalarOf(tokens[0]!), 'A"\\\tb');
});

for (const text of ["01", "1.", "nulls", "tru", "\u00a01", '"\\x"', '"\\u12"', "/", "-"]) {
  Deno.test(`${JSON.stringify(text)} is nothing that JSON knows`, () => {
    assert.equal(readDocument(text).ok, false);
  });
}

Deno.test("whatever JSON can say is read as JSON.parse reads it, comments or not", () => {
  const gap = fc.constantFrom("", " ", "\n", "// x\n", "/* ] */", "\r\n\t");
  fc.assert(
    fc.property(fc.jsonValue(), fc.array(gap, { minLength: 1 }), (value, gaps) => {
      const json = JSON.stringify(value, null, 1);
      let i = 0;
      // Line ends of JSON.stringify stand between tokens only.
      const text = json.replaceAll("\n", () => gaps[i++ % gaps.length]! + " ");
      const result = readDocument(text);
      assert.ok(result.ok, text);
      assert.deepEqual(plainValue(result.root), JSON.parse(json));
    }),
    { seed: 6, numRuns: 300 },
  );
});
