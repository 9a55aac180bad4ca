/** Texts that many miners have in common. */

import assert from "node:assert/strict";
import { CommonTexts } from "../../lib/miner/common_texts.ts";

Deno.test("texts come back as they were, also when there are too many to keep", () => {
  const texts = new CommonTexts();
  for (let i = 0; i < 5000; i++) assert.equal(texts.of(`agent ${i}`), `agent ${i}`);
});
