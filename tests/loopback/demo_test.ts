/** The demo as people start it, with each kind of pool. */

import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { DEMO_POOLS } from "../../lib/cli/command.ts";
import { MAIN, Program } from "../support/program.ts";

const FLAGS = settings.tasks.demo.command.split(" ").filter((word) => word.startsWith("--"));

/** Long enough for one move there and one back. */
const SECONDS = { agent: 3, stratum: 4, mixed: 11 };

for (const kind of DEMO_POOLS) {
  Deno.test(`a demo with pools of kind ${kind} mines, and its figures add up`, async () => {
    const args = ["demo", "--kind", kind, "--seconds", String(SECONDS[kind]), "--miners", "20"];
    await using program = new Program({
      command: [Deno.execPath(), "run", "--no-check", ...FLAGS, MAIN, ...args],
    });
    const { code, stdout, stderr } = await program.ended();
    assert.equal(stderr, "");
    assert.equal(code, 0, stdout);

    const [summary = "", ...pools] = stdout.trimEnd().split("\n\n").at(-1)!.split("\n");
    const [found = 0, ...ends] = figuresIn(summary);
    assert.equal(found, sumOf(ends), summary);
    assert.equal(/ (\d+) kept here/.test(summary), kind !== "agent", summary);
    const judged = pools.map((line) => figuresIn(line));
    assert.equal(judged.length, kind === "mixed" ? 2 : 1);
    for (const [place, [submits, accepted, rejected]] of judged.entries()) {
      assert.ok(submits! > 0, pools[place]);
      assert.deepEqual([accepted, rejected], [submits, 0], pools[place]);
    }
    assert.equal(sumOf(judged.map(([submits]) => submits!)), ends[0], stdout);
    const moves = stdout.match(/(?<=All miners move to the )\w+/g) ?? [];
    assert.deepEqual(moves.slice(0, 2), kind === "mixed" ? ["Stratum", "agent"] : [], stdout);
  });
}

function figuresIn(line: string): number[] {
  return [...line.matchAll(/\d+/g)].map(Number);
}

function sumOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}
