import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { parseHex32 } from "../../lib/base/hex.ts";
import { appendExtranonce1, type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { coinbaseOf, hashDisplay, headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { difficultyOf, meetsDifficulty } from "../../lib/bitcoin/target.ts";
import { findNonce } from "../../lib/sim/nonce_search.ts";
import { doubleSha256 } from "../../lib/bitcoin/sha256.ts";
import vectorFile from "../protocol/protocol_vectors.json" with { type: "json" };

interface Vector {
  readonly name: string;
  readonly json?: { readonly params?: readonly unknown[] };
  readonly fields?: Readonly<Record<string, unknown>>;
}

const vectors = vectorFile.vectors as unknown as readonly Vector[];

function vector(name: string): Vector {
  const found = vectors.find((v) => v.name === name);
  assert.ok(found, `vector ${name}`);
  return found;
}

/** The job of a vector, as its miner got it, and the header its share makes. */
function shareOf({ json, fields }: Vector): { job: Job; coinbase: Uint8Array; header: Uint8Array } {
  const params = fields!["notify_params_from_pool"] ?? vector("notify-upstream").json!.params;
  const job = appendExtranonce1(
    parseNotify(params as readonly unknown[]),
    fields!["upstream_session_id"] as number,
  );
  const [extranonce2, ntime, nonce, versionBits = 0] = json!.params!.slice(2).map((text) =>
    parseHex32(text as string)!
  );
  const coinbase = coinbaseOf(job, fields!["session_id"] as number, extranonce2!);
  const root = merkleRoot(coinbase, job.merkleBranches);
  return { job, coinbase, header: headerOf(job, root, ntime!, nonce!, versionBits) };
}

for (
  const name of ["share-header", "accepted-by-real-pool-plain", "accepted-by-real-pool-rolled"]
) {
  Deno.test(`the share of vector ${name} has the header the pool rebuilt`, () => {
    const { fields } = vector(name);
    const { coinbase, header } = shareOf(vector(name));
    assert.equal(coinbase.toHex(), fields!["coinbase_hex"]);
    assert.equal(header.toHex(), fields!["header_hex"]);
    assert.equal(hashDisplay(header), fields!["block_hash_display"]);
  });
}

Deno.test("shares that a real pool accepted at difficulty 1 meet it, and no much higher one", () => {
  for (const name of ["accepted-by-real-pool-plain", "accepted-by-real-pool-rolled"]) {
    const { header } = shareOf(vector(name));
    const reached = difficultyOf(header);
    assert.ok(reached >= 1 && reached < 64, `difficulty ${reached}`);
    assert.ok(meetsDifficulty(header, 1));
    assert.ok(meetsDifficulty(header, reached * 0.999999));
    assert.ok(!meetsDifficulty(header, reached * 1.000001));
  }
});

Deno.test("the share of a header vector without proof of work meets no difficulty of 1", () => {
  assert.ok(!meetsDifficulty(shareOf(vector("share-header")).header, 1));
});

Deno.test("findNonce() finds the nonce a real pool accepted, and nothing just before it", () => {
  for (const name of ["accepted-by-real-pool-plain", "accepted-by-real-pool-rolled"]) {
    const { header } = shareOf(vector(name));
    const nonce = new DataView(header.buffer).getUint32(76, true);
    assert.equal(findNonce(header, 1, nonce - 500, 1000), nonce);
    assert.equal(findNonce(header, 1, nonce - 500, 500), undefined);
  }
});

Deno.test("findNonce() takes every nonce that meets a fractional difficulty and skips none", () => {
  const { header } = shareOf(vector("share-header"));
  const difficulty = 0.0000001;
  const tried = header.slice();
  const view = new DataView(tried.buffer);
  const expected: number[] = [];
  for (let nonce = 7000; nonce < 9000; nonce++) {
    view.setUint32(76, nonce, true);
    if (meetsDifficulty(tried, difficulty)) expected.push(nonce);
  }
  const found: number[] = [];
  for (let from = 7000; from < 9000; from = found.at(-1)! + 1) {
    const nonce = findNonce(header, difficulty, from, 9000 - from);
    if (nonce === undefined) break;
    found.push(nonce);
  }
  assert.ok(expected.length > 0);
  assert.deepEqual(found, expected);
});

Deno.test("findNonce() stops after the last nonce", () => {
  const { header } = shareOf(vector("share-header"));
  assert.equal(findNonce(header, 2 ** 60, 0xfffffff0, 1000), undefined);
});

Deno.test("doubleSha256() agrees with the platform's SHA-256 on every length of message", () => {
  for (let length = 0; length <= 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => i * 31 + length);
    const once = createHash("sha256").update(bytes).digest();
    const twice = createHash("sha256").update(once).digest("hex");
    assert.equal(doubleSha256(bytes).toHex(), twice, `${length} bytes`);
  }
});
