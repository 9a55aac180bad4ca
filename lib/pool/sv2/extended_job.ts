/**
 * Jobs of Stratum V2 as jobs for miners: checked, without the fields of SegWit, and with the pool's
 * prefix at the end of coinbase part 1; pure.
 *
 * A job with a coinbase that no node would accept would burn all hashrate, so it never reaches a
 * miner.
 */

import { formatHex32 } from "../../base/hex.ts";
import { coinbaseScript } from "../../bitcoin/coinbase.ts";
import { networkTarget } from "../../bitcoin/target.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import type { NewExtendedMiningJob, SetNewPrevHash } from "../../protocol/sv2/job.ts";
import { checkJobLine } from "../job_line.ts";

/** A merkle tree this high holds four billion transactions. */
const MAX_PATH = 32;

/** Where a transaction has the marker and flag of SegWit; without them, the count of its inputs. */
const MARKER_AT = 4;
const MARKER_BYTES = 2;

/** The witness of a coinbase: one element of 32 bytes. The 4 bytes of the lock time follow it. */
const WITNESS_BYTES = 34;
const LOCK_TIME_BYTES = 4;

/** A job that can be given to miners once its previous hash is known. */
export interface ExtendedJob {
  /** The pool's number. */
  readonly jobId: number;
  /** Its own time if it needs no other previous hash; `undefined` for a future job. */
  readonly minNtime: number | undefined;
  /** Whether shares may have other version bits. */
  readonly isVersionRollingAllowed: boolean;
  /** What miners get of it: everything that does not come with the previous hash. */
  readonly parts: Pick<Job, "id" | "coinbase1" | "coinbase2" | "merkleBranches" | "version">;
}

/** A job, or why it cannot be used, as the rest of a sentence about it. */
export type ExtendedJobResult =
  | { readonly ok: true; readonly job: ExtendedJob }
  | { readonly ok: false; readonly why: string };

/**
 * Checks a job.
 *
 * @param extranoncePrefix the pool's, in force when the job came.
 * @param extranonceBytes those that we fill after it.
 */
export function extendedJob(
  message: NewExtendedMiningJob,
  extranoncePrefix: Uint8Array,
  extranonceBytes: number,
): ExtendedJobResult {
  const { jobId, minNtime, isVersionRollingAllowed, merklePath } = message;
  if (merklePath.length > MAX_PATH) {
    return bad(`its merkle path has ${merklePath.length} hashes, at most ${MAX_PATH} make sense`);
  }
  const stripped = withoutWitness(message.coinbasePrefix, message.coinbaseSuffix);
  if (stripped === undefined) return bad("its coinbase has a witness that is not one of 32 bytes");
  const { prefix, suffix } = stripped;
  const coinbase1 = prefix.toHex() + extranoncePrefix.toHex();
  const coinbase2 = suffix.toHex();
  const coinbase = Uint8Array.fromHex(coinbase1 + "00".repeat(extranonceBytes) + coinbase2);
  const script = coinbaseScript(coinbase);
  if (script === undefined) return bad("its coinbase is no transaction that a node accepts");
  const end = prefix.length + extranoncePrefix.length + extranonceBytes;
  if (prefix.length < script.start || end > script.end) {
    return bad("its extranonce is not in the script of its coinbase's input");
  }
  const parts = {
    id: String(jobId),
    coinbase1,
    coinbase2,
    merkleBranches: merklePath.map((hash) => hash.toHex()),
    version: formatHex32(message.version),
  };
  return { ok: true, job: { jobId, minNtime, isVersionRollingAllowed, parts } };
}

/** Why a previous hash cannot be used; `undefined` if it can. */
export function prevHashFault({ bits }: SetNewPrevHash): string | undefined {
  return networkTarget(bits) === undefined
    ? `its bits field ${formatHex32(bits)} is no target`
    : undefined;
}

/**
 * The job for miners.
 *
 * @param ntime the time that miners begin with, seconds since 1970.
 * @throws PoolFault `job-too-long`.
 */
export function jobFor(
  { parts }: ExtendedJob,
  { prevHash, bits }: Pick<SetNewPrevHash, "prevHash" | "bits">,
  ntime: number,
  isClean: boolean,
): Job {
  const job = {
    ...parts,
    prevHash: inWords(prevHash),
    bits: formatHex32(bits),
    ntime: formatHex32(ntime),
    isClean,
  };
  checkJobLine(job);
  return job;
}

/** A hash in memory order as `mining.notify` prints it: the bytes of each 4-byte word reversed. */
function inWords(hash: Uint8Array): string {
  const words = hash.slice();
  for (let at = 0; at < words.length; at += 4) words.subarray(at, at + 4).reverse();
  return words.toHex();
}

/**
 * The coinbase without the fields of SegWit, which some pools forget to remove: their miners would
 * hash another transaction than the pool. `undefined` if they are not those of a coinbase.
 */
function withoutWitness(
  prefix: Uint8Array,
  suffix: Uint8Array,
): { readonly prefix: Uint8Array; readonly suffix: Uint8Array } | undefined {
  if (prefix[MARKER_AT] !== 0 || prefix[MARKER_AT + 1] !== 1) return { prefix, suffix };
  const witness = suffix.length - LOCK_TIME_BYTES - WITNESS_BYTES;
  if (witness < 0 || suffix[witness] !== 1 || suffix[witness + 1] !== 32) return undefined;
  return {
    prefix: without(prefix, MARKER_AT, MARKER_BYTES),
    suffix: without(suffix, witness, WITNESS_BYTES),
  };
}

function without(bytes: Uint8Array, at: number, count: number): Uint8Array {
  const rest = new Uint8Array(bytes.length - count);
  rest.set(bytes.subarray(0, at));
  rest.set(bytes.subarray(at + count), at);
  return rest;
}

function bad(why: string): ExtendedJobResult {
  return { ok: false, why };
}
