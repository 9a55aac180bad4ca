/**
 * How the simulated pool judges a share, in the order of agent.md "How a share is judged".
 */

import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import { POOL_STATUS, SHARE_ACCEPTED } from "../protocol/agent/status.ts";
import type { SentJob } from "./pool_jobs.ts";
import { coinbaseOf, headerOf, merkleRoot } from "../bitcoin/header.ts";
import { meetsDifficulty } from "../bitcoin/target.ts";

/** How far a share's time may be after its job's, in seconds. */
const MAX_TIME_AHEAD_SECONDS = 600;

/** A share from a submit frame, with the time filled in. */
export interface ReceivedShare {
  /** The miner's extranonce1. */
  readonly sessionId: number;
  /** 32 bits. */
  readonly extranonce2: number;
  /** 32 bits. */
  readonly nonce: number;
  /** The job's own time when the frame left it out or had 0. */
  readonly ntime: number;
  /** Bits to XOR into the job's version. */
  readonly versionBits: number;
}

/** What a share is judged by, besides its own values and its job. */
export interface Bar {
  /** Height of the newest work. */
  readonly height: number;
  /** Version bits a share may change. */
  readonly versionMask: number;
  /** The worker's difficulty when the job was sent; `undefined` to accept any hash. */
  readonly difficulty: number | undefined;
  /**
   * The part of accepted hashes that is good enough: 1 for all. A nonce stands for its share's luck.
   */
  readonly luck: number;
}

/**
 * Does the checks that need no hash: returns the status of a rejection, or `undefined` to continue.
 * Notes the share as seen, so that a second one is a duplicate even if the first turns out bad.
 */
export function checkAtOnce(sent: SentJob | undefined, share: ReceivedShare): number | undefined {
  if (sent === undefined) return POOL_STATUS.jobNotFound;
  const key =
    `${share.sessionId}.${share.extranonce2}.${share.nonce}.${share.ntime}.${share.versionBits}`;
  if (sent.shares.has(key)) return ERROR_CODE.duplicate;
  sent.shares.add(key);
  return undefined;
}

/** Does the checks of the pool's hashing thread, and returns the share's final status. */
export function checkByHash(sent: SentJob, share: ReceivedShare, bar: Bar): number {
  const { work } = sent;
  if (work.height < bar.height) return POOL_STATUS.stale;
  if (share.ntime < work.minTime) return ERROR_CODE.timeTooOld;
  if (share.ntime > work.ntime + MAX_TIME_AHEAD_SECONDS) return ERROR_CODE.timeTooNew;
  if ((share.versionBits & ~bar.versionMask) !== 0) return ERROR_CODE.versionMask;
  if (bar.difficulty !== undefined) {
    const coinbase = coinbaseOf(sent.job, share.sessionId, share.extranonce2);
    const root = merkleRoot(coinbase, sent.job.merkleBranches);
    const header = headerOf(sent.job, root, share.ntime, share.nonce, share.versionBits);
    if (!meetsDifficulty(header, bar.difficulty)) return ERROR_CODE.lowDifficulty;
  } else if (share.nonce / 2 ** 32 >= bar.luck) {
    return ERROR_CODE.lowDifficulty;
  }
  return SHARE_ACCEPTED;
}
