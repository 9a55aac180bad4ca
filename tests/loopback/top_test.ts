/** `btcagent top` in a pseudo-terminal, before an agent with 2,000 workers. */

import assert from "node:assert/strict";
import type { WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import { FakeFarm } from "../browser/fake_farm.ts";
import { FarmServer } from "../browser/farm_server.ts";
import { freePort } from "../support/free_port.ts";
import { tmuxMissing, TmuxTerminal } from "../support/tmux.ts";

const WORKERS = 2_000;

/** The third is refused, and its name and software are commands to a terminal. */
function farm(): FakeFarm {
  const differences: Partial<WorkerShape>[] = Array.from({ length: WORKERS + 5 }, () => ({}));
  differences[2] = {
    worker: "矿机三号\x1b[2J\x1b]0;taken\x07",
    client_agent: "cgminer\u202egpj",
    condition: {
      state: "refused",
      reason: "stale",
      part: 0.4,
      about: "40 % of its shares are stale. Look at its network.",
    },
  };
  const made = new FakeFarm(WORKERS, [], differences);
  made.attention.losses.hour = { ...made.attention.losses.hour, part: 0.004 };
  return made;
}

function topTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: name + tmuxMissing, ignore: tmuxMissing !== "", fn });
}

topTest("top shows 2,000 workers, the worst first, and every key does what it says", async () => {
  await using server = new FarmServer(farm());
  await using terminal = await TmuxTerminal.open(["top", "--url", server.url]);
  const first = await terminal.shows(/^1\/2,005 trouble first/m);
  assert.match(first[0]!, /^btcagent 1\.2\.3 at 127\.0\.0\.1:\d+, up [\d a-z]+ +\d\d:\d\d:\d\d$/);
  assert.match(first[3]!, /^missing 5 {2}refused 1 .* working 1,999$/);
  assert.match(first[4]!, /^WORKER +STATE +HASHRATE/);
  assert.match(first[5]!, /^rig2001 +missing/);
  // The name is shown and not obeyed, and the columns behind wide characters hold.
  assert.match(first[10]!, /^矿机三号\?\[2J\?\]0;taken\? +refused +92\.0 TH\/s/);

  await terminal.type("t");
  await terminal.shows(/^1\/6 /m);
  await terminal.type("End");
  await terminal.shows(/^6\/6 /m);
  await terminal.type("Enter");
  const one = await terminal.shows(/^State +refused$/m);
  assert.match(one.join("\n"), /40 % of its shares are stale\. Look at its network\./);
  assert.match(one.join("\n"), /^Software +cgminer\?gpj$/m);
  await terminal.type("Escape");
  await terminal.shows(/^6\/6 /m);
  await terminal.type("p");
  await terminal.shows(/^ +1 pool\.example:3333 +serving/m);
  await terminal.type("p", "t");
  await terminal.shows(/^1\/2,005 /m);
  await terminal.type("s");
  await terminal.shows(/^1\/2,005 most hashr/m);
  await terminal.type("/");
  await terminal.type("-l", "rig1234");
  await terminal.shows(/^Find: rig1234_/m);
  await terminal.type("Enter");
  const found = await terminal.shows(/^1\/1 "rig1234"/m);
  assert.match(found[5]!, /^rig1234 +working/);
  await terminal.type("Escape");
  await terminal.shows(/^1\/2,005 /m);
  await terminal.type("NPage", "NPage", "Down");
  await terminal.shows(/^38\/2,005 /m);
  await terminal.type("?");
  await terminal.shows(/^ +Ctrl\+L +draw the screen again$/m);
  await terminal.resize(120, 30);
  const large = await terminal.shows(/^q quit {2}Esc back[^\n]*\n*$/m);
  assert.equal(large.length, 31);
  await terminal.type("?");
  await terminal.shows(/^WORKER .* ADDRESS/m);
  await terminal.type("q");
  await terminal.ends(0);
});

topTest(
  "top says that the agent is away, goes on when it is back, and that it restarted",
  async () => {
    const port = freePort();
    let server = new FarmServer(farm(), { port });
    try {
      await using terminal = await TmuxTerminal.open(["top", "--url", server.url]);
      await terminal.shows(/^1\/2,005 /m);
      await server[Symbol.asyncDispose]();
      await terminal.shows(/^Lost for \d+ s, trying again: 127\.0\.0\.1:\d+ does not answer/m);
      server = new FarmServer(farm(), { port });
      await terminal.shows(/^btcagent was restarted$/m);
      await terminal.type("Down");
      await terminal.shows(/^2\/2,005 /m);
      await terminal.type("C-c");
      await terminal.ends(0);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
);

topTest("top gives the terminal back on SIGTERM, and when the token is wrong", async () => {
  await using server = new FarmServer(farm(), { token: "s3cret" });
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/token`, "s3cret\n");
    await Deno.writeTextFile(`${folder}/wrong`, "another\n");
    const args = ["top", "--url", server.url, "--token-file"];
    await using terminal = await TmuxTerminal.open([...args, `${folder}/token`]);
    await terminal.shows(/^1\/2,005 /m);
    await terminal.signal("SIGTERM");
    await terminal.ends(0);
    await using refused = await TmuxTerminal.open([...args, `${folder}/wrong`]);
    const lines = await refused.ends(2);
    assert.match(lines.join(" "), /requires a token, or another one: give a file/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

topTest("top has colours in a terminal, and none with NO_COLOR", async () => {
  await using server = new FarmServer(farm());
  for (const hasColour of [true, false]) {
    await using terminal = await TmuxTerminal.open(["top", "--url", server.url], { hasColour });
    await terminal.shows(/^1\/2,005 /m);
    const text = (await terminal.lines(true)).join("\n");
    // deno-lint-ignore no-control-regex -- these are what is looked for
    assert.equal(/\x1b\[(?:\d+;)*3[0-7]m/.test(text), hasColour);
    // deno-lint-ignore no-control-regex -- these are what is looked for
    assert.ok(/\x1b\[(?:\d+;)*7m/.test(text), "the row at the cursor is reversed");
  }
});

topTest("top asks as often as it is told, and a lost agent more often", async () => {
  const port = freePort();
  let server = new FarmServer(farm(), { port });
  try {
    const args = ["top", "--interval", "600", "--url", server.url];
    await using terminal = await TmuxTerminal.open(args);
    await terminal.shows(/^1\/2,005 /m);
    await server[Symbol.asyncDispose]();
    // What a key asks for finds out that it is gone.
    await terminal.type("p", "p", "t");
    await terminal.shows(/^Lost for \d+ s/m);
    server = new FarmServer(farm(), { port });
    await terminal.shows(/^btcagent was restarted$/m);
    await terminal.type("q");
    await terminal.ends(0);
  } finally {
    await server[Symbol.asyncDispose]();
  }
});
