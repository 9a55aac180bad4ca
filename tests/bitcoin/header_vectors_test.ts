/**
 * Shares whose whole block header is known, two of them accepted by a real pool: from the pool's
 * job and the miner's line to the header it hashed, and to the frame the pool was sent.
 */

import assert from "node:assert/strict";
import { formatHex32, parseHex32 } from "../../lib/base/hex.ts";
import { viewOf } from "../../lib/protocol/agent/frame.ts";
import {
  decodeAgentFrame,
  MAX_SUBMIT_BYTES,
  writeSubmit,
} from "../../lib/protocol/agent/message.ts";
import {
  appendExtranonce1,
  type Job,
  jobTime,
  parseNotify,
} from "../../lib/protocol/stratum/job.ts";
import { parseShare } from "../../lib/protocol/stratum/share.ts";
import { coinbaseOf, hashDisplay, headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import {
  bytesOf,
  numberOf,
  PROOF_OF_WORK,
  textOf,
  type Vector,
  vector,
} from "../protocol/vectors.ts";

/** The job the share is for, as the pool sent it. */
function poolJob(vectorOfShare: Vector): Job {
  const own = vectorOfShare.fields?.["notify_params_from_pool"];
  const notify = vector("notify-upstream").json as { params: unknown[] };
  return parseNotify((own ?? notify.params) as unknown[]);
}

for (const name of PROOF_OF_WORK) {
  Deno.test(`vector ${name}: the header a miner hashes is the header the pool rebuilds`, () => {
    const share = vector(name);
    const { id, params } = share.json as { id: number; params: string[] };
    const sessionId = numberOf(share, "session_id");
    const job = appendExtranonce1(poolJob(share), numberOf(share, "upstream_session_id"));
    const rolled = parseShare(id, params);
    assert.ok(rolled);

    const coinbase = coinbaseOf(job, sessionId, rolled.extranonce2);
    assert.equal(coinbase.toHex(), textOf(share, "coinbase_hex"));
    const root = merkleRoot(coinbase, job.merkleBranches);
    const header = headerOf(job, root, rolled.ntime, rolled.nonce, rolled.versionBits);
    assert.equal(header.toHex(), textOf(share, "header_hex"));
    assert.equal(hashDisplay(header), textOf(share, "block_hash_display"));
  });

  Deno.test(`vector ${name}: the frame is the one the pool took, and says the same`, () => {
    const share = vector(name);
    const { id, params } = share.json as { id: number; params: string[] };
    const rolled = parseShare(id, params);
    assert.ok(rolled);
    const job = poolJob(share);
    const submit = {
      jobId: Number(params[1]),
      sessionId: numberOf(share, "session_id"),
      extranonce2: rolled.extranonce2,
      nonce: rolled.nonce,
      ntime: rolled.ntime === jobTime(job) ? undefined : rolled.ntime,
      versionBits: rolled.versionBits,
    };
    const bytes = new Uint8Array(MAX_SUBMIT_BYTES);
    const length = writeSubmit(viewOf(bytes), 0, submit);
    assert.equal(bytes.subarray(0, length).toHex(), share.hex);
    assert.deepEqual(decodeAgentFrame(bytesOf(share)), { kind: "submit", ...submit });
  });
}

Deno.test("vector share-header: every step on the way is the one written down", () => {
  const share = vector("share-header");
  const { params } = share.json as { params: string[] };
  const job = appendExtranonce1(poolJob(share), numberOf(share, "upstream_session_id"));
  const extranonce2 = parseHex32(params[2]!)!;
  const sessionId = numberOf(share, "session_id");
  assert.equal(
    formatHex32(sessionId) + formatHex32(extranonce2),
    textOf(share, "full_extranonce2_hex"),
  );
  const root = merkleRoot(coinbaseOf(job, sessionId, extranonce2), job.merkleBranches);
  assert.equal(root.toHex(), textOf(share, "merkle_root_hex_as_hashed"));
});
