/**
 * Properties of the jobs of an account's pools: full or empty, for the newest block or an older
 * one, and which outputs they pay.
 */

import { paidScripts } from "../bitcoin/coinbase.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { BlockOrder, type LeftBlock } from "./block_order.ts";
import { PaidOutputs, type PayoutChange } from "./paid_outputs.ts";

/** A pool is behind once another has left its block for this long, in milliseconds. */
export const BEHIND_AFTER_MS = 30_000;

/** Where a job came from. */
export interface JobSource {
  /** The pool. */
  readonly poolId: number;
  /** The name used there. Pools may pay this name, so another name has other outputs. */
  readonly account: string;
  /** The connection, for logs. */
  readonly name: string;
  /** Bytes between the coinbase parts. */
  readonly roomBytes: number;
}

/** What is known of one pool. */
interface Known {
  isEmpty: boolean;
  account: string;
  outputs: PaidOutputs;
}

/** The state of a pool's newest job. */
export interface JobState {
  /** Whether it has no transactions but its coinbase. */
  readonly isEmpty: boolean;
  /**
   * The pool that left the block of this job, and when, if that was at least {@linkcode
   * BEHIND_AFTER_MS} ago. That pool may be the wrong one.
   */
  readonly behind: LeftBlock | undefined;
}

/** What a job shows about its pool. */
export interface JobNews {
  /** The outputs that it stops paying. */
  readonly payout: PayoutChange | undefined;
  /** How long the pool was behind others until this job, beyond {@linkcode BEHIND_AFTER_MS}. */
  readonly behindMs: number;
}

/** Examines every job of an account's pools. */
export class JobWatch {
  readonly #known = new Map<number, Known>();
  readonly #order = new BlockOrder();

  /** A job came at `time`. */
  jobCame(source: JobSource, job: Job, time: number): JobNews {
    const { poolId, account, name, roomBytes } = source;
    const behindMs = this.#order.jobCame(poolId, name, job.prevHash, time) - BEHIND_AFTER_MS;
    let known = this.#known.get(poolId);
    if (known === undefined || known.account !== account) {
      this.#known.set(poolId, known = { isEmpty: false, account, outputs: new PaidOutputs() });
    }
    known.isEmpty = job.merkleBranches.length === 0;
    const paid = paidScripts(
      Uint8Array.fromHex(job.coinbase1 + "00".repeat(roomBytes) + job.coinbase2),
    );
    return {
      payout: paid === undefined ? undefined : known.outputs.next(paid, time),
      behindMs: Math.max(0, behindMs),
    };
  }

  /** The state of a pool's newest job; `undefined` before the first. */
  stateOf(poolId: number, time: number): JobState | undefined {
    const known = this.#known.get(poolId);
    if (known === undefined) return undefined;
    const left = this.#order.leftBehind(poolId, time);
    const isBehind = left !== undefined && time - left.at >= BEHIND_AFTER_MS;
    return { isEmpty: known.isEmpty, behind: isBehind ? left : undefined };
  }
}
