/** A line that is written over in a terminal, and now and then a line anywhere else. */

import assert from "node:assert/strict";
import { LiveLine } from "../../lib/observe/live_line.ts";

const decoder = new TextDecoder();

/** What was printed by `body`, by a target that takes three bytes at a time. */
function printed(isTerminal: boolean, body: (line: LiveLine) => void): string {
  let text = "";
  body(
    new LiveLine({
      isTerminal: () => isTerminal,
      writeSync: (bytes) => {
        text += decoder.decode(bytes.subarray(0, 3));
        return Math.min(3, bytes.length);
      },
    }),
  );
  return text;
}

Deno.test("in a terminal what is shown replaces what was, and a line that stays begins below", () => {
  const text = printed(true, (line) => {
    line.print("Title");
    line.show("1 s");
    line.show("2 s");
    line.print("End");
    line.print("Really");
  });
  assert.equal(text, "Title\n\r1 s\x1b[K\r2 s\x1b[K\nEnd\nReally\n");
});

Deno.test("elsewhere one of five is kept, with no commands to a terminal", () => {
  const text = printed(false, (line) => {
    for (let i = 0; i < 11; i++) line.show(`${i} s`);
    line.print("End");
  });
  assert.equal(text, "0 s\n5 s\n10 s\nEnd\n");
});
