/**
 * Faults of a simulated pool: switches for tests, and bytes that no good pool sends.
 */

import { formatHex32 } from "../base/hex.ts";
import { COMMAND, FRAME_MAGIC } from "../protocol/agent/frame.ts";
import { encodeNotify, type Job } from "../protocol/stratum/job.ts";
import { encodeLine, formatNotification } from "../protocol/stratum/message.ts";

/** The switches. Counts of 0 mean never. */
export interface PoolFaults {
  /** Nothing listens on the port; connections that exist stay. */
  readonly refuseConnections: boolean;
  /** No byte is sent any more; received bytes are still read and handled. */
  readonly isSilent: boolean;
  /** After this many answered requests a connection falls silent; `undefined` for no end. */
  readonly maxAnswers: number | undefined;
  /** Authorize is answered with error 29. */
  readonly refuseAuthorize: boolean;
  /** Authorize is answered, and takes effect, this much later. */
  readonly authorizeDelayMs: number;
  /** The extranonce2 size in the subscribe answer; agents need 8. */
  readonly extranonce2Size: number;
  /** The capability `verrol` is not offered. */
  readonly hasNoVerrol: boolean;
  /** The capability `subres` is not offered and has no effect when asked for. */
  readonly hasNoSubres: boolean;
  /** A version mask that replaces the pool's own; 0 for a pool without version rolling. */
  readonly versionMask: number | undefined;
  /** Bytes are sent one at a time, this far apart. */
  readonly dribbleMs: number;
  /** Nothing is read, so that the agent's writes get stuck. */
  readonly stopReading: boolean;
  /** Every n-th verdict is not sent. */
  readonly dropEveryNthVerdict: number;
  /** Every n-th verdict is sent twice. */
  readonly repeatEveryNthVerdict: number;
  /** After every n verdicts one is sent for a submit that never came. */
  readonly strayEveryNthVerdict: number;
  /** Every share gets this status as its verdict; `undefined` to judge shares normally. */
  readonly everyVerdict: number | undefined;
  /** The pool's work stays the same: new connections get it, and no connection gets other work. */
  readonly sendsNoNewJob: boolean;
  /** Bytes sent as soon as a connection is accepted, such as {@linkcode BROKEN_BYTES}. */
  readonly greeting: Uint8Array | undefined;
}

/** A pool without faults. */
export const NO_FAULTS: PoolFaults = {
  refuseConnections: false,
  isSilent: false,
  maxAnswers: undefined,
  refuseAuthorize: false,
  authorizeDelayMs: 0,
  extranonce2Size: 8,
  hasNoVerrol: false,
  hasNoSubres: false,
  versionMask: undefined,
  dribbleMs: 0,
  stopReading: false,
  dropEveryNthVerdict: 0,
  repeatEveryNthVerdict: 0,
  strayEveryNthVerdict: 0,
  everyVerdict: undefined,
  sendsNoNewJob: false,
  greeting: undefined,
};

const OVERSIZED_BYTES = 2 << 20;
const OVERSIZED_JOB_BYTES = 480_000;

/** Bytes a good pool never sends, for `SimPool.send()` and the fault `greeting`. */
export const BROKEN_BYTES = {
  /** A line that is not JSON. */
  garbageLine: (): Uint8Array => encodeLine("<html>502 Bad Gateway</html>"),
  /** A line of 2 MiB. */
  oversizedLine: (): Uint8Array => encodeLine('"' + "x".repeat(OVERSIZED_BYTES) + '"'),
  /** `count` alternating masks in one write; the last equals the current one. */
  maskFlips: (count: number, mask: number): Uint8Array =>
    joined(
      Array.from({ length: count }, (_, i) => {
        const narrow = (count - i) % 2 === 0 ? mask & 0x00ffe000 : mask;
        return encodeLine(
          formatNotification("mining.set_version_mask", `["${formatHex32(narrow)}"]`),
        );
      }),
    ),
  /** A job of nearly 1 MiB, which no firmware accepts. */
  oversizedJob: (job: Job): Uint8Array =>
    encodeNotify({ ...job, coinbase2: "00".repeat(OVERSIZED_JOB_BYTES) }, "0", false),
  /** A verdict frame that states a wrong length, such as 0 or 3. */
  frameOfLength: (length: number): Uint8Array =>
    Uint8Array.of(FRAME_MAGIC, COMMAND.verdict, length & 0xff, length >> 8, 0, 0, 0, 0, 0, 0),
  /** A frame with a command that no agent knows; harmless. */
  unknownFrame: (): Uint8Array => Uint8Array.of(FRAME_MAGIC, 0x6e, 8, 0, 0x0a, 0x7f, 0, 0),
} as const;

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
