/** Cells of CSV are data to whatever opens it. */

import assert from "node:assert/strict";
import { csvLine } from "../../lib/observe/status/csv.ts";

for (
  const [cell, written] of [
    ["plain", "plain"],
    ["", ""],
    ["a,b", '"a,b"'],
    ['say "hi"', '"say ""hi"""'],
    ["two\nlines", "two?lines"],
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@sum", "'@sum"],
    ["\tx", "'?x"],
    ["\rx", "'?x"],
    [" =1+1", "' =1+1"],
    ["＝1+1", "'＝1+1"],
    ["a;=1+1", "a;'=1+1"],
    ["a; @sum;b;-1", "a;' @sum;b;'-1"],
    ["a=1;b", "a=1;b"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ] as const
) {
  Deno.test(`a cell ${JSON.stringify(cell)} is written ${JSON.stringify(written)}`, () => {
    assert.equal(csvLine([cell]), `${written}\r\n`);
  });
}

Deno.test("numbers are no texts, and what is not known is an empty cell", () => {
  assert.equal(csvLine(["hour", -1.5, null, 7]), "hour,-1.5,,7\r\n");
});
