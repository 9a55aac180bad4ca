/**
 * Messages about shares.
 */

import { B0_32, MAX_EXTRANONCE_BYTES, STR0_255, U32, U64 } from "./field.ts";
import { CHANNEL_MESSAGE_BIT, FRAME_HEADER_BYTES, writeFrameHeader } from "./frame.ts";
import type { Layout } from "./layout.ts";
import { WORKER_NAME_TLV, writeWorkerName } from "./worker_name.ts";

/** A share. */
export interface SubmitSharesExtended {
  /** Tells the messages apart. */
  readonly kind: "submitSharesExtended";
  /** The channel, never a group. */
  readonly channelId: number;
  /** Ours: one more for each share of the channel. */
  readonly sequenceNumber: number;
  /** The pool's. */
  readonly jobId: number;
  /** The header's. */
  readonly nonce: number;
  /** The header's. */
  readonly ntime: number;
  /** The header's, whole: rolled bits included. */
  readonly version: number;
  /** Exactly as many bytes as the pool granted. */
  readonly extranonce: Uint8Array;
  /**
   * 1 to 32 bytes of UTF-8 if the extension for worker names was agreed on; `undefined` if not. A
   * share that was read may have any length.
   */
  readonly workerName: Uint8Array | undefined;
}

/** The pool accepts all shares up to this one that it has not refused. */
export interface SubmitSharesSuccess {
  /** Tells the messages apart. */
  readonly kind: "submitSharesSuccess";
  /** The channel. */
  readonly channelId: number;
  /** Of the last share accepted. */
  readonly lastSequenceNumber: number;
  /** Shares accepted since the last such message; older pools: since the channel was opened. */
  readonly acceptedCount: number;
  /** Their difficulty in whole numbers, 0 below 1: of no use for books. Exact up to 2^53. */
  readonly sharesSum: number;
}

/** The pool refuses a share. */
export interface SubmitSharesError {
  /** Tells the messages apart. */
  readonly kind: "submitSharesError";
  /** The channel. */
  readonly channelId: number;
  /** Of the share. */
  readonly sequenceNumber: number;
  /** Not standardized. */
  readonly errorCode: string;
}

/** Layout of {@linkcode SubmitSharesExtended}. */
export const SUBMIT_SHARES_EXTENDED: Layout<SubmitSharesExtended> = {
  name: "SubmitSharesExtended",
  extension: 0,
  type: 0x1b,
  isChannelMessage: true,
  fields: {
    channelId: U32,
    sequenceNumber: U32,
    jobId: U32,
    nonce: U32,
    ntime: U32,
    version: U32,
    extranonce: B0_32,
    workerName: WORKER_NAME_TLV,
  },
};

/** Layout of {@linkcode SubmitSharesSuccess}. */
export const SUBMIT_SHARES_SUCCESS: Layout<SubmitSharesSuccess> = {
  name: "SubmitShares.Success",
  extension: 0,
  type: 0x1c,
  isChannelMessage: true,
  fields: { channelId: U32, lastSequenceNumber: U32, acceptedCount: U32, sharesSum: U64 },
};

/** Layout of {@linkcode SubmitSharesError}. */
export const SUBMIT_SHARES_ERROR: Layout<SubmitSharesError> = {
  name: "SubmitShares.Error",
  extension: 0,
  type: 0x1d,
  isChannelMessage: true,
  fields: { channelId: U32, sequenceNumber: U32, errorCode: STR0_255 },
};

/** Where a share's payload has its fields: offsets from its start. */
const AT = {
  channelId: 0,
  sequenceNumber: 4,
  jobId: 8,
  nonce: 12,
  ntime: 16,
  version: 20,
  extranonceBytes: 24,
  extranonce: 25,
} as const;

/** The longest frame of a share, header included: 32 bytes of extranonce, 32 of name. */
export const MAX_SHARE_FRAME_BYTES = 100;

/**
 * Writes the frame of a share at `at`, header included, and nothing into the heap: `share` may be
 * one object, filled again for each share.
 *
 * @returns where the frame ends.
 * @throws RangeError for more than 32 bytes of extranonce, or a name not of 1 to 32 bytes.
 */
export function writeShare(
  out: DataView,
  at: number,
  share: Omit<SubmitSharesExtended, "kind">,
): number {
  const { extranonce, workerName } = share;
  if (extranonce.length > MAX_EXTRANONCE_BYTES) {
    throw new RangeError(`Cannot write an extranonce of ${extranonce.length} bytes`);
  }
  const payload = at + FRAME_HEADER_BYTES;
  out.setUint32(payload + AT.channelId, share.channelId, true);
  out.setUint32(payload + AT.sequenceNumber, share.sequenceNumber, true);
  out.setUint32(payload + AT.jobId, share.jobId, true);
  out.setUint32(payload + AT.nonce, share.nonce, true);
  out.setUint32(payload + AT.ntime, share.ntime, true);
  out.setUint32(payload + AT.version, share.version, true);
  out.setUint8(payload + AT.extranonceBytes, extranonce.length);
  let end = payload + AT.extranonce;
  for (let i = 0; i < extranonce.length; i++) out.setUint8(end++, extranonce[i]!);
  if (workerName !== undefined) end = writeWorkerName(out, end, workerName);
  const { type } = SUBMIT_SHARES_EXTENDED;
  writeFrameHeader(out, at, CHANNEL_MESSAGE_BIT, type, end - payload);
  return end;
}

/** Changes the sequence number in the frame of a share: the last thing known of it. */
export function setSequenceNumber(frame: Uint8Array, sequenceNumber: number): void {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  view.setUint32(FRAME_HEADER_BYTES + AT.sequenceNumber, sequenceNumber, true);
}
