/**
 * The simulated pool's work: made once for all, and sent to each connection under that
 * connection's own job ids (agent.md "Jobs and the coinbase").
 */

import type { Random } from "../base/clock.ts";
import { formatHex32 } from "../base/hex.ts";
import { appendExtranonce1, type Job } from "../protocol/stratum/job.ts";
import { randomBelow } from "./seeded_random.ts";

const FIRST_HEIGHT = 807_248;
const MIN_BRANCHES = 3;
const MAX_BRANCHES = 12;
const VERSION = "20000000";
const BITS = "1705ae3a";
/** How far a share's time may be before its job's. */
const MIN_TIME_SECONDS = 3600;
const COINBASE_TAG = "/sim pool/";
/** Upstream extranonce1, miner's extranonce1 and extranonce2. */
const EXTRANONCE_BYTES = 12;
const JOB_IDS = 256;
/** How many jobs of a connection stay valid after a clean one. */
const KEPT_AT_CLEAN = 3;

/** The pool's work, the same for every connection. */
export interface Work {
  /** The job, without id and without any extranonce1. */
  readonly job: Job;
  /** Height of the block to be found. */
  readonly height: number;
  /** The job's time, seconds since 1970. */
  readonly ntime: number;
  /** No share's time may be lower. */
  readonly minTime: number;
}

/** Makes work. */
export class WorkMaker {
  readonly #random: Random;
  #height = FIRST_HEIGHT;
  #prevHash = "";

  /** Takes hashes from `random`, so that a seed repeats them. */
  constructor(random: Random) {
    this.#random = random;
  }

  /** Makes work on a new height: clean. */
  newBlock(ntime: number): Work {
    this.#height++;
    // A block's hash has its zeros at the end in this order of bytes.
    this.#prevHash = this.#randomHex(28) + "00000000";
    return this.#make(ntime, true);
  }

  /** Makes work with other transactions on the last height: not clean. */
  newTransactions(ntime: number): Work {
    return this.#make(ntime, false);
  }

  #make(ntime: number, isClean: boolean): Work {
    const branches = MIN_BRANCHES + randomBelow(this.#random, MAX_BRANCHES - MIN_BRANCHES + 1);
    const job: Job = {
      id: "",
      prevHash: this.#prevHash,
      coinbase1: coinbase1(this.#height, ntime),
      coinbase2: "ffffffff0140be4025000000001600141111111111111111111111111111111111111111" +
        "00000000",
      merkleBranches: Array.from({ length: branches }, () => this.#randomHex(32)),
      version: VERSION,
      bits: BITS,
      ntime: formatHex32(ntime),
      isClean,
    };
    return { job, height: this.#height, ntime, minTime: ntime - MIN_TIME_SECONDS };
  }

  #randomHex(bytes: number): string {
    return Uint8Array.from({ length: bytes }, () => randomBelow(this.#random, 256)).toHex();
  }
}

/** Makes the coinbase up to the extranonces: one input, whose script has height, time and tag. */
function coinbase1(height: number, ntime: number): string {
  const tag = new TextEncoder().encode(COINBASE_TAG).toHex();
  const script = "03" + littleEndian(height, 3) + "04" + littleEndian(ntime, 4) + tag;
  const scriptBytes = script.length / 2 + EXTRANONCE_BYTES;
  return "02000000" + "01" + "00".repeat(32) + "ffffffff" + littleEndian(scriptBytes, 1) + script;
}

function littleEndian(value: number, bytes: number): string {
  return Uint8Array.from({ length: bytes }, (_, i) => value >>> i * 8).toHex();
}

/** Work as it was sent to one connection. */
export interface SentJob {
  /** 0..255. */
  readonly id: number;
  /** The number of the job on its connection, counted from 0 without wrapping. */
  readonly sequence: number;
  /** What was sent. */
  readonly work: Work;
  /** The job with this connection's extranonce1 in it, for rebuilding headers. */
  readonly job: Job;
  /** When it was sent, in milliseconds. */
  readonly sentAtMs: number;
  /** Keys of the shares received for it. */
  readonly shares: Set<string>;
}

/** The jobs of one connection that shares may still name. */
export class SentJobs {
  readonly #poolExtranonce1: number;
  readonly #maxLifetimeMs: number;
  /** By id. A map keeps the order of insertion, so the first is the oldest. */
  readonly #jobs = new Map<number, SentJob>();
  #sent = 0;

  /** `poolExtranonce1` is the connection's own; jobs older than `maxLifetimeMs` are forgotten. */
  constructor(poolExtranonce1: number, maxLifetimeMs: number) {
    this.#poolExtranonce1 = poolExtranonce1;
    this.#maxLifetimeMs = maxLifetimeMs;
  }

  /** How many jobs were sent to the connection, which is the next one's sequence. */
  get sent(): number {
    return this.#sent;
  }

  /** Notes that `work` is sent now, and returns the id it gets. */
  add(work: Work, isClean: boolean, nowMs: number): SentJob {
    const sequence = this.#sent++;
    if (isClean) this.#forgetAllBut(KEPT_AT_CLEAN);
    for (const old of this.#jobs.values()) {
      if (nowMs - old.sentAtMs <= this.#maxLifetimeMs) break;
      this.#jobs.delete(old.id);
    }
    const id = sequence % JOB_IDS;
    const sent: SentJob = {
      id,
      sequence,
      work,
      job: appendExtranonce1(work.job, this.#poolExtranonce1),
      sentAtMs: nowMs,
      shares: new Set(),
    };
    this.#jobs.delete(id);
    this.#jobs.set(id, sent);
    return sent;
  }

  /** Returns the job that a share names; `undefined` if it was never sent or is forgotten. */
  find(id: number): SentJob | undefined {
    return this.#jobs.get(id);
  }

  #forgetAllBut(count: number): void {
    for (const id of this.#jobs.keys()) {
      if (this.#jobs.size <= count) return;
      this.#jobs.delete(id);
    }
  }
}
