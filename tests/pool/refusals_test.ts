/** When the pools refuse an account: tables, without sockets or time. */

import assert from "node:assert/strict";
import { Refusals } from "../../lib/pool/refusals.ts";

/** `taken`, `forget`, or a pool's failure: `0r` it refused the account, `1f` it had other trouble. */
function afterwards(story: string): Refusals {
  const refusals = new Refusals();
  for (const word of story.split(" ")) {
    if (word === "taken") refusals.taken();
    else if (word === "forget") refusals.forget();
    else refusals.failed(Number(word[0]), word[1] === "r");
  }
  return refusals;
}

for (
  const [story, isRefused] of [
    ["0f 1f", false],
    ["0f 1r", true],
    ["0r 1f 0f", true],
    ["0r 1r forget 0f", false],
    ["taken 0r 1f", false],
    ["taken 0r 1r", true],
    ["taken 0r 1r 0f", false],
    ["taken 0r 1r 0f 0r", true],
    ["0r 1r taken 0r", false],
  ] as const
) {
  Deno.test(`of two pools, after "${story}", an account is ${isRefused ? "" : "not "}refused`, () => {
    assert.equal(afterwards(story).areEnough(2), isRefused);
  });
}
