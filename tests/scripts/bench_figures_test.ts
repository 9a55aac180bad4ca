/** What the benchmark's parts make of numbers, shares, jobs and answers. */

import assert from "node:assert/strict";
import { ageOf, nonceAt } from "../../scripts/bench/marks.ts";
import {
  attackProblems,
  figuresOf,
  median,
  notesOf,
  type Observed,
  type Run,
  shareProblems,
} from "../../scripts/bench/figures.ts";
import { Histogram } from "../../scripts/bench/histogram.ts";
import { JobBook } from "../../scripts/bench/job_book.ts";
import { Pace } from "../../scripts/bench/pace.ts";
import { jobAt } from "../../scripts/bench/pool.ts";
import { markdownOf } from "../../scripts/bench/result.ts";
import { ShareBook } from "../../scripts/bench/share_book.ts";
import { ShareWriter } from "../../scripts/bench/share_writer.ts";
import { findJob, findReply } from "../../scripts/bench/stratum_scan.ts";
import { encodeNotify } from "../../lib/protocol/stratum/job.ts";
import { bookNotes, bookProblems } from "../../scripts/bench/stratum_books.ts";
import { scanShare } from "../../lib/protocol/stratum/share_scanner.ts";

const encoder = new TextEncoder();

Deno.test("percentiles are at most 1.6 % too long, and never too short", () => {
  const histogram = new Histogram();
  for (let i = 1; i <= 10_000; i++) histogram.add(i / 10);
  const { count, p50, p99, p999, max } = histogram.durations();
  assert.equal(count, 10_000);
  for (const [found, wanted] of [[p50, 500], [p99, 990], [p999, 999], [max, 1000]] as const) {
    assert.ok(found >= wanted && found <= wanted * 1.016, `${found}, wanted ${wanted}`);
  }
  histogram.add(123.456);
  histogram.clear();
  assert.deepEqual(histogram.durations(), { count: 0, p50: 0, p99: 0, p999: 0, max: 0 });
});

Deno.test("a nonce says when it was made, also across the end of its 32 bits", () => {
  for (const at of [1, 4_294_967.2, 123_456_789.5]) {
    assert.ok(Math.abs(ageOf(nonceAt(at), at + 12.5) - 12.5) < 0.002);
  }
});

Deno.test("shares are written as the scanner of miners' lines reads them", () => {
  const writer = new ShareWriter();
  const share = { extranonce2: 0xfedcba98, nonce: 7, ntime: 0x65000000, versionBits: 0x2000 };
  writer.add(1_234_567, 42, encoder.encode("ab1"), share);
  writer.add(0, 42, encoder.encode("ab1"), { ...share, versionBits: 0 });
  const [first, second] = new TextDecoder().decode(writer.take()).split("\n");
  assert.match(first!, /"bench\.w42","ab1",/);
  const found = scanShare(encoder.encode(first));
  assert.equal(found?.id, 1_234_567);
  for (const key of ["extranonce2", "nonce", "ntime", "versionBits"] as const) {
    assert.equal(found?.[key], share[key]);
  }
  assert.equal(scanShare(encoder.encode(second))?.versionBits, 0);
  assert.equal(writer.take().length, 0);
});

Deno.test("jobs and answers are found however an agent orders and spaces them", () => {
  const ours = encodeNotify(jobAt(5, 1), "k3", true).subarray(0, -1);
  const { method, params, id } = JSON.parse(new TextDecoder().decode(ours));
  const lines = [
    ours,
    ...[{ method, params, id }, { params, id, method }].map((order) =>
      encoder.encode(JSON.stringify(order))
    ),
  ];
  for (const line of lines) {
    const job = findJob(line, 0, line.length)!;
    const text = (start: number, end: number) =>
      new TextDecoder().decode(line.subarray(start, end));
    assert.equal(text(job.idStart, job.idEnd), "k3");
    assert.equal(text(job.stampStart, job.stampStart + 16), "0000000000001388");
  }
  for (
    const [text, wanted] of [
      ['{"id":17,"result":true,"error":null}', { id: 17, isTrue: true }],
      ['{"error":null,"id": 3,"result":true}', { id: 3, isTrue: true }],
      ['{"id":5,"result":null,"error":[21,"Job not found",null]}', { id: 5, isTrue: false }],
      ['{"id":null,"method":"mining.set_difficulty","params":[1]}', undefined],
    ] as const
  ) {
    const line = encoder.encode(text);
    assert.deepEqual(findReply(line, 0, line.length), wanted);
    assert.equal(findJob(line, 0, line.length), undefined);
  }
});

const DURATIONS = { count: 0, p50: 0, p99: 0, p999: 0, max: 0 };
const POOL = {
  at: 0,
  shares: 10,
  checksum: 7,
  bad: 0,
  workers: 0,
  connections: 1,
  open: 1,
  verdicts: 10,
  latency: DURATIONS,
  wire: { bytesIn: 1000, bytesOut: 500, segmentsIn: 10, segmentsOut: 5 },
};
const MINERS = {
  at: 0,
  working: 1,
  connectMs: 1,
  sent: 10,
  checksum: 7,
  refused: 0,
  refusedChecksum: 0,
  accepted: 10,
  abandoned: 0,
  misplaced: 0,
  disconnects: 0,
  verdict: DURATIONS,
  fanout: DURATIONS,
  fanoutLast: DURATIONS,
  login: DURATIONS,
  late: DURATIONS,
  jobs: 0,
  jobLines: 0,
  lastJobAt: 0,
};

Deno.test("where a pool hashes shares, its sums, the agent's and the miners' must be the same", () => {
  const shares = {
    received: 10,
    refused: { stale: 1 },
    kept: 6,
    submitted: 3,
    accepted: 2,
    rejected: { low_difficulty: 1 },
    contradicted: 0,
    unanswered: { timed_out: 0 },
  };
  const books = { shares, pools: [{ credited_difficulty: 4 }, { credited_difficulty: 0 }] };
  const pool = { ...POOL, shares: 3, judged: { accepted: 2, credited: 4 } };
  const miners = { ...MINERS, accepted: 8, refused: 2 };
  assert.deepEqual(bookProblems(books, pool, miners), []);
  assert.match(bookNotes(books)[0]!, /refused here: 1 stale; by the pool: 1 low_difficulty$/);
  const found = [
    bookProblems(books, { ...pool, shares: 4 }, miners),
    bookProblems(books, { ...pool, judged: { accepted: 2, credited: 5 } }, miners),
    bookProblems(books, { ...pool, bad: 1 }, miners),
    bookProblems(books, pool, { ...miners, accepted: 7, refused: 2 }),
    bookProblems({ ...books, shares: { ...shares, contradicted: 1 } }, pool, miners),
    bookProblems({ ...books, shares: { ...shares, unanswered: { timed_out: 1 } } }, pool, miners),
  ];
  assert.deepEqual(found.map((problems) => problems.length), [2, 1, 1, 2, 1, 1]);
});

const STEADY = { givesVerdicts: true, hasChurn: false };
const RESTLESS = { ...STEADY, hasChurn: true };

Deno.test("a share lost, made up or changed makes a run worthless; a refused one does not", () => {
  assert.deepEqual(shareProblems(POOL, MINERS), []);
  const refused = { sent: 12, refused: 2, refusedChecksum: 0xffffffff, checksum: 6 };
  assert.deepEqual(notesOf(POOL, MINERS, STEADY), []);
  assert.match(
    notesOf(POOL, { ...MINERS, ...refused }, STEADY)[0]!,
    /^shares refused by the agent: 2$/,
  );
  assert.deepEqual(shareProblems(POOL, { ...MINERS, ...refused }), []);
  assert.match(shareProblems(POOL, { ...MINERS, sent: 11 })[0]!, /^shares lost: 1 /);
  assert.match(shareProblems(POOL, { ...MINERS, sent: 9 })[0]!, /^shares lost: -1 /);
  assert.match(shareProblems(POOL, { ...MINERS, checksum: 8 })[0]!, /checksum/);
  assert.match(
    shareProblems({ ...POOL, bad: 1 }, MINERS)[0]!,
    /^frames that the pool could not read: 1$/,
  );
});

Deno.test("an answer that never came, or came to another miner, makes a run worthless", () => {
  assert.deepEqual(shareProblems(POOL, { ...MINERS, accepted: 9 }), [
    "shares never answered: 1",
  ]);
  assert.match(
    shareProblems(POOL, { ...MINERS, misplaced: 1 })[0]!,
    /^answers at miners that no share waited for: 1$/,
  );
});

Deno.test("an agent that makes verdicts up is told from one that passes the pool's on", () => {
  const pool = { ...POOL, verdicts: 3 };
  assert.deepEqual(notesOf(pool, MINERS, STEADY), ["shares judged by the pool: only 3 of 10"]);
  assert.deepEqual(notesOf(pool, MINERS, { ...STEADY, givesVerdicts: false }), []);
});

Deno.test("how many shares of miners that left never came is said", () => {
  const left = { ...MINERS, sent: 14, accepted: 9, abandoned: 5 };
  assert.deepEqual(shareProblems(POOL, left), []);
  assert.deepEqual(notesOf(POOL, left, RESTLESS), [
    "shares of miners that left before the answer: 5, of which 4 never came",
  ]);
});

Deno.test("a job that did not reach every miner is said, but for miners that come and go", () => {
  const miners = { ...MINERS, jobs: 3, fanoutLast: { ...DURATIONS, count: 2 } };
  assert.deepEqual(notesOf(POOL, miners, STEADY), ["jobs that did not reach every miner: 1 of 3"]);
  assert.deepEqual(notesOf(POOL, miners, RESTLESS), []);
});

Deno.test("an answer counts once, and for the miner that sent the share", () => {
  const shares = new ShareBook(8);
  const job = { id: encoder.encode("1"), ntime: 1, sentAt: 0 };
  for (const miner of [3, 4]) shares.add(miner, job, 0);
  const first = Number(/^{"id":(\d+)/.exec(new TextDecoder().decode(shares.take()))![1]);
  shares.answered(4, first, true, 1);
  shares.answered(3, first, true, 1);
  shares.answered(3, first, true, 1);
  shares.left(4);
  shares.answered(4, first + 1, true, 1);
  const { sent, accepted, abandoned, misplaced, verdict } = shares.counts;
  assert.deepEqual({ sent, accepted, abandoned, misplaced }, {
    ...{ sent: 2, accepted: 1, abandoned: 1, misplaced: 3 },
  });
  assert.equal(verdict.count, 1);
});

Deno.test("a job is complete when every miner has it; those from before the mark do not count", () => {
  const book = new JobBook();
  book.mark(10);
  const hear = (sequence: number, sentAt: number) => {
    const line = encodeNotify(jobAt(sentAt, sequence), `${sequence}`, false).subarray(0, -1);
    return book.heard(line, findJob(line, 0, line.length)!, line.length, sentAt + 5);
  };
  for (const [sequence, sentAt, reached] of [[1, 5, 2], [2, 20, 1], [3, 30, 2]] as const) {
    for (let i = 0; i < reached; i++) book.reached(hear(sequence, sentAt), 2, sentAt + 5);
  }
  const { jobs, fanout, fanoutLast, jobLines } = book.times;
  assert.deepEqual([jobs, fanout.count, fanoutLast.count, jobLines], [2, 3, 1, 5]);
});

Deno.test("an attack that costs an honest share, or did not take place, is not to be believed", () => {
  const phase = { seconds: 1, shares: 10, pool: POOL, miners: MINERS, cpuSeconds: 1, memory: [] };
  const attacked = { ...phase, attackers: 60, connects: 9 };
  const crowd = { silent: 100, drippers: 2, senders: 2, connectsPerSecond: 50 };
  assert.deepEqual(attackProblems(attacked, crowd, MINERS), []);
  const unanswered = { ...MINERS, accepted: 9 };
  assert.match(
    attackProblems(attacked, crowd, unanswered)[0]!,
    /^honest shares accepted: 9 of 10$/,
  );
  assert.match(
    attackProblems({ ...attacked, attackers: 9 }, crowd, MINERS)[0]!,
    /^attackers connected: only 9,/,
  );
});

Deno.test("a pace makes up for what was late, and for nothing before it was set", () => {
  const pace = new Pace();
  assert.deepEqual([pace.take(5000), pace.restMs(5000)], [0, Infinity]);
  pace.set(10, 5000);
  assert.deepEqual([pace.take(5099), pace.restMs(5099)], [0, 1]);
  assert.deepEqual([pace.take(5350), pace.take(5350), pace.restMs(5350)], [3, 0, 50]);
  assert.deepEqual([pace.dueAt(2), pace.dueAt(0)], [5100, 5300]);
  pace.set(0, 6000);
  assert.deepEqual([pace.take(9000), pace.restMs(9000)], [0, Infinity]);
});

Deno.test("bits on the wire are payload and 52 bytes for each segment, both ways", () => {
  const observed: Observed = {
    seconds: 2,
    shares: 10,
    pool: POOL,
    miners: MINERS,
    cpuSeconds: 0.5,
    login: DURATIONS,
    memory: [],
    memorySoFar: [],
    memoryLeft: undefined,
    moveMs: undefined,
    logins: 0,
    hasWire: true,
    attacked: undefined,
  };
  const figures = figuresOf(observed);
  assert.equal(figures["wireBits"], (1500 + 15 * 52) * 8 / 1000 / 2);
  assert.equal(figures["payloadUpBits"], 4);
  assert.equal(figures["cpuPercent"], 25);
  assert.equal(figures["cpuPerThousand"], 50);
});

Deno.test("memory of a soak early and late is compared; a short run says nothing of it", () => {
  const samples = [90, 50, 60, 70, 60, 63].map((resident) => ({
    ...{ resident, anonymous: resident / 2 },
  }));
  const observed: Observed = {
    seconds: 1800,
    shares: 0,
    pool: POOL,
    miners: MINERS,
    cpuSeconds: 1,
    login: DURATIONS,
    memory: samples,
    // As many as there are in half a day, a short peak at the start among them.
    memorySoFar: [{ resident: 99, anonymous: 40 }, ...Array(180_000).fill(samples[0])],
    memoryLeft: undefined,
    moveMs: undefined,
    logins: 0,
    hasWire: false,
    attacked: undefined,
  };
  const figures = figuresOf(observed);
  const { residentEarly, residentLate, residentGrowth, anonymousGrowth } = figures;
  assert.deepEqual([residentEarly, residentLate, residentGrowth], [50, 63, 1.26]);
  assert.deepEqual([figures["residentPeak"], figures["residentMedian"]], [99, 61.5]);
  assert.deepEqual([figures["anonymousPeak"], figures["anonymousMedian"]], [45, 30.75]);
  assert.equal(anonymousGrowth, 1.26);
  assert.equal(figuresOf({ ...observed, seconds: 15 })["residentGrowth"], undefined);
});

Deno.test("the table shows medians of good runs, ratios, and what is not to be believed", () => {
  const run = (subject: string, connectMs: number, problems: string[] = []): Run => ({
    case: "storm",
    subject,
    figures: { connectMs },
    problems,
    notes: [],
  });
  const machine = { processor: "P", cores: 2, memoryGb: 8, kernel: "6", deno: "2", load: 1 };
  const runs = [run("a", 1), run("a", 9), run("a", 4), run("b", 8), run("b", 2, ["3 shares lost"])];
  const text = markdownOf("deno task bench storm", machine, runs);
  assert.match(text, /^`deno task bench storm`: 2 × P/);
  assert.match(text, /\| all have a job, ms \| 4 \| 8 \| 2\.00 \|/);
  assert.match(text, /\*\*Not to be believed\*\*, b: 3 shares lost/);
  assert.match(text, /a 3 of 3, b 1 of 2/);
  assert.equal(median([1, 2, 3, 10]), 2.5);
});
