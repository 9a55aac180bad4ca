/**
 * Jobs of a simulated Stratum V2 pool: texts as in a block template, and the messages made of them.
 */

import { parseHex32 } from "../../base/hex.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import type { NewExtendedMiningJob, SetNewPrevHash } from "../../protocol/sv2/job.ts";
import type { BlockTemplate } from "../stratum_pool/template.ts";

/** The hash of the key that all coinbases pay: 20 bytes of hex. */
const PAYEE = "751e76e8199196d454941c45d1b3a323f1433bd6";
const TAG = new TextEncoder().encode("/sim sv2/").toHex();
/** An output of no value with the hash of the witnesses. */
const WITNESS_HASH = "0000000000000000266a24aa21a9ed" + "5a".repeat(32);
/** Marker and flag of a transaction with witnesses, and those of a coinbase. */
const SEGWIT_MARK = "0001";
const SEGWIT_FIELDS = "0120" + "00".repeat(32);
/** Hex digits before the mark. */
const VERSION_DIGITS = 8;
const LOCK_TIME = "00000000";
const MAX_SCRIPT_BYTES = 100;

/**
 * What can be wrong with a job's coinbase: the length of its script is not the one that it says, or
 * longer than Bitcoin allows; it has two inputs; its input spends something; its end is missing; or
 * there is no coinbase at all.
 */
export type JobFlaw =
  | "scriptLength"
  | "scriptTooLong"
  | "twoInputs"
  | "spending"
  | "truncated"
  | "empty";

/** The values in which jobs of one template differ. */
export interface Sv2JobParts {
  /** The job's id. */
  readonly id: number;
  /** Bytes of prefix and extranonce together, which the script's length counts. */
  readonly extranonceBytes: number;
  /** A number that makes the coinbase of every channel another one. */
  readonly stamp: number;
  /** Bytes of the script before the extranonce prefix, from 23 on. */
  readonly scriptBytes: number;
  /** Whether the coinbase has its SegWit fields. */
  readonly isUnstripped: boolean;
  /** What is wrong with it, if anything. */
  readonly flaw: JobFlaw | undefined;
}

/** Makes a job. Its coinbase parts are those of the messages. */
export function sv2JobOf(template: BlockTemplate, parts: Sv2JobParts): Job {
  const { flaw, isUnstripped, extranonceBytes } = parts;
  const least = "03" + littleEndian(template.height, 3) + "04" + littleEndian(template.time, 4) +
    "04" + littleEndian(parts.stamp, 4) + TAG;
  const bytes = flaw === "scriptTooLong"
    ? MAX_SCRIPT_BYTES + 1 - extranonceBytes
    : parts.scriptBytes;
  const script = least.padEnd(2 * bytes, "00");
  const said = script.length / 2 + extranonceBytes + (flaw === "scriptLength" ? 1 : 0);
  const coinbase1 = "02000000" + (isUnstripped ? SEGWIT_MARK : "") +
    (flaw === "twoInputs" ? "02" : "01") + (flaw === "spending" ? "11" : "00").repeat(32) +
    "ffffffff" + littleEndian(said, 1) + script;
  const outputs = "02" + "40be402500000000" + "160014" + PAYEE + WITNESS_HASH;
  const coinbase2 = "ffffffff" + outputs + (isUnstripped ? SEGWIT_FIELDS : "") + LOCK_TIME;
  return {
    id: String(parts.id),
    prevHash: template.prevHash,
    coinbase1: flaw === "empty" ? "" : coinbase1,
    coinbase2: flaw === "empty" ? "" : flaw === "truncated" ? coinbase2.slice(0, 60) : coinbase2,
    merkleBranches: template.branches,
    version: template.version,
    bits: template.bits,
    ntime: littleEndian(template.time, 4).match(/../g)!.reverse().join(""),
    isClean: template.isNewBlock,
  };
}

/** The coinbase of a share: without SegWit fields, as it is hashed. */
export function coinbaseWith(job: Job, prefix: string, extranonce: string): string {
  const { coinbase1, coinbase2 } = job;
  if (coinbase1.slice(VERSION_DIGITS, VERSION_DIGITS + SEGWIT_MARK.length) !== SEGWIT_MARK) {
    return coinbase1 + prefix + extranonce + coinbase2;
  }
  return coinbase1.slice(0, VERSION_DIGITS) +
    coinbase1.slice(VERSION_DIGITS + SEGWIT_MARK.length) + prefix + extranonce +
    coinbase2.slice(0, -SEGWIT_FIELDS.length - LOCK_TIME.length) +
    coinbase2.slice(-LOCK_TIME.length);
}

/** The message that brings a job; `minNtime` is `undefined` for a future one. */
export function jobMessage(
  job: Job,
  channelId: number,
  minNtime: number | undefined,
  isVersionRollingAllowed: boolean,
): NewExtendedMiningJob {
  return {
    kind: "newExtendedMiningJob",
    channelId,
    jobId: Number(job.id),
    minNtime,
    version: parseHex32(job.version)!,
    isVersionRollingAllowed,
    merklePath: job.merkleBranches.map((hash) => Uint8Array.fromHex(hash)),
    coinbasePrefix: Uint8Array.fromHex(job.coinbase1),
    coinbaseSuffix: Uint8Array.fromHex(job.coinbase2),
  };
}

/** The message that makes a future job the job now. */
export function prevHashMessage(job: Job, channelId: number): SetNewPrevHash {
  return {
    kind: "setNewPrevHash",
    channelId,
    jobId: Number(job.id),
    prevHash: Uint8Array.fromHex(job.prevHash.replace(/(..)(..)(..)(..)/g, "$4$3$2$1")),
    minNtime: parseHex32(job.ntime)!,
    bits: parseHex32(job.bits)!,
  };
}

function littleEndian(value: number, bytes: number): string {
  return Uint8Array.from({ length: bytes }, (_, i) => value >>> i * 8).toHex();
}
