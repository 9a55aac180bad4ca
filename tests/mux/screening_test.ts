/** What becomes of a share before it goes up, by the terms of its connection. */

import assert from "node:assert/strict";
import { loadedShareHasher, loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { difficultyOf } from "../../lib/bitcoin/target.ts";
import { type ScreenedJob, type Screening, screeningFor } from "../../lib/mux/screening.ts";
import type { Terms } from "../../lib/mux/terms.ts";
import { type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { notifyLine } from "../support/pool_lines.ts";
import { SHARE } from "../support/session_rig.ts";
import { TERMS } from "../support/terms.ts";

await loadShareHasher();

const MASK = 0x1fffe000;
const LOWEST = 2 ** -32;
const OWNER = { sessionId: 0x1234, layout: { extranonce1Bytes: 2, extranonce2Bytes: 4 } };
const ROOM = { bytes: 9, offset: 2, idBytes: 2 } as const;

const source: Job = parseNotify(JSON.parse(notifyLine("7")).params);
const JOB = { poolJobId: "7", ntime: 0x650d1b20, version: 0x20000000, isPast: false };

/** The difficulty of the header of {@linkcode SHARE}, as its miner hashed it. */
const found = (() => {
  const extranonces = "0000" + "1234" + "0000002a" + "00";
  const coinbase = Uint8Array.fromHex(source.coinbase1 + extranonces + source.coinbase2);
  const root = merkleRoot(coinbase, source.merkleBranches);
  return difficultyOf(headerOf(source, root, SHARE.ntime, SHARE.nonce, 0));
})();

class Rig {
  readonly screening: Screening;
  readonly job: ScreenedJob;

  constructor(terms: Partial<Terms>, job: Partial<ScreenedJob> = {}, from = source) {
    this.screening = screeningFor({ ...TERMS, extranonce: ROOM, ...terms });
    this.job = { ...JOB, check: this.screening.hashing?.check(from), ...job };
  }

  screen(difficulty: number, change: Partial<typeof SHARE> = {}, mask = MASK, owner = OWNER) {
    const share = { ...SHARE, ...change };
    const { hashing } = this.screening;
    const wrong = this.screening.fault(share, this.job, owner, mask);
    if (wrong !== undefined || hashing === undefined) return wrong ?? "submit";
    const hasher = loadedShareHasher();
    hashing.put(0, share, this.job, owner);
    hasher.hashLanes(1);
    return hashing.judge(hasher.wordsIn(0), this.job, difficulty);
  }
}

function here(poolDifficulty: number, job: Partial<ScreenedJob> = {}, from = source): Rig {
  return new Rig({ validation: "here", poolDifficulty, canSayTimeZero: true }, job, from);
}

Deno.test("where shares are checked here, only what the pool counts goes up", () => {
  assert.equal(here(found).screen(found / 2), "submit");
  assert.equal(here(found * 1.001).screen(found), "keep");
  assert.equal(here(found * 2).screen(found * 1.001), "lowDifficulty");
  assert.equal(here(found).screen(found, { nonce: SHARE.nonce + 1 }), "lowDifficulty");
});

Deno.test("where the pool judges, any amount of work goes up, and no whole job is kept", () => {
  const rig = new Rig({});
  assert.equal(rig.job.check, undefined);
  assert.equal(rig.screen(2 ** 40), "submit");
});

for (const validation of ["pool", "here"] as const) {
  Deno.test(`what no pool takes is refused (${validation})`, () => {
    const rig = new Rig({ validation, poolDifficulty: LOWEST });
    assert.equal(rig.screen(LOWEST, { ntime: 0 }), "timeTooOld");
    assert.equal(rig.screen(LOWEST, { versionBits: 0x20000000 }), "versionMask");
    assert.equal(rig.screen(LOWEST, { versionBits: 0x2000 }, 0), "versionMask");
    assert.equal(rig.screen(LOWEST, { versionBits: 0x2000 }), "submit");
  });
}

Deno.test("a share counts once, however it is written and whichever number its job has", () => {
  const rig = here(found);
  assert.equal(rig.screen(found), "submit");
  assert.equal(rig.screen(found, { id: 2, hasVersionBits: true }), "duplicate");
  const kept = here(found * 2);
  assert.equal(kept.screen(found), "keep");
  assert.equal(kept.screen(found), "duplicate");
});

Deno.test("an extranonce2 that is not exactly as long as the miner's is refused unhashed", () => {
  const rig = here(LOWEST);
  for (const extranonce2Digits of [1, 6, 7]) {
    assert.equal(rig.screen(LOWEST, { extranonce2Digits }), "illegal", `${extranonce2Digits}`);
  }
  const owner = { ...OWNER, layout: { extranonce1Bytes: 1, extranonce2Bytes: 3 } };
  const screen = (extranonce2Digits: number) =>
    rig.screen(LOWEST, { extranonce2Digits }, MASK, owner);
  assert.equal(screen(8), "illegal");
  assert.equal(screen(6), "submit");
});

Deno.test("the header's time is judged by the job's, up to 7,000 s after it", () => {
  const rig = here(LOWEST);
  const { ntime } = JOB;
  assert.equal(rig.screen(LOWEST, { ntime: ntime - 1 }), "timeTooOld");
  assert.equal(rig.screen(LOWEST, { ntime: ntime + 7_000 }), "submit");
  assert.equal(rig.screen(LOWEST, { ntime: ntime + 7_001 }), "timeTooNew");
});

Deno.test("a block goes up whatever its job's age; of other shares for a past job none does", () => {
  // Everything is a block at this target, which no difficulty reaches.
  const easy = { ...source, bits: "2100ffff" };
  const hard = 2 ** 40;
  // Of a network easier than the pool all blocks go up, but the pool may not want such a share.
  assert.equal(here(hard, {}, easy).screen(hard), "tentative");
  assert.equal(here(LOWEST, {}, { ...source, bits: "2200ffff" }).screen(LOWEST), "submit");
  assert.equal(here(hard, { isPast: true }, easy).screen(hard), "stale");
  const target = { ...source, bits: bitsBelow(found) };
  assert.equal(here(found / 2 ** 20, {}, target).screen(found / 2 ** 20), "block");
  assert.equal(here(found / 2 ** 20, { isPast: true }, target).screen(found), "block");
  assert.equal(here(found / 2 ** 20, { isPast: true }).screen(found), "stale");
});

/** The bits field of the highest target not far below this difficulty's. */
function bitsBelow(difficulty: number): string {
  const target = (0xffffn << 208n) * (1n << 64n) / BigInt(Math.floor(difficulty * 2 ** 64));
  const hex = target.toString(16);
  const bytes = Math.ceil(hex.length / 2);
  const mantissa = hex.padStart(bytes * 2, "0").slice(0, 4);
  return (bytes + 1).toString(16).padStart(2, "0") + "00" + mantissa.slice(0, 4);
}

Deno.test("a job that is past remembers what went up, and a block still goes up once", () => {
  const target = { ...source, bits: bitsBelow(found) };
  const rig = here(found / 2 ** 20, {}, target);
  assert.equal(rig.screen(LOWEST), "block");
  for (let nonce = 0; rig.screen(LOWEST, { nonce }) === "block";) nonce++;
  const check = rig.job.check!;
  assert.equal(check.seen, 1);
  check.pass();
  assert.equal(check.seen, 1, "its pool may repeat it");
  assert.equal(rig.screen(LOWEST), "duplicate");
});
