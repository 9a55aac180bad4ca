/** Recorded shares that real servers judged: our jobs give their headers, and our submits their lines. */

import assert from "node:assert/strict";
import { headerOf, merkleRoot } from "../../../lib/bitcoin/header.ts";
import { notifyOf, type RecordedShare, SHARES } from "../../protocol/stratum_vectors.ts";
import { difficultyLine, STRATUM_LINES, StratumRig } from "../../support/stratum_rig.ts";

const FOUND = SHARES.filter((share) => share.submitted_as_found);

/** A session that has the share's job from a pool that leaves as many bytes. */
function readyFor(share: RecordedShare): Promise<StratumRig> {
  const isRolling = share.version_bits !== null;
  const bytes = share.extranonce2.length / 2;
  return StratumRig.ready([
    isRolling ? STRATUM_LINES.conf : '{"id":1,"result":false,"error":null}',
    `{"id":2,"result":[[],"${share.extranonce1}",${bytes}],"error":null}`,
    difficultyLine(share.pool_difficulty),
    notifyOf(share),
    STRATUM_LINES.auth,
  ]);
}

Deno.test("The jobs handed on give the headers of all recorded shares", async () => {
  for (const share of FOUND) {
    const rig = await readyFor(share);
    const job = rig.upstream.latestJob;
    const coinbase = job.coinbase1 + share.extranonce2 + job.coinbase2;
    const root = merkleRoot(Uint8Array.fromHex(coinbase), job.merkleBranches);
    const bits = parseInt(share.version_bits ?? "0", 16);
    const header = headerOf(job, root, parseInt(share.time, 16), parseInt(share.nonce, 16), bits);
    assert.equal(header.toHex(), share.header, `${share.server}: ${share.name}`);
    rig.session.close();
  }
  assert.ok(FOUND.length >= 60);
});

Deno.test("Trap 1, 6, 12: shares that fit our layout go up as they went to the real servers", async () => {
  let seen = 0;
  for (const share of FOUND) {
    const bytes = share.extranonce2.length / 2;
    if (bytes === 8 && !share.extranonce2.startsWith("0000")) continue;
    const rig = await readyFor(share);
    const { offset, idBytes } = rig.upstream.terms.extranonce;
    const rest = share.extranonce2.slice(2 * offset);
    rig.submit(
      parseInt(rest.slice(0, 2 * idBytes), 16),
      {
        extranonce2: parseInt(rest.slice(2 * idBytes).padEnd(8, "0"), 16),
        ntime: parseInt(share.time, 16),
        nonce: parseInt(share.nonce, 16),
        versionBits: parseInt(share.version_bits ?? "0", 16),
      },
      { poolJobId: share.job.id },
    );
    const { params } = JSON.parse((await rig.lines())[0]!);
    assert.deepEqual(params.slice(1), share.submitted.slice(1), `${share.server}: ${share.name}`);
    seen++;
    rig.session.close();
  }
  assert.ok(seen >= 20, `${seen}`);
});
