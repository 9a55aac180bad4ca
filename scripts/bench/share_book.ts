/**
 * The shares of a benchmark's miners: made, written as lines, summed, and matched with their
 * answers.
 */

import { addToChecksum, type SummedShare } from "../../lib/sim/share_checksum.ts";
import { nonceAt, workerNameOf } from "./marks.ts";
import { type Durations, Histogram } from "./histogram.ts";
import type { KnownJob } from "./job_book.ts";
import { ShareWriter } from "./share_writer.ts";

/** Shares that can wait for an answer; a power of two. */
const RING = 1 << 20;

/** The first request id of shares; smaller ids are logins. */
const FIRST_SHARE_ID = 16;

/**
 * One miner in this number does not roll versions, and one share in this number has another time.
 */
const ONE_IN = 10;
const VERSION_SHIFT = 13;
const VERSION_VALUES = 0xffff;

const NOBODY = -1;

/** Results of the shares, counted since the start, except the durations. */
export interface ShareCounts {
  /** Shares sent. */
  readonly sent: number;
  /** Checksum over them. */
  readonly checksum: number;
  /** Of them, answered with an error. */
  readonly refused: number;
  /** Checksum over the refused. */
  readonly refusedChecksum: number;
  /** Of them, answered with true. */
  readonly accepted: number;
  /** Shares of miners that left before they were answered. */
  readonly abandoned: number;
  /** Answers for which no share of the receiving miner was waiting. */
  readonly misplaced: number;
  /** Time from sending a share to its answer, since the mark. */
  readonly verdict: Durations;
}

/** Whether this miner rolls versions. */
export function rollsVersion(miner: number): boolean {
  return miner % ONE_IN !== 0;
}

/** Whether `id` is that of a share's answer, not of a login's. */
export function isShareId(id: number): boolean {
  return id >= FIRST_SHARE_ID;
}

/** Keeps the shares of all miners until they are answered. */
export class ShareBook {
  readonly #writer = new ShareWriter();
  // By miner.
  readonly #counters: Uint32Array;
  readonly #unanswered: Uint32Array;
  // By waiting share: its miner, or NOBODY once it was answered.
  readonly #minerOf = new Int32Array(RING).fill(NOBODY);
  readonly #sentAt = new Float64Array(RING);
  readonly #sums = new Uint32Array(RING);
  readonly #verdict = new Histogram();
  #nextId = 0;
  #checksum = 0;
  #accepted = 0;
  #refused = 0;
  #refusedChecksum = 0;
  #abandoned = 0;
  #misplaced = 0;

  /** Keeps the shares of at most `miners` miners. */
  constructor(miners: number) {
    this.#counters = new Uint32Array(miners);
    this.#unanswered = new Uint32Array(miners);
  }

  /** The results of the shares so far. */
  get counts(): ShareCounts {
    return {
      sent: this.#nextId,
      checksum: this.#checksum,
      refused: this.#refused,
      refusedChecksum: this.#refusedChecksum,
      accepted: this.#accepted,
      abandoned: this.#abandoned,
      misplaced: this.#misplaced,
      verdict: this.#verdict.durations(),
    };
  }

  /** Starts to measure. */
  mark(): void {
    this.#verdict.clear();
  }

  /** Shares of a miner that wait for an answer. */
  unansweredOf(miner: number): number {
    return this.#unanswered[miner]!;
  }

  /** Makes a share of `miner` for `job`; {@linkcode ShareBook.take} returns its line. */
  add(miner: number, job: KnownJob, now: number): void {
    const id = this.#nextId++;
    const hasOwnTime = Math.floor(id / ONE_IN) % ONE_IN === 0;
    const share: SummedShare = {
      extranonce2: ++this.#counters[miner]!,
      nonce: nonceAt(now),
      ntime: job.ntime + (hasOwnTime ? 1 + id % 60 : 0),
      versionBits: rollsVersion(miner) ? (id % VERSION_VALUES + 1) * 2 ** VERSION_SHIFT : 0,
    };
    const sum = addToChecksum(0, workerNameOf(miner), share);
    this.#checksum = this.#checksum + sum >>> 0;
    this.#minerOf[id % RING] = miner;
    this.#sums[id % RING] = sum;
    this.#sentAt[id % RING] = now;
    this.#unanswered[miner]!++;
    this.#writer.add(FIRST_SHARE_ID + id, miner, job.id, share);
  }

  /** Returns the lines of all shares made since the last call; valid until the next share. */
  take(): Uint8Array {
    return this.#writer.take();
  }

  /** Notes an answer; see {@linkcode isShareId}. */
  answered(miner: number, id: number, isTrue: boolean, now: number): void {
    const share = (id - FIRST_SHARE_ID) % RING;
    if (this.#minerOf[share] !== miner || this.#unanswered[miner] === 0) {
      this.#misplaced++;
      return;
    }
    this.#minerOf[share] = NOBODY;
    this.#unanswered[miner]!--;
    if (isTrue) {
      this.#accepted++;
      this.#verdict.add(now - this.#sentAt[share]!);
    } else {
      this.#refused++;
      this.#refusedChecksum = this.#refusedChecksum + this.#sums[share]! >>> 0;
    }
  }

  /** Notes that a miner left; its shares get no answer any more. */
  left(miner: number): void {
    this.#abandoned += this.#unanswered[miner]!;
    this.#unanswered[miner] = 0;
  }
}
