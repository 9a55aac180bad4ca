/** What the help says, and that it fits. */

import assert from "node:assert/strict";
import type { HelpTopic } from "../../lib/cli/command.ts";
import { helpText } from "../../lib/cli/help.ts";

const TOPICS: (HelpTopic | undefined)[] = [undefined, "run", "demo", "simulate"];
for (const topic of TOPICS) {
  Deno.test(`the help on ${topic ?? "everything"} fits a terminal and ends with the exit codes`, () => {
    const lines = helpText(topic).split("\n");
    for (const line of lines) {
      assert.ok(line.length <= 80, line);
      assert.match(line, /^(?:[\x20-\x7e]*[\x21-\x7e])?$/);
    }
    assert.equal(lines.at(-4), "Exit codes");
  });
}

Deno.test("the defaults in the help are the defaults", () => {
  const help = helpText("simulate") + helpText("demo");
  for (const value of ["127.0.0.1", "8888", "0.00001", "30", "127.0.0.1:3333", "50", "demo"]) {
    assert.ok(help.includes(`(${value})`), value);
  }
});
