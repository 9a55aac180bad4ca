/** Runs the examples of lib/pool/seen_by_pools.md: what operators of pools are told has to hold. */

import assert from "node:assert/strict";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { ConnectLimiter, URGENCY, type Urgency } from "../../lib/net/pools/connect_limiter.ts";
import { clientAgentName } from "../../lib/pool/agent/handshake.ts";
import { PoolHealth } from "../../lib/pool/health.ts";
import { kindQuestion } from "../../lib/pool/kind_question.ts";
import {
  openingRequests,
  sizeRequests,
  versionAnswer,
} from "../../lib/protocol/stratum/pool_request.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { LogCapture } from "../support/log_capture.ts";
import { StratumRig } from "../support/stratum_rig.ts";
import { cellsOf, readPage, tableUnder } from "./pages.ts";

// Before a session is ready, which a test does not wait for.
await loadShareHasher();

const page = readPage("lib/pool/seen_by_pools.md");
const VERSION = "1.2.3";

/** A cell's text without the marks of code. */
function textOf(cell: string): string {
  return cell.replace(/^`(.*)`$/, "$1");
}

/** The name in the subscribe of these lines. */
function nameIn(lines: string): string {
  const requests = lines.trim().split("\n").map((line) => JSON.parse(line));
  return requests.find(({ method }) => method === "mining.subscribe").params[0];
}

Deno.test("seen_by_pools.md: each connection has the name that the page says", () => {
  const login = { version: VERSION, user: "a", password: "", suggestedDifficulty: undefined };
  const names: Readonly<Record<string, string>> = {
    "for work, in use or a spare": nameIn(openingRequests(login)),
    "question for the size": nameIn(sizeRequests(VERSION)),
    "question for the kind": nameIn(kindQuestion(VERSION, "a", "")),
    "pool of the agent protocol": clientAgentName(VERSION),
    "answer to `client.get_version`": JSON.parse(versionAnswer(1, VERSION)).result,
  };
  const rows = tableUnder(page, "Its name").map(cellsOf);
  assert.deepEqual(Object.fromEntries(rows.map(([what, name]) => [what, textOf(name!)])), names);
});

/** How many connects are granted now, and in the minute after that, to askers of this urgency. */
function granted(urgency: Urgency): readonly [atOnce: number, inAMinute: number] {
  const clock = new FakeClock();
  const limiter = new ConnectLimiter(clock.now);
  const address = { host: "pool", port: 1 };
  const asker = {};
  const take = () => {
    let count = 0;
    while (limiter.mayConnect(address, asker, urgency)) {
      limiter.connects(address, asker, urgency);
      count++;
    }
    return count;
  };
  const atOnce = take();
  let inAMinute = 0;
  for (let passed = 0; passed < 60_000; passed += 250) {
    clock.advance(250);
    inAMinute += take();
  }
  return [atOnce, inAMinute];
}

Deno.test("seen_by_pools.md: connects are as rare as the page says", () => {
  const rows = tableUnder(page, "How often").map(cellsOf);
  const [burst, rate, returns] = rows.map(([, text]) => text!.match(/\d+/g)!.map(Number));
  assert.deepEqual(granted(URGENCY.more), [burst![0], rate![0]! * 60]);
  assert.deepEqual(granted(URGENCY.outage), [returns![0], returns![1]! * 60]);
});

Deno.test("seen_by_pools.md: waits after failures are no longer than the page says", () => {
  const row = page.split("\n").find((line) => line.startsWith("| longest wait"))!;
  const [, ...waits] = cellsOf(row).map(Number);
  const health = new PoolHealth(() => 1);
  let time = 0;
  for (const [failures, seconds] of waits.entries()) {
    const wait = health.failed(0, time);
    assert.equal(wait, seconds * 1000, `after ${failures + 1}`);
    time += wait;
  }
});

for (
  const [sent, answer, then] of tableUnder(page, "What it does with your messages").map(cellsOf)
) {
  Deno.test(`seen_by_pools.md: ${textOf(sent!).slice(0, 80)} does what the page says`, async () => {
    using log = new LogCapture();
    const rig = await StratumRig.ready();
    await rig.lines();
    await rig.say(textOf(sent!));
    assert.deepEqual(await rig.lines(), answer === "⏎" ? [] : [textOf(answer!)]);
    assert.equal(rig.connection.isClosed, then === "is closed");
    assert.equal(rig.events.endReason === undefined, then === "stays");
    const { method, params } = sent!.startsWith("`{") ? JSON.parse(textOf(sent!)) : {};
    const isShown = log.take().some((line) => line.includes(`says: ${params?.[0]}`));
    assert.equal(isShown, method === "client.show_message");
    rig.session.close();
  });
}
