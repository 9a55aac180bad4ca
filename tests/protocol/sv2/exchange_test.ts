/** A whole exchange with a real implementation, up to a share that it accepted. */

import assert from "node:assert/strict";
import { formatHex32, parseHex32 } from "../../../lib/base/hex.ts";
import { coinbaseOf, hashDisplay, headerOf, merkleRoot } from "../../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../../lib/bitcoin/sha256.ts";
import { targetOfBytes } from "../../../lib/bitcoin/target.ts";
import { AGENT, type AnyMessage, framed, POOL } from "./codec.ts";
import { RUN_BY, vector } from "./vectors.ts";

const [ACCEPTED, AS_SV1] = RUN_BY.exchange;

interface Step {
  readonly from: "agent" | "pool";
  readonly hex: string;
  readonly message: AnyMessage;
}

const STEPS: readonly Step[] = vector(ACCEPTED).frames!.map(({ c2s, s2c }) => {
  const hex = c2s ?? s2c!;
  const side = c2s === undefined ? POOL : AGENT;
  return {
    from: c2s === undefined ? "pool" : "agent",
    hex,
    message: side.decode(framed(Uint8Array.fromHex(hex))),
  };
});

/** The only message of this kind, or the first. */
function only<Kind extends AnyMessage["kind"]>(kind: Kind): Extract<AnyMessage, { kind: Kind }> {
  return STEPS.map(({ message }) => message).find((message) => message.kind === kind) as Extract<
    AnyMessage,
    { kind: Kind }
  >;
}

Deno.test("vector share-accepted: every frame of the exchange is known and written back", () => {
  assert.deepEqual(STEPS.map(({ from, message }) => `${from} ${message.kind}`), [
    "agent setupConnection",
    "pool setupConnectionSuccess",
    "agent requestExtensions",
    "pool requestExtensionsSuccess",
    "agent openExtendedMiningChannel",
    "pool openExtendedMiningChannelSuccess",
    "pool newExtendedMiningJob",
    "pool setNewPrevHash",
    "agent submitSharesExtended",
    "agent submitSharesExtended",
    "pool submitSharesSuccess",
    "pool submitSharesError",
  ]);
  for (const { from, hex, message } of STEPS) {
    assert.equal((from === "agent" ? AGENT : POOL).encode(message).toHex(), hex);
  }
  assert.equal(only("submitSharesError").errorCode, "duplicate-share");
});

Deno.test("vector share-accepted: its messages give the header that was accepted, byte for byte", () => {
  const fields = vector(ACCEPTED).fields!;
  const { extranoncePrefix, target, extranonceSize } = only("openExtendedMiningChannelSuccess");
  const job = only("newExtendedMiningJob");
  const { prevHash, bits, jobId } = only("setNewPrevHash");
  const share = only("submitSharesExtended");
  assert.equal(job.minNtime, undefined, "a future job");
  assert.equal(jobId, job.jobId);
  assert.equal(share.extranonce.length, extranonceSize);
  assert.equal(new TextDecoder().decode(share.workerName), "rig1");

  const coinbase = Uint8Array.fromHex(
    [job.coinbasePrefix, extranoncePrefix, share.extranonce, job.coinbaseSuffix]
      .map((part) => part.toHex()).join(""),
  );
  assert.equal(coinbase.toHex(), fields["coinbase"]);
  assert.equal(doubleSha256(coinbase).toHex(), fields["txid_internal"]);
  const root = merkleRoot(coinbase, job.merklePath.map((hash) => hash.toHex()));
  assert.equal(root.toHex(), fields["merkle_root_internal"]);

  const header = new Uint8Array(80);
  const out = new DataView(header.buffer);
  out.setUint32(0, share.version, true);
  header.set(prevHash, 4);
  header.set(root, 36);
  out.setUint32(68, share.ntime, true);
  out.setUint32(72, bits, true);
  out.setUint32(76, share.nonce, true);
  assert.equal(header.toHex(), fields["header"]);
  assert.equal(hashDisplay(header), fields["hash_display"]);
  assert.equal(target.toHex(), fields["target_le"]);
  const highest = targetOfBytes(target);
  assert.equal(highest.toString(16).padStart(64, "0"), fields["target_display"]);
  assert.ok(BigInt(`0x${hashDisplay(header)}`) <= highest);
});

Deno.test("vector share-as-sv1: the fields of Stratum V1 alone give the same header", () => {
  const { fields, hex } = vector(AS_SV1);
  const notify = fields!["notify"] as Record<string, string> & { merkle_branch: string[] };
  const submit = fields!["submit"] as Record<string, string>;
  const extranonce = submit["extranonce1"]! + submit["extranonce2"]!;
  assert.equal(extranonce, only("submitSharesExtended").extranonce.toHex());
  const coinbase = coinbaseOf(
    { coinbase1: notify["coinb1"]!, coinbase2: notify["coinb2"]! },
    parseHex32(extranonce.slice(0, 8))!,
    parseHex32(extranonce.slice(8))!,
  );
  const header = headerOf(
    { version: notify["version"]!, prevHash: notify["prevhash"]!, bits: notify["nbits"]! },
    merkleRoot(coinbase, notify.merkle_branch),
    parseHex32(submit["ntime"]!)!,
    parseHex32(submit["nonce"]!)!,
    parseHex32(submit["version_bits"]!)!,
  );
  assert.equal(header.toHex(), hex);
  assert.equal(header.toHex(), vector(ACCEPTED).fields!["header"]);
  const job = only("newExtendedMiningJob");
  assert.equal(notify["version"], formatHex32(job.version));
  const prefix = only("openExtendedMiningChannelSuccess").extranoncePrefix;
  assert.equal(notify["coinb1"], job.coinbasePrefix.toHex() + prefix.toHex());
});
