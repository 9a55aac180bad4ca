/** Verdicts of pools against our own arithmetic: what contradicts it, what is said, what is kept. */

import assert from "node:assert/strict";
import { coinbaseOf as coinbaseBytes, headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { doubleSha256 } from "../../lib/bitcoin/sha256.ts";
import { difficultyOf } from "../../lib/bitcoin/target.ts";
import { type ExtranonceLayout, type Terms, WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import { type SentShare, VerdictCheck, verdictCheckFor } from "../../lib/mux/verdict_check.ts";
import { ACCEPTED, type Rejected } from "../../lib/mux/verdict.ts";
import { parseNotify } from "../../lib/protocol/stratum/job.ts";
import { ANY_WORK, CheckedUpstream } from "../support/checked_upstream.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import { LogCapture } from "../support/log_capture.ts";
import { MuxWorld, poolJob } from "../support/mux_world.ts";
import { notifyLine } from "../support/pool_lines.ts";
import { SHARE } from "../support/session_rig.ts";
import { TERMS } from "../support/terms.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";

await loadShareHasher();

const UNVERIFIED = { difficulty: "pool", validation: "pool", canSayTimeZero: false } as const;
const AGENT: Partial<Terms> = { ...UNVERIFIED, verify: "all" };

function rejected(reason: Rejected["reason"], poolCode: number): Rejected {
  return { kind: "rejected", reason, poolCode, poolText: reason, code: poolCode, text: reason };
}

const TOO_LOW = rejected("lowDifficulty", ERROR_CODE.lowDifficulty);
const STALE = rejected("stale", ERROR_CODE.jobNotFound);
const DUPLICATE = rejected("duplicate", ERROR_CODE.duplicate);

const JOB = parseNotify(JSON.parse(notifyLine("7")).params);
const SESSION = 0x1234;

/** A share as it goes up, and its header by the plain way. */
function sentShare(check: VerdictCheck, difficulty: number, layout = WIDEST_LAYOUT): SentShare {
  const worker = { sessionId: SESSION, account: "", name: "rig7", clientAgent: "" };
  const job = {
    poolJobId: JOB.id,
    ntime: 0x650d1b20,
    version: 0x20000000,
    check: check.jobCheck(JOB),
    isPast: false,
  };
  return { finder: { sessionId: SESSION, layout, worker }, job, difficulty, share: SHARE };
}

function plainHeader({ share }: SentShare, { extranonce2Bytes }: ExtranonceLayout): Uint8Array {
  const extranonce2 = (share.extranonce2 << 8 * (4 - extranonce2Bytes)) >>> 0;
  const root = merkleRoot(coinbaseBytes(JOB, SESSION, extranonce2), JOB.merkleBranches);
  return headerOf(JOB, root, share.ntime, share.nonce, share.versionBits);
}

Deno.test("a share that is accepted though too low, or rejected though good, is a contradiction", () => {
  for (const layout of [WIDEST_LAYOUT, { extranonce1Bytes: 2, extranonce2Bytes: 2 }]) {
    const check = new VerdictCheck({ ...TERMS, verify: "all" });
    const good = sentShare(check, ANY_WORK, layout);
    const low = { ...good, difficulty: 1 };
    check.sent(0, good);
    check.sent(1, low);
    const header = plainHeader(good, layout);
    const found = [check.judged(0, TOO_LOW), check.judged(1, ACCEPTED)];
    assert.deepEqual(found.map((one) => one?.kind), ["rejectedThoughGood", "acceptedTooLow"]);
    for (const one of found) {
      assert.equal(one!.header, header.toHex());
      assert.equal(one!.hash, doubleSha256(header).reverse().toHex());
      assert.ok(Math.abs(one!.worth / difficultyOf(header) - 1) < 1e-9);
      const { extranonce2Bytes } = layout;
      const rolled = (SHARE.extranonce2 << 8 * (4 - extranonce2Bytes)) >>> 0;
      assert.equal(one!.extranonces, `00001234${rolled.toString(16).padStart(8, "0")}`);
    }
    assert.equal(check.size, 0);
  }
});

Deno.test("verdicts that agree, and those we cannot check, are not contradictions", () => {
  const check = new VerdictCheck({ ...TERMS, verify: "all" });
  const good = sentShare(check, ANY_WORK);
  const low = { ...good, difficulty: 1 };
  const cases = [
    [good, ACCEPTED],
    [low, TOO_LOW],
    [good, STALE],
    [low, STALE],
    [good, DUPLICATE],
    [low, DUPLICATE],
  ] as const;
  for (const [serial, [sent, verdict]] of cases.entries()) {
    check.sent(serial, sent);
    assert.equal(check.judged(serial, verdict), undefined, `case ${serial}`);
  }
});

Deno.test("a share as near to its difficulty as pools round is neither", () => {
  const check = new VerdictCheck({ ...TERMS, verify: "all" });
  const sent = sentShare(check, 1);
  const worth = difficultyOf(plainHeader(sent, WIDEST_LAYOUT));
  for (const part of [1 - 2 ** -12, 1, 1 + 2 ** -12]) {
    check.sent(0, { ...sent, difficulty: worth * part });
    assert.equal(check.judged(0, ACCEPTED), undefined);
    check.sent(1, { ...sent, difficulty: worth * part });
    assert.equal(check.judged(1, TOO_LOW), undefined);
  }
  check.sent(2, { ...sent, difficulty: worth * 1.01 });
  assert.equal(check.judged(2, ACCEPTED)?.kind, "acceptedTooLow");
  check.sent(3, { ...sent, difficulty: worth / 1.01 });
  assert.equal(check.judged(3, TOO_LOW)?.kind, "rejectedThoughGood");
});

Deno.test("a sample is about one share in 64, of every miner of some that send in turns", () => {
  const check = new VerdictCheck({ ...TERMS, verify: "sample" });
  const low = sentShare(check, 1);
  const found = new Map<number, number>();
  for (let serial = 0; serial < 64_000; serial++) {
    check.sent(serial, low);
    if (check.judged(serial, ACCEPTED) === undefined) continue;
    found.set(serial % 64, (found.get(serial % 64) ?? 0) + 1);
  }
  assert.equal(found.size, 64);
  const count = [...found.values()].reduce((sum, one) => sum + one);
  assert.ok(Math.abs(count - 1_000) < 20, `${count}`);
});

Deno.test("a bounded number of shares without a verdict is remembered", () => {
  const check = new VerdictCheck({ ...TERMS, verify: "all" });
  const low = sentShare(check, 1);
  for (let serial = 0; serial < 5_000; serial++) check.sent(serial, low);
  assert.equal(check.size, 4_096);
  assert.equal(check.judged(0, ACCEPTED), undefined);
  assert.notEqual(check.judged(4_999, ACCEPTED), undefined);
});

Deno.test("nothing is checked where nothing is wanted, or no verdict is given", () => {
  assert.equal(verdictCheckFor(TERMS), undefined);
  assert.equal(verdictCheckFor({ ...TERMS, verify: "off" }), undefined);
  assert.equal(verdictCheckFor({ ...TERMS, verify: "all", verdicts: "assumed" }), undefined);
  assert.equal(verdictCheckFor({ ...TERMS, verify: "all", verdicts: "none" }), undefined);
  assert.ok(verdictCheckFor({ ...TERMS, validation: "here" }));
});

// In the multiplexer

class World extends MuxWorld {
  readonly log = new LogCapture();

  serves(options: ConstructorParameters<typeof CheckedUpstream>[2]): CheckedUpstream {
    const upstream = new CheckedUpstream("p", this.mux, options);
    upstream.onEnter = ({ sessionId }) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo("p", upstream.terms.startingDifficulty);
      miner.place = { ...miner.place!, coinbase1: "70" };
    };
    this.mux.upstreamReady(upstream);
    this.mux.jobArrived(upstream, { ...poolJob("1", true, "70"), bits: "03000001" });
    this.mux.moved(undefined, upstream);
    return upstream;
  }

  async shares(miner: FakeDownstream, count: number): Promise<void> {
    for (let i = 0; i < count; i++) this.submit(miner);
    await Promise.resolve();
  }
}

Deno.test("an agent pool that accepts shares that are too low is counted, and said once a minute", async () => {
  const world = new World();
  using log = world.log;
  const pool = world.serves({ difficulty: 1024, terms: AGENT });
  const miner = world.join();
  await world.shares(miner, 10);
  pool.acceptAll();
  const { accepted, contradicted, submitted } = world.mux.books.shares;
  assert.deepEqual([submitted, accepted, contradicted], [10, 10, 10]);
  const lines = log.take();
  assert.equal(lines.filter((line) => line.startsWith("warning:")).length, 1, lines.join("\n"));
  assert.match(
    lines.join("\n"),
    /Pool p accepted a share that is too low by our own arithmetic: worth [\d.e-]+, difficulty 1024\./,
  );
  world.clock.advance(61_000);
  await world.shares(miner, 1);
  pool.acceptAll();
  assert.match(log.take().join("\n"), /; 9 more like this in 61 s/);
});

Deno.test("at level debug the log has the whole share", async () => {
  const world = new World();
  using log = world.log;
  const pool = world.serves({ difficulty: 1024, terms: AGENT });
  await world.shares(world.join(), 1);
  log.take();
  pool.acceptAll();
  const [whole] = log.take().filter((line) => line.startsWith("debug:"));
  assert.match(
    whole!,
    /contradicts our arithmetic \(acceptedTooLow\): job 1, worker rig0, extranonces [0-9a-f]{16}, ntime 650d1b20, nonce 00000007, version bits 00000000, header [0-9a-f]{160}, hash [0-9a-f]{64}, worth [\d.e-]+, difficulty 1024$/,
  );
});

Deno.test("an agent pool that rejects good shares as low difficulty is counted; the miner hears 23", async () => {
  const world = new World();
  using _log = world.log;
  const pool = world.serves({ terms: AGENT });
  const miner = world.join();
  await world.shares(miner, 3);
  world.mux.judged(pool, 0, 1, TOO_LOW);
  world.mux.judged(pool, 2, 2, STALE);
  const { contradicted, rejectedLowDifficulty, rejectedStale } = world.mux.books.shares;
  assert.deepEqual([contradicted, rejectedLowDifficulty, rejectedStale], [2, 2, 1]);
  assert.equal(miner.answers.get(0)?.[0], ERROR_CODE.lowDifficulty);
});

Deno.test("a share counts by the difficulty that its job was sent with", async () => {
  const world = new World();
  using _log = world.log;
  const pool = world.serves({ terms: AGENT });
  const miner = world.join();
  world.mux.difficultyChanged(pool, "all", 2 ** 20, false);
  await world.shares(miner, 2);
  pool.acceptAll();
  assert.equal(world.mux.books.shares.contradicted, 0);
  world.mux.jobArrived(pool, { ...poolJob("2", true, "70"), bits: "03000001" });
  await world.shares(miner, 1);
  pool.acceptAll();
  assert.equal(world.mux.books.shares.contradicted, 1);
});

Deno.test("without verify an agent pool's word counts, and jobs are not kept whole", async () => {
  const world = new World();
  using log = world.log;
  const pool = world.serves({ difficulty: 1024, terms: UNVERIFIED });
  await world.shares(world.join(), 5);
  pool.acceptAll();
  assert.equal(world.mux.books.shares.contradicted, 0);
  assert.doesNotMatch(log.take().join("\n"), /arithmetic/);
});

Deno.test("a Stratum pool that rejects a good share as low difficulty is said, too", async () => {
  const world = new World();
  using log = world.log;
  const pool = world.serves({});
  await world.shares(world.join(), 2);
  world.mux.judged(pool, 0, 1, TOO_LOW);
  assert.equal(world.mux.books.shares.contradicted, 2);
  assert.match(log.take().join("\n"), /Pool p rejected a good share as low difficulty by our own/);
});

Deno.test("a share that a Stratum pool's new difficulty met on its way contradicts nothing", async () => {
  const world = new World();
  using log = world.log;
  const pool = world.serves({});
  await world.shares(world.join(), 1);
  world.mux.difficultyChanged(pool, "all", 2 ** 20, false);
  world.mux.judged(pool, 0, 0, TOO_LOW);
  const { contradicted, rejectedLowDifficulty } = world.mux.books.shares;
  assert.deepEqual([contradicted, rejectedLowDifficulty], [0, 1]);
  assert.doesNotMatch(log.take().join("\n"), /arithmetic/);
});
