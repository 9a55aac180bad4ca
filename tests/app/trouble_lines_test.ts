/** Which simulated miners have which trouble, as it is said at the start. */

import assert from "node:assert/strict";
import { troubleLines } from "../../lib/app/trouble_lines.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";

Deno.test("each fault has a line with the number and the names of its miners", () => {
  const lines = troubleLines(
    new Map([
      ["dead", ["a.rig001", "a.rig002", "a.rig003"]],
      ["weak", ["a.rig004"]],
      ["silent", ["a.rig005", "a.rig006"]],
    ]),
  );
  assert.deepEqual(lines, [
    "  3 dead, a.rig001 to a.rig003: disconnected for good after a while",
    "  1 weak, a.rig004: running at a fifth of the others' speed",
    "  2 silent, a.rig005 and a.rig006: logged in with work, but sending nothing",
  ]);
});

Deno.test("names that could command a terminal are made harmless", () => {
  for (const name of Object.values(HOSTILE_NAMES)) {
    const [line = ""] = troubleLines(new Map([["silent", [name]]]));
    assert.doesNotMatch(line, /[\p{Cc}\p{Cf}]/u);
  }
});
