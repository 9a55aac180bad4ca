/** The handshake with a simulated Stratum V2 pool, true and false. */

import assert from "node:assert/strict";
import { parseAuthorityKey } from "../../../lib/protocol/sv2/authority_key.ts";
import { drawKeyPair, type KeyPair } from "../../../lib/protocol/sv2/noise/curve.ts";
import { Initiator } from "../../../lib/protocol/sv2/noise/initiator.ts";
import { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { assertGood, badKinds } from "./books.ts";
import { Sv2Client } from "./sv2_client.ts";

const HOUR = 3_600_000;

Deno.test("its address has its authority's key, and its certificate is valid", async () => {
  await using pool = await SimSv2Pool.start();
  assert.equal(pool.url, `stratum2+tcp://127.0.0.1:${pool.port}/${pool.authorityKey}`);
  assert.ok(parseAuthorityKey(pool.authorityKey).ok);
  await using client = await Sv2Client.shaken(pool);
  const { version, validFrom, validTo } = client.certificate;
  assert.equal(version, 0);
  assert.equal(validTo - validFrom, HOUR);
  assert.ok(Math.abs(Date.now() - validFrom) < 10_000, "from now on");
  assertGood(pool);
});

Deno.test("two pools with the same secret have the same key, others have not", async () => {
  const authoritySecret = drawKeyPair().secret;
  await using one = await SimSv2Pool.start({ authoritySecret });
  await using two = await SimSv2Pool.start({ authoritySecret });
  await using other = await SimSv2Pool.start();
  assert.equal(one.authorityKey, two.authorityKey);
  assert.notEqual(one.authorityKey, other.authorityKey);
});

for (
  const [name, options, code] of [
    ["signed by another authority", { certificateFlaw: "authority" }, "certificate-signature"],
    ["of another version", { certificateFlaw: "version" }, "certificate-version"],
    [
      "over for an hour",
      { certificateAgeMs: 2 * HOUR, certificateLifeMs: -HOUR },
      "certificate-expired",
    ],
    [
      "valid only in an hour",
      { certificateAgeMs: -HOUR, certificateLifeMs: 2 * HOUR },
      "certificate-not-yet-valid",
    ],
  ] as const
) {
  Deno.test(`a certificate ${name} is refused`, async () => {
    await using pool = await SimSv2Pool.start(options);
    await assert.rejects(Sv2Client.shaken(pool), { code });
  });
}

for (const like of ["sri", "blitzpool"] as const) {
  Deno.test(`act 1 in two segments counts as bad at ${like}, and only blitzpool closes`, async () => {
    await using pool = await SimSv2Pool.start({ like });
    const client = await Sv2Client.connect(pool);
    const { act1 } = new Initiator();
    await client.write(act1.subarray(0, 10));
    await pool.until(() => pool.statistics().bytesIn === 10);
    await client.write(act1.subarray(10)).catch(() => {});
    assert.equal((await client.readAct2()) === undefined, like === "blitzpool");
    assert.deepEqual(badKinds(pool), { splitAct1: 1 });
    client.close();
  });
}

Deno.test("act 1 that looks like another protocol counts, and blitzpool sends it there", async () => {
  for (const first of [0x0a, 0x0d, 0x16, 0x20, 0x47, 0x50, 0x7b]) {
    for (const like of ["sri", "blitzpool"] as const) {
      await using pool = await SimSv2Pool.start({ like });
      const client = await Sv2Client.connect(pool);
      await client.write(keyFrom(first).encoded);
      const answer = await client.readSome();
      const isHttp = first === 0x47 || first === 0x50;
      if (like === "sri") assert.equal(answer?.length, 234);
      else if (isHttp) assert.match(new TextDecoder().decode(answer), /^HTTP\/1.1 400 /);
      else assert.equal(answer, undefined);
      assert.deepEqual(badKinds(pool), { takenFirstByte: 1 });
      client.close();
    }
  }
});

Deno.test("bytes after act 1 count and end the connection", async () => {
  await using pool = await SimSv2Pool.start();
  const client = await Sv2Client.connect(pool);
  await client.write(Uint8Array.of(...new Initiator().act1, 1, 2, 3));
  assert.equal(await client.readAct2(), undefined);
  assert.deepEqual(badKinds(pool), { earlyBytes: 1 });
  client.close();
});

Deno.test("act 2 can be cut in half, missing, garbled, or a line of Stratum V1", async () => {
  for (const [act2, bytes] of [["half", 117], ["text", 62]] as const) {
    await using pool = await SimSv2Pool.start();
    await pool.setFaults({ act2 });
    const client = await Sv2Client.connect(pool);
    await client.write(new Initiator().act1);
    assert.equal((await client.readSome())?.length, bytes);
    client.close();
  }
  await using pool = await SimSv2Pool.start();
  await pool.setFaults({ act2: "garbled" });
  await assert.rejects(Sv2Client.shaken(pool), { code: "not-stratum-2" });
  await pool.setFaults({ act2: "none" });
  const client = await Sv2Client.connect(pool);
  await client.write(new Initiator().act1);
  await pool.until(() => pool.statistics().bytesIn === 128);
  pool.finishConnections();
  assert.equal(await client.readAct2(), undefined);
  assert.equal(pool.statistics().handshakes, 0);
  client.close();
});

/** An encoding of 64 bytes, any of which are a key, with this first byte. */
function keyFrom(first: number): KeyPair {
  const { secret, encoded } = drawKeyPair();
  encoded[0] = first;
  return { secret, encoded };
}
