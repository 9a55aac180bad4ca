/** The demo as people start it, with each kind of pool. */

import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { DEMO_POOLS, MINER_FAULTS } from "../../lib/cli/command.ts";
import { MAIN, Program } from "../support/program.ts";

const FLAGS = settings.tasks.demo.command.split(" ").filter((word) => word.startsWith("--"));

/** Long enough for a move to each other pool and one back. */
const SECONDS = { agent: 3, stratum: 4, sv2: 6, mixed: 17 };

for (const kind of DEMO_POOLS) {
  Deno.test(`a demo with pools of kind ${kind} mines, and its figures add up`, async () => {
    await using program = demo(
      "--kind",
      kind,
      "--seconds",
      String(SECONDS[kind]),
      "--miners",
      "20",
    );
    const { code, stdout, stderr } = await program.ended();
    // Of the miners with faults one rolls wrong version bits, which is logged after 20 shares.
    const said = stderr.split("\n").filter((line) =>
      line !== "" && !/demo\.rig003@.* cannot narrow the version bits/.test(line)
    );
    assert.deepEqual(said, []);
    assert.equal(code, 0, stdout);

    const [summary = "", ...lines] = stdout.trimEnd().split("\n\n").at(-1)!.split("\n");
    const pools = lines.slice(0, -1);
    const [found = 0, ...ends] = figuresIn(summary);
    assert.equal(found, sumOf(ends), summary);
    assert.equal(/ (\d+) kept here/.test(summary), kind !== "agent", summary);
    const judged = pools.map((line) => figuresIn(line.replace("Stratum V2", "")));
    assert.equal(judged.length, kind === "mixed" ? 3 : 1);
    for (const [place, [submits, accepted, rejected]] of judged.entries()) {
      assert.ok(submits! > 0, pools[place]);
      assert.equal(accepted! + rejected!, submits, pools[place]);
    }
    // Its own arithmetic keeps bad hashes from an ordinary pool; an agent pool has to do it itself.
    const checkedHere = judged.slice(kind === "mixed" ? 1 : 0);
    if (kind !== "agent") {
      for (const [, , rejected] of checkedHere) assert.equal(rejected, 0, stdout);
    }

    const healthy = lines.at(-1)!;
    const [total, told, ...rest] = figuresIn(healthy);
    assert.ok(told! > 0, healthy);
    assert.equal(total, told! + sumOf(rest), healthy);
    assert.match(healthy, /, 0 rejected\.$/);
    assert.equal(sumOf(judged.map(([submits]) => submits!)), ends[0], stdout);
    const moves = stdout.match(/(?<=All miners move to the ).*(?= pool:)/g) ?? [];
    const all = ["Stratum", "Stratum V2", "agent"];
    assert.deepEqual(moves.slice(0, 3), kind === "mixed" ? all : [], stdout);
  });
}

Deno.test("a demo says which miners have troubles, and where the page is that shows them", async () => {
  await using program = demo("--miners", "30");
  await program.wrote("Live page: ");
  for (const fault of MINER_FAULTS) {
    assert.match(program.output, new RegExp(`^  \\d ${fault}, demo\\.rig0\\d\\d`, "m"));
  }
  await program.wrote("accepted");
  const url = /^Live page: (http:\/\/127\.0\.0\.1:\d+\/)$/m.exec(program.output)![1]!;
  const page = await fetch(url);
  assert.match(await page.text(), /<title>btcagent/);
  const { miners } = await (await fetch(`${url}api/v1/summary`)).json();
  assert.ok(miners.connected > 20, JSON.stringify(miners));
  program.signal("SIGINT");
  assert.equal((await program.ended()).code, 0);
});

Deno.test("two demos at once have a page each", async () => {
  await using first = demo("--miners", "1");
  await first.wrote("Live page: ");
  await using second = demo("--miners", "1");
  await second.wrote("Live page: ");
  const [one, other] = [first, second].map(({ output }) => /page: (\S+)/.exec(output)![1]!);
  assert.notEqual(one, other);
  for (const program of [first, second]) {
    program.signal("SIGINT");
    assert.equal((await program.ended()).stderr, "");
  }
});

/** A demo with the permissions of its task. */
function demo(...args: readonly string[]): Program {
  return new Program({
    command: [Deno.execPath(), "run", "--no-check", ...FLAGS, MAIN, "demo", ...args],
  });
}

function figuresIn(line: string): number[] {
  return [...line.matchAll(/\d+/g)].map(Number);
}

function sumOf(figures: readonly number[]): number {
  return figures.reduce((sum, figure) => sum + figure, 0);
}
