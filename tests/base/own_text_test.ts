/** Pieces of long texts that are kept: the same characters, and nothing else. */

import assert from "node:assert/strict";
import { ownText } from "../../lib/base/own_text.ts";
import { heapGrowth } from "../support/heap_growth.ts";

const COUNT = 2000;
const LONG = 60_000;

Deno.test("A piece of a text says the same, whatever characters it has", () => {
  for (const text of ["", "rig1", 'a "quoted" \\ one', "\0\n\u2028", "é✓😀", "\ud800 alone"]) {
    assert.equal(ownText(text), text);
  }
});

Deno.test("A piece of a text keeps nothing else of it", () => {
  const growth = heapGrowth(() =>
    Array.from({ length: COUNT }, (_, i) => ownText(`${i} `.padEnd(LONG, "x").slice(0, 100)))
  );
  assert.ok(growth < COUNT * LONG / 2, `${growth} bytes`);
});
