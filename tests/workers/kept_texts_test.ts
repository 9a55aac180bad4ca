/** Texts that many records have in common. */

import assert from "node:assert/strict";
import { KeptTexts } from "../../lib/workers/kept_texts.ts";

Deno.test("a text is stored once, until its last use ends", () => {
  const texts = new KeptTexts();
  const number = texts.keep("cgminer/4.11.1");
  assert.equal(texts.keep("cgminer/4.11.1"), number);
  texts.drop(number);
  assert.equal(texts.of(number), "cgminer/4.11.1");
  texts.drop(number);
  assert.notEqual(texts.of(number), "cgminer/4.11.1");
  assert.equal(texts.keep("another"), number, "its number is used again");
});

Deno.test("the empty text is number 0 and takes no place", () => {
  const texts = new KeptTexts();
  assert.equal(texts.keep(""), 0);
  texts.drop(0);
  assert.equal(texts.of(0), "");
});

Deno.test("there are at most 65,535 texts; a further one is stored as the empty text", () => {
  const texts = new KeptTexts();
  for (let i = 0; i < 65_535; i++) assert.equal(texts.keep(`text ${i}`), i + 1);
  assert.equal(texts.keep("one more"), 0);
});
