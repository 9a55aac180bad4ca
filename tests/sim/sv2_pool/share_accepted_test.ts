/** The recorded exchange with a real pool, repeated by the simulated one, byte for byte. */

import assert from "node:assert/strict";
import { targetOfBytes } from "../../../lib/bitcoin/target.ts";
import {
  encodePoolMessage,
  type KnownPoolMessage,
} from "../../../lib/protocol/sv2/pool_message.ts";
import { SimSv2Pool } from "../../../lib/sim/sv2_pool/sim_sv2_pool.ts";
import { vector } from "../../protocol/sv2/vectors.ts";
import { framed, POOL } from "../../protocol/sv2/codec.ts";
import { Sv2Client } from "./sv2_client.ts";

const FRAMES = vector("share-accepted").frames!;
const SENT = FRAMES.flatMap(({ c2s }) => c2s === undefined ? [] : [Uint8Array.fromHex(c2s)]);
const RECEIVED = FRAMES.flatMap(({ s2c }) => s2c === undefined ? [] : [s2c]);

/** The recorded message of this kind. */
function recorded<Kind extends KnownPoolMessage["kind"]>(
  kind: Kind,
): Extract<KnownPoolMessage, { kind: Kind }> {
  const all = RECEIVED.map((hex) => POOL.decode(framed(Uint8Array.fromHex(hex))));
  return all.find((one) => one.kind === kind) as Extract<KnownPoolMessage, { kind: Kind }>;
}

Deno.test("vector share-accepted: the simulated pool answers what the real one did", async () => {
  const { target, extranoncePrefix } = recorded("openExtendedMiningChannelSuccess");
  const job = recorded("newExtendedMiningJob");
  const { prevHash, minNtime, bits } = recorded("setNewPrevHash");
  await using pool = await SimSv2Pool.start({
    like: "sri",
    acksEvery: 1,
    extranonceSize: 8,
    rewrite: {
      target: () => targetOfBytes(target),
      prefix: () => extranoncePrefix,
      job: () => ({
        id: String(job.jobId),
        prevHash: prevHash.toHex().replace(/(..)(..)(..)(..)/g, "$4$3$2$1"),
        coinbase1: job.coinbasePrefix.toHex(),
        coinbase2: job.coinbaseSuffix.toHex(),
        merkleBranches: job.merklePath.map((hash) => hash.toHex()),
        version: job.version.toString(16).padStart(8, "0"),
        bits: bits.toString(16).padStart(8, "0"),
        ntime: minNtime.toString(16).padStart(8, "0"),
        isClean: true,
      }),
    },
  });
  await using client = await Sv2Client.shaken(pool);
  const [setup, extensions, open, ...shares] = SENT;
  const received = () =>
    client.messages.map((message) => encodePoolMessage(message as KnownPoolMessage).toHex());
  for (const [i, frame] of [setup!, extensions!].entries()) {
    client.sendFrames(frame);
    await client.until(() => client.messages.length === i + 1);
  }
  client.sendFrames(open!);
  await client.until(() => client.messages.length === 5);
  client.sendFrames(...shares);
  await client.until(() => client.messages.length === RECEIVED.length);
  assert.deepEqual(received(), RECEIVED);

  const { accepted, rejectedBy, badBehaviour, badNotes, byName, acceptedByTarget } = pool
    .statistics();
  assert.equal(accepted, 1);
  assert.deepEqual([...rejectedBy], [["duplicate-share", 1]]);
  assert.deepEqual([...badBehaviour], [], badNotes.join("\n"));
  assert.deepEqual([...byName.keys()], ["rig1"]);
  assert.deepEqual([...acceptedByTarget], [[target.toReversed().toHex(), 1]]);
});
