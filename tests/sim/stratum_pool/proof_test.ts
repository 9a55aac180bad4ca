import assert from "node:assert/strict";
import { parseHex32 } from "../../../lib/base/hex.ts";
import { fitHex, proofOf } from "../../../lib/sim/stratum_pool/proof.ts";
import data from "../../protocol/stratum_upstream_vectors.json" with { type: "json" };

for (const share of data.shares) {
  Deno.test(`the hash of a recorded share: ${share.server}, ${share.name}`, () => {
    const { job, extranonce1, extranonce2, time, nonce, version_bits } = share;
    const { id, bits, version } = job;
    const bitsRolled = parseHex32(version_bits ?? "0")!;
    const proof = proofOf(
      {
        id,
        prevHash: job.previous_hash,
        coinbase1: job.coinbase1,
        coinbase2: job.coinbase2,
        merkleBranches: job.branches,
        version,
        bits,
        ntime: job.time,
        isClean: job.clean,
      },
      {
        coinbase: job.coinbase1 + extranonce1 + extranonce2 + job.coinbase2,
        version: (parseHex32(version)! ^ bitsRolled) >>> 0,
        time: parseHex32(time)!,
        nonce: parseHex32(nonce)!,
      },
    );
    assert.equal(proof.hash.toString(16).padStart(64, "0"), share.hash);
    assert.ok(Math.abs(proof.difficulty / share.difficulty - 1) < 1e-12);
    assert.equal(proof.isBlock, false);
  });
}

Deno.test("hex of another length is cut, or filled with zeros", () => {
  assert.deepEqual(
    ["01020304", "010203", "0102030405", "", "01zz"].map((text) => fitHex(text, 4)),
    ["01020304", "01020300", "01020304", "00000000", "01000000"],
  );
});
