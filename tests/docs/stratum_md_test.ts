/** Runs every example of lib/protocol/stratum/stratum.md: a page that is not run drifts from the code. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../lib/base/system_time.ts";
import { Standby } from "../../lib/pool/standby.ts";
import { PoolTroubleLog } from "../../lib/pool/trouble_log.ts";
import { formatDifficulty } from "../../lib/protocol/stratum/difficulty.ts";
import { appendExtranonce1, type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { ERROR_CODE, errorText } from "../../lib/protocol/stratum/error_code.ts";
import { POOL_STATUS } from "../../lib/protocol/agent/status.ts";
import { splitUserName } from "../../lib/protocol/stratum/worker_name.ts";
import { TERMS } from "../support/terms.ts";
import { RecordingEvents } from "../support/recording_events.ts";
import { replay, waysToCut } from "../support/transcript.ts";
import { blocksIn, cellsOf, readPage, tableUnder } from "./pages.ts";

const page = readPage("lib/protocol/stratum/stratum.md");

/** What only this side sees is left out of the page. */
function seenByMiner(transcript: string): string {
  return transcript.split("\n").filter((line) => !/^(?:mux|log): /.test(line)).join("\n");
}

for (const { language, text, heading } of blocksIn(page)) {
  if (language !== "transcript") continue;

  Deno.test(`stratum.md, ${heading}: "${text.slice(0, 60)}…" goes so, however it is cut`, () => {
    for (const [way, cut] of waysToCut(text)) {
      assert.equal(seenByMiner(replay(text, cut)), text + "\n", way);
    }
  });
}

Deno.test("stratum.md: every example is of a kind that is run", () => {
  const kinds = new Set(blocksIn(page).map(({ language }) => language));
  assert.deepEqual(kinds, new Set(["transcript", "made-up"]));
});

Deno.test("stratum.md: every method in its table is sent in an example", () => {
  const sent = blocksIn(page).map(({ text }) => text).join("\n");
  const methods = tableUnder(page, "Requests").flatMap((row) =>
    Array.from(cellsOf(row)[0]!.matchAll(/`([^`]+)`/g), ([, method]) => method)
  );
  assert.ok(methods.length >= 8);
  for (const method of methods) assert.ok(sent.includes(`"method":"${method}"`), method);
});

Deno.test("stratum.md lists the codes miners are told, with their texts", () => {
  const listed = tableUnder(page, "Error codes").map((row) => cellsOf(row));
  for (const [code, text] of listed) assert.equal(text, errorText(Number(code)), code);
  const passedOnOnly = [ERROR_CODE.illegalMethod, POOL_STATUS.jobNotFound, POOL_STATUS.stale];
  assert.deepEqual(
    listed.map(([code]) => Number(code)),
    Object.values(ERROR_CODE).filter((code) => !passedOnOnly.some((other) => other === code)),
  );
});

Deno.test("stratum.md: user names are taken apart as its table says", () => {
  for (const row of tableUnder(page, "User names")) {
    const [user, account, workerName] = cellsOf(row).map((cell) => cell.replaceAll("`", ""));
    assert.deepEqual(splitUserName(user!), { account, workerName }, row);
  }
});

Deno.test("stratum.md: difficulties are printed as its table says", () => {
  for (const row of tableUnder(page, "Difficulties and jobs")) {
    const [difficulty, printed] = cellsOf(row);
    assert.equal("`" + formatDifficulty(Number(difficulty)) + "`", printed);
  }
});

/** A job and what is of interest here about those made up from it. */
type Made = Pick<Job, "coinbase1" | "ntime">;

Deno.test("stratum.md: jobs are made up from the last real one as its example says", () => {
  const [first, ...next] = blocksIn(page).find(({ language }) => language === "made-up")!.text
    .split("\n").map((line) => JSON.parse(line) as { last: Made; at: number; job: Made });
  const jobs: Made[] = [];
  const events = new RecordingEvents();
  events.jobArrived = (_, { coinbase1, ntime }) => jobs.push({ coinbase1, ntime });
  let time = 0;
  const now = () => time;
  const troubles = new PoolTroubleLog(now);
  const standby = new Standby({
    intervalMs: 30_000,
    mux: events,
    now,
    wallNow: systemTime.wallNow,
    troubles,
  });
  const { coinbase1, ntime } = first!.last;
  const word = "00000000";
  const params = ["1", word.repeat(8), coinbase1.slice(0, -8), "", [], word, word, ntime, true];
  const latestJob = appendExtranonce1(parseNotify(params), 0xffffffff);
  assert.equal(latestJob.coinbase1, coinbase1);
  standby.remember({ latestJob, terms: TERMS, versionMask: 0 });
  mock.timers.enable({ apis: ["Date"] });
  try {
    for (const [i, { at }] of next.entries()) {
      mock.timers.setTime(at * 1000);
      if (i === 0) standby.begin();
      else standby.tick();
      time += 30_000;
    }
  } finally {
    mock.timers.reset();
  }
  assert.deepEqual(jobs, next.map(({ job }) => job));
});
