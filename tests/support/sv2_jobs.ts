/** Jobs of a Stratum V2 pool with coinbases that a node would accept. */

import type { NewExtendedMiningJob, SetNewPrevHash } from "../../lib/protocol/sv2/job.ts";

/** What a coinbase must leave room for. */
export interface CoinbaseRoom {
  /** Bytes of the pool's extranonce prefix. */
  readonly prefixBytes: number;
  /** Bytes of the extranonce. */
  readonly bytes: number;
}

/** The room of most tests. */
export const ROOM: CoinbaseRoom = { prefixBytes: 4, bytes: 8 };

/** The bits field of the easiest network: every hash that a test tries by chance is no block. */
export const BITS = 0x1703_0ecd;

/** A job's own time. */
export const NTIME = 0x650d_1b20;

/** The two parts of a coinbase, as hex. */
export function coinbaseParts(
  { prefixBytes, bytes }: CoinbaseRoom = ROOM,
): { readonly prefix: string; readonly suffix: string } {
  const script = "03a1b2c3";
  const scriptBytes = script.length / 2 + prefixBytes + bytes;
  return {
    prefix: "01000000" + "01" + "00".repeat(32) + "ffffffff" +
      scriptBytes.toString(16).padStart(2, "0") + script,
    suffix: "ffffffff" + "01" + "00f2052a01000000" + "16" + "0014" + "ab".repeat(20) + "00000000",
  };
}

/** The same with the fields of SegWit that some pools forget to take out. */
export function unstrippedParts(
  room: CoinbaseRoom = ROOM,
): { readonly prefix: string; readonly suffix: string } {
  const { prefix, suffix } = coinbaseParts(room);
  return {
    prefix: prefix.slice(0, 8) + "0001" + prefix.slice(8),
    suffix: suffix.slice(0, -8) + "0120" + "00".repeat(32) + suffix.slice(-8),
  };
}

/** A future job of channel 7, unless told otherwise. */
export function extendedJobMessage(
  changes: Partial<NewExtendedMiningJob> = {},
  { prefix, suffix } = coinbaseParts(),
): NewExtendedMiningJob {
  return {
    kind: "newExtendedMiningJob",
    channelId: 7,
    jobId: 1,
    minNtime: undefined,
    version: 0x2000_0000,
    isVersionRollingAllowed: true,
    merklePath: [new Uint8Array(32).fill(0xcd)],
    coinbasePrefix: Uint8Array.fromHex(prefix),
    coinbaseSuffix: Uint8Array.fromHex(suffix),
    ...changes,
  };
}

/** A new block for job 1 of channel 7, unless told otherwise. */
export function prevHashMessage(changes: Partial<SetNewPrevHash> = {}): SetNewPrevHash {
  return {
    kind: "setNewPrevHash",
    channelId: 7,
    jobId: 1,
    prevHash: Uint8Array.from({ length: 32 }, (_, i) => i),
    minNtime: NTIME,
    bits: BITS,
    ...changes,
  };
}
