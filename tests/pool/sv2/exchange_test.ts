/** The exchange with a real implementation, replayed: our handshake and our job are the same. */

import assert from "node:assert/strict";
import type { ActiveJob } from "../../../lib/pool/sv2/channel.ts";
import { Sv2Handshake } from "../../../lib/pool/sv2/handshake.ts";
import { AGENT, type AnyMessage, framed, POOL } from "../../protocol/sv2/codec.ts";
import { vector } from "../../protocol/sv2/vectors.ts";

/** The messages of the vector, in order. */
const MESSAGES: readonly (readonly ["agent" | "pool", AnyMessage])[] = vector("share-accepted")
  .frames!.map(({ c2s, s2c }) => {
    const [side, codec] = c2s === undefined ? ["pool", POOL] as const : ["agent", AGENT] as const;
    return [side, codec.decode(framed(Uint8Array.fromHex(c2s ?? s2c!)))];
  });

Deno.test("vector share-accepted: the same questions in the same order, and the job of share-as-sv1", () => {
  const handshake = new Sv2Handshake({
    user: "bc1qtest.rig",
    version: "1.0",
    host: "127.0.0.1",
    port: 1,
    wantsRolling: true,
    wantsNames: true,
    extranonce2Bytes: undefined,
    hashrate: () => 0,
    notices: { add: (_, why) => assert.fail(why) },
  });
  const asked = [handshake.begin().kind];
  const theirs = MESSAGES.filter(([side]) => side === "agent").map(([, { kind }]) => kind);
  for (const [side, message] of MESSAGES) {
    if (side === "agent") continue;
    if (message.kind === "submitSharesSuccess") break;
    // Our request ids need not be those of the vector.
    const ours = message.kind === "openExtendedMiningChannelSuccess"
      ? { ...message, requestId: 0 }
      : message;
    const next = handshake.receive(ours as Parameters<typeof handshake.receive>[0], 0);
    if (next !== undefined) asked.push(next.kind);
  }
  assert.deepEqual(asked, theirs.filter((kind) => kind !== "submitSharesExtended"));
  const { active, room, namesWorkers } = handshake.agreement!;
  assert.equal(namesWorkers, true);
  assert.equal(room.bytes, 8);
  const { notify } = vector("share-as-sv1").fields as {
    readonly notify: Readonly<Record<string, unknown>>;
  };
  assert.deepEqual(inNotify(active), notify);
});

/** A job by the vector's names. */
function inNotify({ job }: ActiveJob): Record<string, unknown> {
  return {
    job_id: job.id,
    prevhash: job.prevHash,
    coinb1: job.coinbase1,
    coinb2: job.coinbase2,
    merkle_branch: job.merkleBranches,
    version: job.version,
    nbits: job.bits,
    ntime: job.ntime,
    clean_jobs: job.isClean,
  };
}
