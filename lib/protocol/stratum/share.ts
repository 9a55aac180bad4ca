/**
 * A share as a miner submits it: `mining.submit` [worker, job id, extranonce2, time, nonce,
 * version bits?].
 *
 * This is the obvious way to read one, out of parsed JSON; share_scanner.ts reads the usual
 * spelling straight from the bytes and must agree.
 */

import { parseHex32 } from "../../base/hex.ts";
import { parseJobId } from "./job_id.ts";
import type { RequestId } from "./request_id.ts";

/** A longer id is kept for no share: thousands may wait for a verdict, each with its own. */
const MAX_SHARE_ID_LENGTH = 256;

/** A miner's proof of work on one of our jobs. Numbers are unsigned 32 bits. */
export interface Share {
  /** Of the request that brought it. */
  readonly id: RequestId;
  /** Our job number; `NO_JOB` for an id that is not ours. */
  readonly jobId: number;
  /** The bytes the miner rolls in the coinbase, as a number. */
  readonly extranonce2: number;
  /** How many hex digits it was written in, 1 to 8. */
  readonly extranonce2Digits: number;
  /** The header's time, seconds since 1970. */
  readonly ntime: number;
  /** The header's nonce. */
  readonly nonce: number;
  /** What the miner changed in the job's version; 0 for nothing. */
  readonly versionBits: number;
  /** Whether the miner sent the field at all, as miners with ASICBoost do. */
  readonly hasVersionBits: boolean;
}

/**
 * Reads the parameters of `mining.submit`. The worker is not looked at: a connection is one
 * miner. What follows the sixth parameter is not either. A version field of null counts as none.
 *
 * @returns `undefined` if a parameter is missing, no text, or not 1 to 8 hex digits, or the id is
 * too long (error 27).
 */
export function parseShare(id: RequestId, params: readonly unknown[]): Share | undefined {
  const [, job, ...fields] = params;
  const [extranonce2, ntime, nonce] = fields.slice(0, 3).map(hexParam);
  const hasVersionBits = fields[3] !== undefined && fields[3] !== null;
  const versionBits = hasVersionBits ? hexParam(fields[3]) : 0;
  if (
    typeof id === "string" && id.length > MAX_SHARE_ID_LENGTH || typeof job !== "string" ||
    extranonce2 === undefined || ntime === undefined ||
    nonce === undefined || versionBits === undefined
  ) return undefined;
  return {
    id,
    jobId: parseJobId(job),
    extranonce2,
    extranonce2Digits: (fields[0] as string).length,
    ntime,
    nonce,
    versionBits,
    hasVersionBits,
  };
}

function hexParam(value: unknown): number | undefined {
  return typeof value === "string" ? parseHex32(value) : undefined;
}
