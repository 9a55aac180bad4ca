/**
 * Every vector of protocol_vectors.json that needs no block header: bytes and lines as the real
 * pool takes and sends them.
 */

import assert from "node:assert/strict";
import { parseHex32 } from "../../lib/base/hex.ts";
import { viewOf } from "../../lib/protocol/agent/frame.ts";
import {
  type AgentMessage,
  decodeAgentFrame,
  decodePoolFrame,
  encodeRegister,
  encodeSetDifficulty,
  encodeVerdict,
  MAX_SUBMIT_BYTES,
  type PoolMessage,
  UNREGISTER_BYTES,
  writeSubmit,
  writeUnregister,
} from "../../lib/protocol/agent/message.ts";
import { formatDifficulty } from "../../lib/protocol/stratum/difficulty.ts";
import { appendExtranonce1, encodeNotify, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { formatJobId } from "../../lib/protocol/stratum/job_id.ts";
import { PoolStreamDecoder } from "../../lib/protocol/agent/stream.ts";
import type { RequestId } from "../../lib/protocol/stratum/request_id.ts";
import { parseShare, type Share } from "../../lib/protocol/stratum/share.ts";
import { scanShare } from "../../lib/protocol/stratum/share_scanner.ts";
import { minerStatus, verdictMeaning } from "../../lib/protocol/agent/status.ts";
import {
  decodePoolLine,
  decodeStratum,
  encodeLine,
  formatErrorReply,
  formatNotification,
  formatReply,
  formatRequest,
  type StratumMessage,
} from "../../lib/protocol/stratum/message.ts";
import { MinerFault, PoolFault } from "../../lib/base/violation.ts";
import { filterName } from "../../lib/protocol/stratum/worker_name.ts";
import { cutAt, everyCut, feed } from "../support/any_cut.ts";
import {
  bytesOf,
  NOT_BUILT,
  numberOf,
  PROOF_OF_WORK,
  textOf,
  type Vector,
  vector,
  VECTORS,
} from "./vectors.ts";

const tested = new Set<string>();

/** Registers the test of one vector and notes that there is one. */
function testVector(name: string, behaviour: string, run: (vector: Vector) => void): void {
  tested.add(name);
  Deno.test(`vector ${name}: ${behaviour}`, () => run(vector(name)));
}

/** A line as one of the messages of the real pool or a miner. */
function lineOf(json: unknown): Uint8Array {
  return encodeLine(JSON.stringify(json)).subarray(0, -1);
}

/** Everything in a stream from a pool, decoded. */
function poolMessages(chunks: readonly Uint8Array[]): (PoolMessage | StratumMessage)[] {
  return feed(
    new PoolStreamDecoder(PoolFault),
    chunks,
    ({ kind, bytes }) => kind === "frame" ? decodePoolFrame(bytes) : decodePoolLine(bytes),
  );
}

function submitBytes(submit: Parameters<typeof writeSubmit>[2]): Uint8Array {
  const bytes = new Uint8Array(MAX_SUBMIT_BYTES);
  return bytes.subarray(0, writeSubmit(viewOf(bytes), 0, submit));
}

// Agent to pool, frames

for (
  const name of [
    "register-basic",
    "register-empty-names",
    "register-highest-session",
    "register-100-bytes",
    "register-filtered-chars",
  ]
) {
  testVector(name, "the register frame is these bytes and reads back", (vector) => {
    const sessionId = numberOf(vector, "session_id");
    const clientAgent = textOf(vector, "client_agent");
    const workerName = textOf(vector, "worker_name");
    const bytes = encodeRegister(sessionId, clientAgent, workerName);
    assert.equal(bytes.toHex(), vector.hex);
    assert.deepEqual(decodeAgentFrame(bytesOf(vector)), {
      kind: "register",
      sessionId,
      clientAgent,
      workerName,
    });
  });
}

for (const name of ["register-101-bytes", "register-session-ffff"]) {
  testVector(name, "the frame is neither written nor read", (vector) => {
    assert.throws(
      () =>
        encodeRegister(
          numberOf(vector, "session_id"),
          textOf(vector, "client_agent"),
          textOf(vector, "worker_name"),
        ),
      RangeError,
    );
    assert.equal(decodeAgentFrame(bytesOf(vector)), undefined);
  });
}

Deno.test("vector register-filtered-chars: our names need no filter of the pool's", () => {
  const { fields } = vector("register-filtered-chars");
  assert.equal(filterName(String(fields?.["client_agent"])), "cgminer1");
  assert.equal(filterName(String(fields?.["worker_name"])), "rig1");
});

testVector("unregister-basic", "the frame is these bytes and reads back", (vector) => {
  const sessionId = numberOf(vector, "session_id");
  const bytes = new Uint8Array(UNREGISTER_BYTES);
  assert.equal(writeUnregister(viewOf(bytes), 0, sessionId), UNREGISTER_BYTES);
  assert.equal(bytes.toHex(), vector.hex);
  assert.deepEqual(decodeAgentFrame(bytesOf(vector)), { kind: "unregister", sessionId });
});

for (const name of ["submit-plain", "submit-time", "submit-version", "submit-time-version"]) {
  testVector(name, "the submit frame is these bytes and reads back", (vector) => {
    const submit = {
      jobId: numberOf(vector, "job_id"),
      sessionId: numberOf(vector, "session_id"),
      extranonce2: numberOf(vector, "extra_nonce2"),
      nonce: numberOf(vector, "nonce"),
      ntime: name.includes("time") ? numberOf(vector, "time") : undefined,
      versionBits: name.includes("version") ? numberOf(vector, "version_mask") : 0,
    };
    assert.equal(submitBytes(submit).toHex(), vector.hex);
    assert.deepEqual(decodeAgentFrame(bytesOf(vector)), { kind: "submit", ...submit });
  });
}

for (const name of ["unregister-too-long", "submit-session-ffff", "unknown-command"]) {
  testVector(name, "the frame is taken whole and dropped", (vector) => {
    const frames = feed(
      new PoolStreamDecoder(MinerFault),
      [bytesOf(vector)],
      ({ bytes }): [string, AgentMessage | undefined] => [bytes.toHex(), decodeAgentFrame(bytes)],
    );
    assert.deepEqual(frames, [[vector.hex, undefined]]);
  });
}

testVector(
  "submit-version-doc-length",
  "15 bytes are dropped, the rest becomes the beginning of a line",
  (vector) => {
    const next = encodeLine('{"id":1}');
    const pieces = feed(
      new PoolStreamDecoder(PoolFault),
      [bytesOf(vector), next],
      ({ kind, bytes }) => ({ kind, hex: bytes.toHex(), message: decodeAgentFrame(bytes) }),
    );
    assert.deepEqual(pieces, [
      { kind: "frame", hex: vector.hex!.slice(0, 30), message: undefined },
      { kind: "line", hex: "00001200" + next.subarray(0, -1).toHex(), message: undefined },
    ]);
  },
);

testVector("length-below-four", "nothing behind it can be read", (vector) => {
  for (const { chunks, name } of everyCut(bytesOf(vector))) {
    const decoder = new PoolStreamDecoder(PoolFault);
    const tooShort = { name: "PoolFault", code: "frame-too-short" };
    assert.throws(() => feed(decoder, chunks, () => 0), tooShort, name);
    decoder.push(encodeLine("{}"));
    assert.throws(() => decoder.next(), tooShort, name);
  }
});

// Miner to agent to pool

/** The share in a miner's line, read both ways. */
function shareIn(json: unknown): Share {
  const line = lineOf(json);
  const request = decodeStratum(line, MinerFault);
  assert.ok(request.kind === "request" && request.method === "mining.submit");
  const share = parseShare(request.id, request.params);
  assert.ok(share);
  assert.deepEqual(scanShare(line), share);
  return share;
}

for (
  const { name, keepsTime } of [
    { name: "json-submit-time-equals-job", keepsTime: false },
    { name: "json-submit-time-kept", keepsTime: true },
    { name: "json-submit-time-rolled", keepsTime: false },
    { name: "json-submit-version-bits", keepsTime: false },
    { name: "json-submit-version-and-time", keepsTime: false },
    { name: "json-submit-zero-version", keepsTime: false },
  ]
) {
  testVector(name, "the miner's line becomes this frame", (vector) => {
    const { params, ...request } = vector.json as { params: [string, string, ...string[]] };
    const [worker, poolJobId, ...rolled] = params;
    const times = vector.fields?.["job_times_seen"] as Record<string, string>;
    // The miner knows the job under a number of ours.
    const job = 123456;
    const share = shareIn({ ...request, params: [worker, formatJobId(job), ...rolled] });
    assert.equal(share.jobId, job);
    const isJobsTime = share.ntime === parseHex32(times[poolJobId]!);
    const bytes = submitBytes({
      jobId: Number(poolJobId),
      sessionId: numberOf(vector, "session_id"),
      extranonce2: share.extranonce2,
      nonce: share.nonce,
      ntime: isJobsTime && !keepsTime ? undefined : share.ntime,
      versionBits: share.versionBits,
    });
    assert.equal(bytes.toHex(), vector.hex);
  });
}

// Pool to agent, frames

for (
  const name of ["setdiff-two-sessions", "setdiff-diff-one", "setdiff-largest", "setdiff-empty"]
) {
  testVector(name, "the difficulty and its sessions are read", (vector) => {
    const exponent = numberOf(vector, "diff_exp");
    const sessionIds = vector.fields?.["session_ids"] as readonly number[];
    assert.deepEqual(poolMessages([bytesOf(vector)]), [
      { kind: "setDifficulty", exponent, sessionIds },
    ]);
    assert.equal(encodeSetDifficulty(exponent, sessionIds).toHex(), vector.hex);
    if (vector.fields?.["difficulty"] !== undefined) {
      assert.equal(formatDifficulty(2 ** exponent), vector.fields["difficulty"]);
    }
  });
}

testVector("setdiff-concatenated", "two frames of one write are two messages", (vector) => {
  const frames = vector.fields?.["frames"] as { diff_exp: number; session_ids: number[] }[];
  const expected = frames.map(({ diff_exp, session_ids }) => (
    { kind: "setDifficulty", exponent: diff_exp, sessionIds: session_ids }
  ));
  for (const { name, chunks } of everyCut(bytesOf(vector))) {
    assert.deepEqual(poolMessages(chunks), expected, name);
  }
});

/** What the miner is answered for a verdict. */
function answerTo(id: RequestId, status: number): string {
  return verdictMeaning(status) === "accepted"
    ? formatReply(id, "true")
    : formatErrorReply(id, minerStatus(status));
}

for (
  const name of [
    "subres-accept-first",
    "subres-22",
    "subres-23",
    "subres-31",
    "subres-32",
    "subres-33",
    "subres-36",
    "subres-37",
    "subres-last-index",
    "subres-accept-stale",
  ]
) {
  testVector(name, "the verdict is read and the miner told", (vector) => {
    const index = numberOf(vector, "index");
    const status = numberOf(vector, "status");
    assert.deepEqual(poolMessages([bytesOf(vector)]), [{ kind: "verdict", index, status }]);
    assert.equal(encodeVerdict(index, status).toHex(), vector.hex);
    const isAccepted = !/^subres-\d/.test(name);
    const wanted = vector.json_to_miner ?? { id: 4, result: true, error: null };
    assert.equal((wanted as { result: unknown }).result === true, isAccepted);
    assert.equal(answerTo(4, status), JSON.stringify(wanted));
  });
}

testVector("mixed-stream", "lines and frames come out in order at every cut", (vector) => {
  const stream = bytesOf(vector);
  const expected = [
    { kind: "request", id: null, method: "mining.set_difficulty", params: [16384] },
    { kind: "setDifficulty", exponent: 10, sessionIds: [0x0a0a] },
    { kind: "verdict", index: 0x0a0a, status: 1798084231 },
    { kind: "request", id: null, method: "mining.set_version_mask", params: ["1fffe000"] },
  ];
  for (const { name, chunks } of everyCut(stream)) {
    assert.deepEqual(poolMessages(chunks), expected, name);
  }
  for (let first = 1; first < stream.length; first += 7) {
    for (let second = first; second < stream.length; second += 5) {
      assert.deepEqual(poolMessages(cutAt(stream, [first, second])), expected);
    }
  }
});

// Lines

for (const name of ["caps-request", "configure-request"]) {
  testVector(name, "the request is written and read so", ({ json }) => {
    const { id, method, params } = json as { id: string; method: string; params: unknown[] };
    assert.equal(formatRequest(id, method, params), JSON.stringify(json));
    const message = decodeStratum(lineOf(json), MinerFault);
    assert.deepEqual(message, { kind: "request", id: `"${id}"`, method, params });
  });
}

for (const name of ["caps-response", "configure-response", "subscribe-response-upstream"]) {
  testVector(name, "the pool's answer is read", ({ json }) => {
    const { id, result } = json as { id: string; result: unknown };
    const reply = { kind: "reply", id: `"${id}"`, result, error: null };
    assert.deepEqual(decodePoolLine(lineOf(json)), reply);
  });
}

for (const name of ["set-version-mask", "notify-upstream"]) {
  testVector(name, "the pool's notification is read", ({ json }) => {
    const { method, params } = json as { method: string; params: unknown[] };
    assert.deepEqual(decodePoolLine(lineOf(json)), { kind: "request", id: null, method, params });
    assert.equal(formatNotification(method, JSON.stringify(params)), JSON.stringify(json));
  });
}

testVector("subscribe-response-downstream", "the answer is written so", ({ json }) => {
  const { id, result } = json as { id: number; result: unknown };
  assert.equal(formatReply(id, JSON.stringify(result)), JSON.stringify(json));
});

testVector("notify-downstream", "only coinbase part 1 changes", (downstream) => {
  const upstream = decodePoolLine(lineOf(vector("notify-upstream").json));
  assert.ok(upstream.kind === "request");
  const job = parseNotify(upstream.params);
  const rewritten = appendExtranonce1(job, numberOf(downstream, "upstream_session_id"));
  const line = new TextDecoder().decode(encodeNotify(rewritten, "17", false));
  assert.equal(line, JSON.stringify(downstream.json) + "\n");
});

Deno.test("every vector is tested here, in header_vectors_test.ts, or not built", () => {
  const names = VECTORS.map(({ name }) => name).sort();
  assert.deepEqual([...tested, ...PROOF_OF_WORK, ...NOT_BUILT].sort(), names);
});
