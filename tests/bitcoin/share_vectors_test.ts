/**
 * The shares that were sent to real Stratum V1 servers: each is hashed here as the server did, one
 * by one and four at once.
 */

import assert from "node:assert/strict";
import { formatHex32, parseHex32 } from "../../lib/base/hex.ts";
import { hashDisplay, merkleRoot } from "../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../lib/bitcoin/sha256.ts";
import { type HashedJob, ShareHasher, shareHasher } from "../../lib/bitcoin/share_hasher.ts";
import {
  difficultyOf,
  difficultyOfHash,
  networkTarget,
  targetOf,
  targetWords,
} from "../../lib/bitcoin/target.ts";
import vectors from "../protocol/stratum_upstream_vectors.json" with { type: "json" };

type Share = (typeof vectors.shares)[number];

function jobOf({ job, extranonce1 }: Share): HashedJob {
  return {
    coinbase1: job.coinbase1 + extranonce1,
    coinbase2: job.coinbase2,
    merkleBranches: job.branches,
    version: job.version,
    prevHash: job.previous_hash,
    bits: job.bits,
  };
}

function versionOf({ job, version_bits }: Share): number {
  return (parseHex32(job.version)! | parseHex32(version_bits ?? "0")!) >>> 0;
}

function put(hasher: ShareHasher, lane: number, share: Share): void {
  const room = Uint8Array.fromHex(share.extranonce2);
  const job = hasher.prepare(jobOf(share), room.length);
  hasher.put(lane, job, room, parseHex32(share.time)!, parseHex32(share.nonce)!, versionOf(share));
}

function checkLane(hasher: ShareHasher, lane: number, share: Share): void {
  const header = hasher.headerIn(lane);
  assert.equal(header.toHex(), share.header);
  assert.equal(header.subarray(36, 68).toHex(), share.merkle_root);
  assert.equal(hasher.hashIn(lane).toReversed().toHex(), share.hash);
  const difficulty = difficultyOfHash(hasher.wordsIn(lane));
  assert.ok(Math.abs(difficulty / share.difficulty - 1) < 1e-14, `difficulty ${difficulty}`);
  const target = targetWords(targetOf(share.pool_difficulty));
  assert.equal(hasher.meets(lane, target), share.meets_pool_difficulty);
  const ofTheNetwork = targetWords(networkTarget(parseHex32(share.job.bits)!)!);
  assert.equal(hasher.meets(lane, ofTheNetwork), false);
}

assert.equal(vectors.shares.length, 83);

for (const [i, share] of vectors.shares.entries()) {
  const name = `share ${i} (${share.server}: ${share.name})`;

  Deno.test(`${name} hashes as its server did`, () => {
    for (const hasher of [shareHasher(), new ShareHasher(false)]) {
      put(hasher, 0, share);
      hasher.hashLanes(1);
      checkLane(hasher, 0, share);
    }
  });

  Deno.test(`${name} hashes so in plain JavaScript`, () => {
    const { coinbase1, coinbase2, merkleBranches } = jobOf(share);
    const coinbase = Uint8Array.fromHex(coinbase1 + share.extranonce2 + coinbase2);
    assert.equal(doubleSha256(coinbase).toHex(), share.coinbase_hash);
    assert.equal(merkleRoot(coinbase, merkleBranches).toHex(), share.merkle_root);
    const header = Uint8Array.fromHex(share.header);
    assert.equal(hashDisplay(header), share.hash);
    assert.ok(Math.abs(difficultyOf(header) / share.difficulty - 1) < 1e-14);
    assert.equal(formatHex32(versionOf(share)), header.subarray(0, 4).toReversed().toHex());
  });
}

Deno.test("shares of real servers hash the same four at once, whatever lies beside them", () => {
  const hasher = shareHasher();
  assert.ok(hasher.hasSimd);
  for (let first = 0; first < vectors.shares.length; first += 4) {
    const batch = vectors.shares.slice(first, first + 4);
    for (const [lane, share] of batch.entries()) put(hasher, lane, share);
    hasher.hashLanes(batch.length);
    for (const [lane, share] of batch.entries()) checkLane(hasher, lane, share);
  }
});
