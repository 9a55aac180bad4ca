/**
 * Messages about jobs.
 */

import { B0_64K, BOOL, OPTION_U32, SEQ0_255_U256, U256, U32 } from "./field.ts";
import type { Layout } from "./layout.ts";

/** Work for an extended channel. */
export interface NewExtendedMiningJob {
  /** Tells the messages apart. */
  readonly kind: "newExtendedMiningJob";
  /** A channel or a group. */
  readonly channelId: number;
  /** The pool's, to be used again once it is invalid. */
  readonly jobId: number;
  /** Seconds since 1970; `undefined`: a future job, without a use before its prev hash comes. */
  readonly minNtime: number | undefined;
  /** The header's version. */
  readonly version: number;
  /** Whether shares may have another version. */
  readonly isVersionRollingAllowed: boolean;
  /** 32 bytes each, in the order of hashing. */
  readonly merklePath: readonly Uint8Array[];
  /** The coinbase up to the extranonce prefix. */
  readonly coinbasePrefix: Uint8Array;
  /** The coinbase after the extranonce. */
  readonly coinbaseSuffix: Uint8Array;
}

/** A new block: one future job is the job now, all others are invalid. */
export interface SetNewPrevHash {
  /** Tells the messages apart. */
  readonly kind: "setNewPrevHash";
  /** A channel or a group. */
  readonly channelId: number;
  /** Of the future job. */
  readonly jobId: number;
  /** 32 bytes, as they stand in the header. */
  readonly prevHash: Uint8Array;
  /** Seconds since 1970. */
  readonly minNtime: number;
  /** The network's target, as it stands in the header. */
  readonly bits: number;
}

/** Layout of {@linkcode NewExtendedMiningJob}. */
export const NEW_EXTENDED_MINING_JOB: Layout<NewExtendedMiningJob> = {
  name: "NewExtendedMiningJob",
  extension: 0,
  type: 0x1f,
  isChannelMessage: true,
  fields: {
    channelId: U32,
    jobId: U32,
    minNtime: OPTION_U32,
    version: U32,
    isVersionRollingAllowed: BOOL,
    merklePath: SEQ0_255_U256,
    coinbasePrefix: B0_64K,
    coinbaseSuffix: B0_64K,
  },
};

/** Layout of {@linkcode SetNewPrevHash}. */
export const SET_NEW_PREV_HASH: Layout<SetNewPrevHash> = {
  name: "SetNewPrevHash",
  extension: 0,
  type: 0x20,
  isChannelMessage: true,
  fields: { channelId: U32, jobId: U32, prevHash: U256, minNtime: U32, bits: U32 },
};
