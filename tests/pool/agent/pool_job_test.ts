/** How large a pool's job may be, wherever it comes: in the handshake, later, and made up from. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { coinbaseBytes, readPoolJob } from "../../../lib/pool/agent/pool_job.ts";
import { MAX_JOB_LINE_BYTES } from "../../../lib/pool/job_line.ts";
import { Standby } from "../../../lib/pool/standby.ts";
import { PoolTroubleLog } from "../../../lib/pool/trouble_log.ts";
import { encodeNotify, type Job } from "../../../lib/protocol/stratum/job.ts";
import { LONGEST_JOB_ID } from "../../../lib/protocol/stratum/job_id.ts";
import { FakeClock, turn } from "../../support/fake_clock.ts";
import { handshakeLines, notifyLine } from "../../support/pool_lines.ts";
import { TERMS } from "../../support/terms.ts";
import { RoleBook } from "../../support/role_book.ts";
import { SessionRig } from "../../support/session_rig.ts";
import { RosterRig, TICK_MS } from "../../support/roster_rig.ts";

type Params = unknown[];

const PARAMS: Params = JSON.parse(notifyLine("7", false)).params;

/** The bytes that miners get for a job of the pool. */
function lineBytes(job: Job): number {
  return encodeNotify(job, LONGEST_JOB_ID, false).length;
}

/** A `mining.notify` whose line for miners has this many bytes, or one less: hex comes in pairs. */
function paramsOf(bytes: number): Params {
  const params = PARAMS.with(2, "").with(3, "");
  const missing = bytes - lineBytes(readPoolJob(params, 1));
  return params.with(3, "ab".repeat(Math.floor(missing / 2)));
}

function lineOf(params: Params): string {
  return JSON.stringify({ id: null, method: "mining.notify", params });
}

Deno.test("A job is taken up to 32 KB as miners get it, and refused beyond", () => {
  const longest = lineBytes(readPoolJob(paramsOf(MAX_JOB_LINE_BYTES), 1));
  assert.ok(longest > MAX_JOB_LINE_BYTES - 2 && longest <= MAX_JOB_LINE_BYTES);
  assert.throws(() => readPoolJob(paramsOf(MAX_JOB_LINE_BYTES + 2), 1), {
    name: "PoolFault",
    code: "job-too-long",
    message: new RegExp(`line would have ${longest + 2} bytes, at most 32768 are allowed`),
  });
});

Deno.test("What counts is the line for miners, not the pool's own", () => {
  // What is after the clean flag, escapes and spaces make the pool's line longer, not the miners'.
  const more = "x".repeat(MAX_JOB_LINE_BYTES);
  assert.ok(lineBytes(readPoolJob([...PARAMS, more], 1)) < 1_000);
  const spaced = JSON.parse(`["7"${" ".repeat(40_000)}]`);
  assert.ok(lineBytes(readPoolJob([...spaced, ...PARAMS.slice(1)], 1)) < 1_000);
});

Deno.test("A job that is too long ends a connection that is ready, with its size in the reason", async () => {
  const rig = await SessionRig.ready();
  await rig.say(lineOf(paramsOf(MAX_JOB_LINE_BYTES)));
  assert.equal(rig.events.endReason, undefined);
  assert.equal(rig.events.all.length, 1);
  await rig.say(lineOf(paramsOf(40_000)));
  assert.match(rig.events.endReason!, /its line would have (39999|40000) bytes, at most 32768/);
  assert.equal(rig.events.all.filter((event) => "job" in event).length, 1);
});

Deno.test("A job that is too long ends the handshake, which is a refusal of the pool's", async () => {
  const rig = new SessionRig();
  await rig.connect();
  const lines = handshakeLines();
  await rig.say(...lines.with(6, lineOf(paramsOf(40_000))));
  assert.match(rig.events.endReason!, /its line would have (39999|40000) bytes/);
  assert.ok(!rig.events.all.some((event) => "ready" in event));
});

Deno.test("A job of a megabyte ends the connection long before it is all there", async () => {
  const rig = await SessionRig.ready();
  const line = new TextEncoder().encode(lineOf(PARAMS.with(3, "ab".repeat(500_000))));
  const before = rig.session.bytesRead;
  for (let at = 0; at < line.length && !rig.connection.isClosed; at += 16_384) {
    await rig.deliver(line.subarray(at, at + 16_384));
  }
  assert.match(rig.events.endReason!, /Cannot read a line: \d+ bytes have come, at most 40960/);
  assert.ok(rig.session.bytesRead - before <= 40_960 + 16_384);
});

Deno.test("The spare takes over from a pool whose job is too long, and miners never see that job", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  const { roles, pools } = rig;
  const link = pools.links.find(({ pool }) => pool === 0)!;
  const before = roles.jobs.length;
  link.connection.deliver(new TextEncoder().encode(lineOf(paramsOf(40_000)) + "\n"));
  await turn();
  assert.deepEqual(roles.active, [1]);
  assert.equal(roles.jobs.slice(before).filter(({ job }) => lineBytes(job) > 10_000).length, 0);
  await rig.pass(TICK_MS);
  rig.roster.stop();
});

Deno.test("A made-up job is no longer than the one it is made from, however short its coinbase", () => {
  for (const params of [paramsOf(MAX_JOB_LINE_BYTES), PARAMS.with(2, ""), PARAMS]) {
    const latestJob = readPoolJob(params, 0xffffffff);
    const clock = new FakeClock();
    const { now } = clock;
    const roles = new RoleBook(now);
    const troubles = new PoolTroubleLog(now);
    const standby = new Standby({
      intervalMs: 1000,
      mux: roles,
      now,
      wallNow: systemTime.wallNow,
      troubles,
    });
    standby.remember({ latestJob, terms: TERMS, versionMask: 0 });
    standby.begin();
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      standby.tick();
    }
    const jobs = roles.jobs.map(({ job }) => job);
    assert.ok(jobs.length >= 4);
    for (const job of jobs) {
      assert.equal(job.coinbase1.length, latestJob.coinbase1.length);
      assert.ok(lineBytes(job) <= MAX_JOB_LINE_BYTES);
    }
    assert.equal(new Set(jobs.map(({ coinbase1 }) => coinbase1)).size, jobs.length);
  }
});

Deno.test("coinbaseBytes() counts both parts and what stands between them", () => {
  const job = readPoolJob(PARAMS.with(2, "00".repeat(100)).with(3, "00".repeat(50)), 1);
  assert.equal(coinbaseBytes(job, 8), 100 + 4 + 8 + 50);
});
