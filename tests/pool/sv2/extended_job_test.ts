/** Jobs of Stratum V2 as miners get them: checked, stripped, and hashed as the pool does. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type ExtendedJob, extendedJob, jobFor } from "../../../lib/pool/sv2/extended_job.ts";
import { headerOf, merkleRoot } from "../../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../../lib/bitcoin/sha256.ts";
import type { NewExtendedMiningJob } from "../../../lib/protocol/sv2/job.ts";
import {
  coinbaseParts,
  extendedJobMessage,
  NTIME,
  prevHashMessage,
  ROOM,
  unstrippedParts,
} from "../../support/sv2_jobs.ts";

const PREFIX = Uint8Array.fromHex("0a0b0c0d");

function good(message: NewExtendedMiningJob, prefix = PREFIX, bytes = ROOM.bytes): ExtendedJob {
  const result = extendedJob(message, prefix, bytes);
  assert.ok(result.ok, result.ok ? "" : result.why);
  return result.job;
}

function why(message: NewExtendedMiningJob, prefix = PREFIX, bytes = ROOM.bytes): string {
  const result = extendedJob(message, prefix, bytes);
  assert.ok(!result.ok, "it is refused");
  return result.why;
}

Deno.test("The header of a share is the one that the pool computes", () => {
  const message = extendedJobMessage();
  const block = prevHashMessage();
  const job = jobFor(good(message), block, NTIME, true);
  const extranonce = Uint8Array.fromHex("0001020304050607");
  const version = 0x2000_2000;

  // As the pool does it, where nothing is reversed.
  const coinbase = Uint8Array.from([
    ...message.coinbasePrefix,
    ...PREFIX,
    ...extranonce,
    ...message.coinbaseSuffix,
  ]);
  let root = doubleSha256(coinbase);
  for (const hash of message.merklePath) root = doubleSha256(Uint8Array.from([...root, ...hash]));
  const expected = new Uint8Array(80);
  const view = new DataView(expected.buffer);
  view.setUint32(0, version, true);
  expected.set(block.prevHash, 4);
  expected.set(root, 36);
  view.setUint32(68, NTIME, true);
  view.setUint32(72, block.bits, true);
  view.setUint32(76, 42, true);

  const ours = Uint8Array.fromHex(job.coinbase1 + extranonce.toHex() + job.coinbase2);
  const found = headerOf(job, merkleRoot(ours, job.merkleBranches), NTIME, 42, 0x2000);
  assert.equal(found.toHex(), expected.toHex());
});

Deno.test("A pool that forgot to take out the SegWit fields gives the same job", () => {
  const { parts } = good(extendedJobMessage());
  assert.deepEqual(good(extendedJobMessage({}, unstrippedParts())).parts, parts);
});

Deno.test("A witness that is none of a coinbase makes the job useless", () => {
  const { prefix, suffix } = unstrippedParts();
  const broken = suffix.slice(0, -8 - 68) + "0121" + suffix.slice(-8 - 64);
  assert.match(why(extendedJobMessage({}, { prefix, suffix: broken })), /witness/);
});

Deno.test("Every size of prefix and extranonce that pools have gives a job", () => {
  for (const bytes of [4, 6, 8, 16, 18, 20, 30]) {
    for (const prefixBytes of [0, 2, 4, 26]) {
      if (prefixBytes + bytes > 32) continue;
      const message = extendedJobMessage({}, coinbaseParts({ prefixBytes, bytes }));
      const { parts } = good(message, new Uint8Array(prefixBytes).fill(7), bytes);
      assert.ok(parts.coinbase1.endsWith("07".repeat(prefixBytes)));
    }
  }
});

Deno.test("A coinbase whose script's length is not what it says is refused", () => {
  const { prefix, suffix } = coinbaseParts();
  // Where the script's length is: after version, count and previous output.
  const at = 2 * (4 + 1 + 36);
  for (const length of ["00", "01", "0f", "11", "65", "fd"]) {
    const wrong = prefix.slice(0, at) + length + prefix.slice(at + 2);
    assert.match(why(extendedJobMessage({}, { prefix: wrong, suffix })), /no transaction/, length);
  }
});

Deno.test("A coinbase with another input, or cut short, or without outputs, is refused", () => {
  const { prefix, suffix } = coinbaseParts();
  const other = prefix.slice(0, 10) + "01" + prefix.slice(12);
  assert.match(why(extendedJobMessage({}, { prefix: other, suffix })), /no transaction/);
  const short = suffix.slice(0, -2);
  assert.match(why(extendedJobMessage({}, { prefix, suffix: short })), /no transaction/);
  const outputless = "ffffffff" + "00" + "00000000";
  assert.match(why(extendedJobMessage({}, { prefix, suffix: outputless })), /no transaction/);
});

Deno.test("An extranonce outside of the input's script is refused", () => {
  const { prefix, suffix } = coinbaseParts({ prefixBytes: 0, bytes: 0 });
  // The script is whole before the extranonce, which falls into an output's script.
  const before = prefix + "ffffffff" + "01" + "00f2052a01000000" + "16";
  const after = "00".repeat(10) + "00000000";
  assert.ok(suffix.length > 0);
  assert.match(
    why(extendedJobMessage({}, { prefix: before, suffix: after })),
    /not in the script/,
  );
});

Deno.test("A merkle path that is higher than any block is refused", () => {
  const merklePath = Array.from({ length: 33 }, () => new Uint8Array(32));
  assert.match(why(extendedJobMessage({ merklePath })), /33 hashes/);
  assert.deepEqual(good(extendedJobMessage({ merklePath: [] })).parts.merkleBranches, []);
});

Deno.test("Whatever bytes a coinbase has, it is refused or one that a node accepts", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(bytes, bytes, (coinbasePrefix, coinbaseSuffix) => {
    extendedJob(extendedJobMessage({ coinbasePrefix, coinbaseSuffix }), PREFIX, 8);
  }));
});
