/** Columns of a terminal: wide characters, marks, and texts that a terminal would obey. */

import assert from "node:assert/strict";
import { fitted, padded, widthOf, wrapped } from "../../lib/terminal/width.ts";
import { harmIn, HOSTILE_NAMES } from "../support/hostile_names.ts";

for (
  const [text, columns] of [
    ["", 0],
    ["rig1", 4],
    ["矿机", 4],
    ["リグ", 4],
    ["리그", 4],
    ["ｒｉｇ", 6],
    ["é", 1],
    ["e\u0301", 1],
    ["⛏", 1],
    ["🚀", 2],
    ["—…", 2],
  ] as const
) {
  Deno.test(`"${text}" takes ${columns} columns`, () => {
    assert.equal(widthOf(text), columns);
  });
}

Deno.test("a text is cut so that it never takes more columns than there are, wide or not", () => {
  for (const text of ["rig-0123456789", "矿机矿机矿机矿机", "a矿b机c矿d", "🚀🚀🚀🚀"]) {
    for (let columns = 0; columns <= 16; columns++) {
      const shown = fitted(text, columns);
      assert.ok(widthOf(shown) <= columns, `${shown} in ${columns}`);
      assert.equal(shown === text, widthOf(text) <= columns);
      assert.equal(widthOf(padded(text, columns)), columns);
      assert.equal(widthOf(padded(text, columns, true)), columns);
    }
  }
});

for (const [what, name] of Object.entries(HOSTILE_NAMES)) {
  Deno.test(`a name with ${what} is shown in its columns and not obeyed`, () => {
    const shown = padded(name, 20);
    assert.equal(harmIn(shown), undefined);
    assert.equal(widthOf(shown), 20);
    for (const line of wrapped(name, 20)) {
      assert.equal(harmIn(line), undefined);
      assert.ok(widthOf(line) <= 20);
    }
  });
}

Deno.test("a sentence is broken between its words", () => {
  assert.deepEqual(wrapped("No pool serves: nothing is mined", 16), [
    "No pool serves:",
    "nothing is mined",
  ]);
  assert.deepEqual(wrapped("", 16), []);
});
