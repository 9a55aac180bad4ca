/** What becomes of a share before it goes up, by the terms of its connection. */

import assert from "node:assert/strict";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { difficultyOf } from "../../lib/bitcoin/target.ts";
import { type ScreenedJob, screeningFor } from "../../lib/mux/screening.ts";
import { type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { notifyLine } from "../support/pool_lines.ts";
import { SHARE } from "../support/session_rig.ts";
import { TERMS } from "../support/terms.ts";

const MASK = 0x1fffe000;
const SESSION = 0x1234;
const LAYOUT = { extranonce1Bytes: 2, extranonce2Bytes: 4 };
const PADDING = { before: "0000", after: "00" };

const source: Job = parseNotify(JSON.parse(notifyLine("7")).params);
const job: ScreenedJob = { poolJobId: "7", ntime: 0x650d1b20, version: 0x20000000, source };

/** The difficulty of the header of {@linkcode SHARE}, as its miner hashed it. */
function difficulty(): number {
  const extranonces = "0000" + "1234" + "0000002a" + "00";
  const coinbase = Uint8Array.fromHex(source.coinbase1 + extranonces + source.coinbase2);
  const root = merkleRoot(coinbase, source.merkleBranches);
  return difficultyOf(headerOf(source, root, SHARE.ntime, SHARE.nonce, 0));
}

function screened(poolDifficulty: number, minerDifficulty: number, share = SHARE) {
  const terms = { ...TERMS, validation: "here" as const, poolDifficulty };
  const screening = screeningFor(terms, LAYOUT, PADDING);
  return screening.screen(share, job, SESSION, minerDifficulty, MASK);
}

Deno.test("where shares are checked here, only what the pool counts goes up", () => {
  const found = difficulty();
  assert.equal(screened(found, found / 2), "submit");
  assert.equal(screened(found * 1.001, found), "keep");
  assert.equal(screened(found * 2, found * 1.001), "lowDifficulty");
  assert.equal(screened(found, found, { ...SHARE, nonce: SHARE.nonce + 1 }), "lowDifficulty");
});

Deno.test("where the pool judges, any amount of work goes up, and no whole job is kept", () => {
  const screening = screeningFor(TERMS, LAYOUT, PADDING);
  assert.equal(screening.needsJobs, false);
  assert.equal(screening.screen(SHARE, { ...job, source: undefined }, 1, 2 ** 40, MASK), "submit");
});

for (const validation of ["pool", "here"] as const) {
  Deno.test(`what no pool takes is refused (${validation})`, () => {
    const terms = { ...TERMS, validation, poolDifficulty: 2 ** -32 };
    const screening = screeningFor(terms, LAYOUT, PADDING);
    const screen = (change: Partial<typeof SHARE>, mask = MASK) =>
      screening.screen({ ...SHARE, ...change }, job, SESSION, 2 ** -32, mask);
    assert.equal(screen({ ntime: 0 }), "timeTooOld");
    assert.equal(screen({ versionBits: 0x20000000 }), "versionMask");
    assert.equal(screen({ versionBits: 0x2000 }, 0), "versionMask");
    assert.equal(screen({ versionBits: 0x2000 }), "submit");
  });
}
