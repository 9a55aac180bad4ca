/**
 * What the mux asks of connections to pools, and what it hears of them.
 *
 * A kind of pool is whatever fits here: its numbers, frames and names stay its own.
 */

import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { Terms } from "./terms.ts";
import type { Verdict } from "./verdict.ts";

/** The number of what stands in for a pool. */
export const NO_POOL: number = -1;

/** A miner as pools may know it. Nothing is cut: each kind cuts what is too long for it. */
export interface Worker {
  /** The miner's number with us. */
  readonly sessionId: number;
  /** The sub-account it named; empty where the pool list has it. */
  readonly account: string;
  /** The worker name; never empty. */
  readonly name: string;
  /** What its software calls itself; may be empty. */
  readonly clientAgent: string;
}

/** What is kept of a job to submit shares for it. */
export interface PoolJob {
  /** The pool's id. */
  readonly poolJobId: string;
  /** The job's own time. */
  readonly ntime: number;
  /** Its block version: bits set in it are nobody's to roll. */
  readonly version: number;
}

/** What looks on while shares go to a pool, to tell whether it does a pool's work. */
export interface ShareWatch {
  /** A share was sent that the pool is to judge. */
  submitted(time: number): void;
  /** A share of the miner with this session id was judged. */
  judged(sessionId: number, verdict: Verdict, time: number): void;
}

/** One connection to a pool, ready for miners. */
export interface Upstream {
  /** The pool's number, the same wherever it is in the list; {@linkcode NO_POOL} for none. */
  readonly poolId: number;
  /** Which pool and connection this is, for logs: `host:port #3`. */
  readonly name: string;
  /** What was settled in its handshake; stays. */
  readonly terms: Terms;
  /** The version bits that may be rolled in shares for this pool; 0 if none can be submitted. */
  readonly versionMask: number;
  /**
   * Whether workers may enter without keeping the shares of others waiting on a slow line. If not,
   * {@linkcode UpstreamEvents.entryResumed} follows.
   */
  readonly takesWorkers: boolean;
  /** Submits that wait for their turn, since the pool may not have too many at once. */
  readonly queued: number;
  /** Hears of its shares. */
  readonly watch: ShareWatch;
  /** A miner works here from now on. Nothing is submitted for it before. */
  enter(worker: Worker): void;
  /**
   * It works here no more. {@linkcode UpstreamEvents.forgotten} follows once, when nobody can take its
   * session id for it any more.
   *
   * @param isAwaited Whether shares of it wait for verdicts; then {@linkcode Upstream.settled}
   * follows, unless it enters again before.
   */
  leave(sessionId: number, isAwaited: boolean): void;
  /** No share of a miner that left waits for a verdict any more. */
  settled(sessionId: number): void;
  /**
   * Submits a share of a miner that works here, or has worked here: only that pool can take it.
   *
   * @param serial counts all shares of the connection from 0 and never comes round.
   * @param sessionId the miner's, or what stands for it in a room whose first byte is not all of it.
   * @param share its extranonce2 is as `alignedExtranonce2` gives it.
   * @param isBlock whether it is a block, which goes before all others.
   * @param finder the miner's session id, if `sessionId` is not that.
   * @returns whether it is on its way. If not it waits for its turn, and {@linkcode UpstreamEvents.sent}
   * or {@linkcode UpstreamEvents.abandoned} follows, unless it is withdrawn.
   */
  submit(
    serial: number,
    sessionId: number,
    job: PoolJob,
    share: Share,
    isBlock: boolean,
    finder?: number,
  ): boolean;
  /** Shares that wait for their turn, by serial, are not to be sent. */
  withdraw(serials: ReadonlySet<number>): void;
}

/** What an account's connections report to its multiplexer. */
export interface UpstreamEvents {
  /** Handshake done; jobs follow. It serves no miners until they are moved there. */
  upstreamReady(upstream: Upstream): void;
  /** The connection is gone, after it was ready. */
  upstreamLost(upstream: Upstream): void;
  /**
   * Miners belong on `to` from now on, beside any others that serve, and no longer on `from`, which
   * stays as a spare, or is for its worker no more. `undefined` for neither.
   */
  moved(from: Upstream | undefined, to: Upstream | undefined): void;
  /** A connection that is ready is for the miners of this worker from now on; it may be of several. */
  dedicated(upstream: Upstream, workerName: string): void;
  /** No pool takes this account's name, and none serves it. It is tried again. */
  accountRefused(): void;
  /** A new job; coinbase part 1 already ends with the pool's extranonce1. */
  jobArrived(upstream: Upstream, job: Job): void;
  /**
   * The pool gave these miners, or all, a new difficulty, from its next job on; where miners' are
   * ours ({@linkcode Terms.difficulty}), the connection itself.
   *
   * @param isAlone whether no job came right behind it.
   */
  difficultyChanged(
    upstream: Upstream,
    sessionIds: readonly number[] | "all",
    difficulty: number,
    isAlone: boolean,
  ): void;
  /** The pool changed its version mask. */
  versionMaskChanged(upstream: Upstream): void;
  /**
   * The pool judged the shares with these serials, all alike. Serials of which no share waits, also
   * ones that were never used, are counted as astray.
   */
  judged(upstream: Upstream, first: number, last: number, verdict: Verdict): void;
  /** A share that waited for its turn is on its way. */
  sent(upstream: Upstream, serial: number): void;
  /** Shares with these serials will not be judged, though the connection goes on. */
  abandoned(upstream: Upstream, first: number, last: number): void;
  /** It takes workers again. */
  entryResumed(upstream: Upstream): void;
  /** The pool will take nothing any more for this worker's, which left. */
  forgotten(upstream: Upstream, sessionId: number): void;
}
