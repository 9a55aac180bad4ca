/**
 * Jobs: the parameters of `mining.notify`, and the line that miners get.
 *
 * A job never changes; rewriting one makes another (agent.md "Jobs and the coinbase").
 */

import { formatHex32, isHex, isHexBytes, parseHex32 } from "../../base/hex.ts";
import { encodeLine, formatNotification, quote } from "./message.ts";
import { PoolFault } from "../../base/violation.ts";

/** Work from a pool, as the text it came in. */
export interface Job {
  /** The pool's id. */
  readonly id: string;
  /** 8 words, each printed as a big-endian number of its little-endian memory; 64 hex digits. */
  readonly prevHash: string;
  /** The coinbase up to the miner's extranonce1, in hex. */
  readonly coinbase1: string;
  /** The coinbase after the extranonce2, in hex. */
  readonly coinbase2: string;
  /** 64 hex digits each, in memory order. */
  readonly merkleBranches: readonly string[];
  /** 8 hex digits. */
  readonly version: string;
  /** 8 hex digits. */
  readonly bits: string;
  /** 8 hex digits. */
  readonly ntime: string;
  /** Whether older jobs have to be dropped. */
  readonly isClean: boolean;
}

/** A merkle tree this high holds four billion transactions. */
const MAX_BRANCHES = 32;
const MAX_JOB_ID_LENGTH = 64;

/**
 * Reads the parameters of `mining.notify`. Anything after the clean flag is ignored, since miners
 * do not know it: Braiins OS gives up a server whose jobs have more than these nine.
 *
 * @throws PoolFault `bad-job`, naming the first parameter that is wrong.
 */
export function parseNotify(params: readonly unknown[]): Job {
  const [id, prevHash, coinbase1, coinbase2, branches, version, bits, ntime, isClean] = params;
  if (typeof id !== "string" || id.length === 0 || id.length > MAX_JOB_ID_LENGTH) {
    refuse("the job id", id, `a text of 1 to ${MAX_JOB_ID_LENGTH} characters`);
  }
  if (typeof prevHash !== "string" || !isHexBytes(prevHash, 32)) {
    refuse("the previous hash", prevHash, "64 hex digits");
  }
  if (typeof coinbase1 !== "string" || !isHex(coinbase1)) {
    refuse("coinbase part 1", coinbase1, "hex digits, an even number of them");
  }
  if (typeof coinbase2 !== "string" || !isHex(coinbase2)) {
    refuse("coinbase part 2", coinbase2, "hex digits, an even number of them");
  }
  if (!Array.isArray(branches) || branches.length > MAX_BRANCHES || !branches.every(isHash)) {
    refuse(
      "the list of merkle branches",
      branches,
      `at most ${MAX_BRANCHES} texts of 64 hex digits`,
    );
  }
  if (!isWord(version)) refuse("the version", version, "8 hex digits");
  if (!isWord(bits)) refuse("the bits field", bits, "8 hex digits");
  if (!isWord(ntime)) refuse("the time", ntime, "8 hex digits");
  if (typeof isClean !== "boolean") refuse("the clean flag", isClean, "true or false");
  return {
    id,
    prevHash,
    coinbase1,
    coinbase2,
    merkleBranches: branches,
    version,
    bits,
    ntime,
    isClean,
  };
}

/**
 * The job for miners behind an upstream: its extranonce1 goes to the end of coinbase part 1, so
 * that `coinbase1 ‖ miner's extranonce1 ‖ extranonce2 ‖ coinbase2` is what the pool rebuilds.
 */
export function appendExtranonce1(job: Job, poolExtranonce1: number): Job {
  return { ...job, coinbase1: job.coinbase1 + formatHex32(poolExtranonce1) };
}

/** The job's own time as a number. */
export function jobTime(job: Job): number {
  return parseHex32(job.ntime)!;
}

/** The job's block version as a number. */
export function jobVersion(job: Job): number {
  return parseHex32(job.version)!;
}

/** Whether miners find the same headers in both jobs, whatever their ids and clean flags. */
export function isSameWork(one: Job, other: Job): boolean {
  return one.coinbase1 === other.coinbase1 && one.coinbase2 === other.coinbase2 &&
    one.prevHash === other.prevHash && one.version === other.version &&
    one.bits === other.bits && one.ntime === other.ntime &&
    one.merkleBranches.length === other.merkleBranches.length &&
    one.merkleBranches.every((branch, i) => branch === other.merkleBranches[i]);
}

/** The parameters of `mining.notify` for a job, in order. */
export function notifyParams(job: Job, id: string, isClean: boolean): readonly unknown[] {
  return [
    id,
    job.prevHash,
    job.coinbase1,
    job.coinbase2,
    job.merkleBranches,
    job.version,
    job.bits,
    job.ntime,
    isClean,
  ];
}

/** The `mining.notify` line, LF included, that gives a job to miners under an id of ours. */
export function encodeNotify(job: Job, id: string, isClean: boolean): Uint8Array {
  return encodeLine(
    formatNotification("mining.notify", JSON.stringify(notifyParams(job, id, isClean))),
  );
}

function isHash(value: unknown): value is string {
  return typeof value === "string" && isHexBytes(value, 32);
}

function isWord(value: unknown): value is string {
  return typeof value === "string" && isHexBytes(value, 4);
}

function describe(found: unknown): string {
  if (typeof found === "string") return quote(found);
  return found === null || typeof found !== "object" ? String(found) : "something else";
}

function refuse(what: string, found: unknown, wanted: string): never {
  throw new PoolFault(
    "bad-job",
    `Cannot read a job: ${what} is ${describe(found)}, wanted ${wanted}`,
  );
}
