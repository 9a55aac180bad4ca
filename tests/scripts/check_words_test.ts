/** The list of words: each habit is found in the examples where it was seen, and plain English is not. */

import assert from "node:assert/strict";
import { findingsIn, HABITS } from "../../scripts/check_words.ts";

/** Texts as they once stood here, or as style guides quote them. */
const PLANTED: Readonly<Record<string, readonly string[]>> = {
  "so many": [
    "/** A pool that sends nothing for so long is taken for dead. */",
    "Left out: so many are kept",
    "  // A miner may be so many requests ahead.",
  ],
  "whoever": ["/** Whoever comes later waits. */", "the miner, of whom nothing is known"],
  "Who as a subject": [
    "/** Who has been connected for a second makes room. */",
    "A place. Who sits there is counted",
  ],
  "anew": ["/** Reads certificates anew. */"],
  "for ever": ["so that nobody waits for ever"],
  "as well at the end": ["The log is flushed as well.", "// and the port as well"],
  "to be had": ["No place is to be had", "a pool that cannot be had"],
  "there is of": ["/** All there is of a miner. */"],
  "goes for leaves": ["/** Unregisters a miner that goes. */", "When a session went, its id rests"],
  "told for logged": ["What changed is told in the log"],
  "begun": ["/** Reads begun in a turn. */"],
  "behind for after": ["// what came behind that"],
  "Where, if": ["/** Where, if enabled. */", 'about("Where, if enabled.", text()),'],
  "by time it is": ["Times 2^32 and by time it is the hashrate."],
  "not takes": ["log lines the terminal or file not takes"],
  "stays as it was": ["The configuration stays as it was: {path}"],
  "was not taken": ["{path} was not taken"],
  "Miner in, out": [
    'log.info("Miner {miner} in: {agent}", { miner });',
    "| `Miner … out: …` | the reason |",
    "`Miner ${label} out: ${reason}`",
  ],
  "That is not it": ["That is not it."],
  "Token wanted": ["Token wanted"],
  "now or then": ["The pool forgets it now or then."],
  "number and plural": [
    '"Up to {miners} miners", values',
    'connectionsNow: "{count} connections",',
  ],
  "See the head of this file": ["/** See the head of this file. */"],
};

for (const { name } of HABITS) {
  const planted = PLANTED[name] ?? [];
  Deno.test(`"${name}" is found in every planted example`, () => {
    assert.ok(planted.length > 0, "no example is planted");
    for (const line of planted) {
      const habits = findingsIn([line]).map(({ habit }) => habit);
      assert.ok(habits.includes(name), `not found in: ${line}`);
    }
  });
}

Deno.test("every planted example is of a habit in the list", () => {
  const names = new Set(HABITS.map(({ name }) => name));
  assert.deepEqual(Object.keys(PLANTED).filter((name) => !names.has(name)), []);
});

Deno.test("plain English is left alone", () => {
  const fine = [
    "/** Treat a pool as dead after this much silence. */",
    "It took so long that the miner left; as long as it lasts",
    "/** The miner that sits here. */",
    "Who are you?",
    "Miner {miner} connected: {agent}",
    "Reload of {path} failed: keeping the current configuration",
    "as well as the port",
    "the job goes on to the next miner",
    "const isWho = 3; // who may import what",
    "A well-known port, behind a proxy",
    "Up to {miners|miner}, released after {seconds} s",
    "/** @param {number} seconds */",
    "`${MAX_LINES} lines`",
  ];
  for (const line of fine) assert.deepEqual(findingsIn([line]), [], line);
});

Deno.test("a habit that runs over the end of a line is found, at the line where it starts", () => {
  const lines = ["/**", " * A pool that sends nothing for so", " * long is dead.", " */"];
  assert.deepEqual(findingsIn(lines).map(({ habit, line }) => [habit, line]), [["so many", 1]]);
  assert.deepEqual(findingsIn(["// it did so", "", "const many = 1;"]), [], "two pieces");
});

Deno.test("every place in one text is found", () => {
  const found = findingsIn(["/** Reads it anew,", " * and anew. */"]).map(({ line }) => line);
  assert.deepEqual(found, [0, 1]);
});

Deno.test("the check reads whole files of the tree and says where to reword what", async () => {
  const top = await Deno.makeTempDir();
  try {
    const run = (command: string, ...args: string[]) =>
      new Deno.Command(command, { args, cwd: top, stdout: "piped", stderr: "piped" }).output();
    const check = async () => {
      const script = new URL("../../scripts/check_words.ts", import.meta.url).pathname;
      const { code, stderr } = await run(
        Deno.execPath(),
        "run",
        "--no-check",
        "--allow-run=git",
        "--allow-read=.",
        script,
      );
      const lines = new TextDecoder().decode(stderr).split("\n");
      return { code, lines: lines.filter((line) => line.includes("; write: ")) };
    };
    await Deno.mkdir(`${top}/lib`);
    await Deno.mkdir(`${top}/conf/docs/zh`, { recursive: true });
    await Deno.writeTextFile(`${top}/lib/a.ts`, "const a = 1;\n\n// read anew\n");
    await Deno.writeTextFile(`${top}/lib/untracked.ts`, "// read anew\n");
    await Deno.writeTextFile(`${top}/conf/docs/faq.md`, "It waits for ever.\n");
    await Deno.writeTextFile(`${top}/conf/docs/zh/faq.md`, "anew\n");
    await run("git", "init", "--quiet");
    await run("git", "add", "lib/a.ts", "conf");
    assert.deepEqual(await check(), {
      code: 1,
      lines: [
        'conf/docs/faq.md:1: "for ever" (for ever); write: forever',
        'lib/a.ts:3: "anew" (anew); write: again',
      ],
    });
    await Deno.writeTextFile(`${top}/lib/a.ts`, "// read again\n");
    await Deno.writeTextFile(`${top}/conf/docs/faq.md`, "It waits forever.\n");
    assert.deepEqual(await check(), { code: 0, lines: [] });
  } finally {
    await Deno.remove(top, { recursive: true });
  }
});
