/** What the help says, and that it fits. */

import assert from "node:assert/strict";
import { HELP_TOPICS } from "../../lib/cli/command.ts";
import { COMMANDS } from "../../lib/cli/commands.ts";
import { helpText } from "../../lib/cli/help.ts";

/** Lines of a terminal as it opens, and of one that somebody has made larger. */
const SCREEN = 24;
const LARGE_SCREEN = 40;

for (const topic of [undefined, ...HELP_TOPICS]) {
  Deno.test(`the help on ${topic ?? "everything"} fits a screen, has examples, ends with exit codes`, () => {
    const lines = helpText(topic).split("\n");
    const most = topic === undefined || topic === "run" ? LARGE_SCREEN : SCREEN;
    assert.ok(lines.length <= most, `${lines.length} lines`);
    assert.ok(lines.some((line) => /^Examples?\b/.test(line)));
    for (const line of lines) {
      assert.ok(line.length <= 80, line);
      assert.match(line, /^(?:[\x20-\x7e]*[\x21-\x7e])?$/);
    }
    assert.equal(lines.at(-4), "Exit codes");
  });
}

Deno.test("the defaults in the help are the defaults", () => {
  const help = helpText("simulate pool") + helpText("simulate miners") + helpText("demo");
  for (const value of ["127.0.0.1", "8888", "0.00001", "30", "127.0.0.1:3333", "50", "demo"]) {
    assert.ok(help.includes(`(${value})`), value);
  }
});

Deno.test("the help names every command, and the help on it every option", () => {
  for (const { name, options } of COMMANDS) {
    assert.ok(helpText(undefined).includes(`btcagent ${name === "run" ? "[run]" : name} `), name);
    const topic = HELP_TOPICS.find((topic) => name === topic);
    for (const { names: [option] } of options) {
      assert.ok(helpText(topic).includes(` --${option} `), `--${option} of ${name}`);
    }
  }
});
