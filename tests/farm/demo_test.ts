/** The demo, for as long as its troubles take to show. */

import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { demoFaults } from "../../lib/cli/faults.ts";
import { summaryWhere } from "../support/event_reader.ts";
import { MAIN, Program } from "../support/program.ts";

const FLAGS = settings.tasks.demo.command.split(" ").filter((word) => word.startsWith("--"));

/** On a machine with nothing else to do it takes less than two minutes. */
const SHOWN_MS = 300_000;

/** What a worker with a fault is called; gaps take a quarter of an hour to be regular. */
const STATES = {
  dead: "missing",
  flapping: "flapping",
  refused: "refused",
  weak: "weak",
  silent: "silent",
} as const;

Deno.test("the page of a demo comes to say what is wrong with each of its faulty miners", async () => {
  await using program = new Program({
    command: [Deno.execPath(), "run", "--no-check", ...FLAGS, MAIN, "demo"],
  });
  await program.wrote("Live page: ");
  await program.wrote("accepted");
  const [, url] = /^Live page: (\S+)$/m.exec(program.output)!;
  const wanted = Object.entries(STATES).map(([fault, state]) =>
    [state, demoFaults(50).find(({ trouble }) => trouble === fault)!.count] as const
  );
  await summaryWhere(
    url!,
    ({ attention: { workers } }) => wanted.every(([state, count]) => workers[state] === count),
    SHOWN_MS,
  );
  program.signal("SIGINT");
  const { code, stderr } = await program.ended();
  assert.equal(code, 0);
  // The log has one thing to say of them by itself: who cannot keep to the version bits.
  const rest = stderr.split("\n").filter((line) =>
    !line.includes(" cannot narrow the version bits")
  );
  assert.deepEqual(rest, [""]);
});
