/**
 * The interfaces between the mux and connections to pools.
 *
 * Every kind of pool implements these; its numbers, frames and names stay inside it.
 */

import type { Job } from "../protocol/stratum/job.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { Terms } from "./terms.ts";
import type { Verdict } from "./verdict.ts";

/** The pool number of a stand-in for a pool. */
export const NO_POOL: number = -1;

/**
 * A miner's identity for pools. Nothing is cut: each kind of pool cuts texts that are too long for
 * it.
 */
export interface Worker {
  /** The miner's session id. */
  readonly sessionId: number;
  /** The sub-account it named; empty if the pool list names it. */
  readonly account: string;
  /** The worker name; never empty. */
  readonly name: string;
  /** Its client agent; may be empty. */
  readonly clientAgent: string;
}

/** The part of a job that is needed to submit shares. */
export interface PoolJob {
  /** The pool's id. */
  readonly poolJobId: string;
  /** The job's own time. */
  readonly ntime: number;
  /** Its block version: bits set in it must not be rolled. */
  readonly version: number;
}

/** Watches the shares sent to a pool, to decide whether the pool works. */
export interface ShareWatch {
  /** A share was sent that the pool must judge. */
  submitted(time: number): void;
  /** A share of the miner with this session id was judged. */
  judged(sessionId: number, verdict: Verdict, time: number): void;
}

/** One connection to a pool, ready for miners. */
export interface Upstream {
  /** The pool's number, independent of its place in the list; {@linkcode NO_POOL} for none. */
  readonly poolId: number;
  /** Which pool and connection this is, for logs: `host:port #3`. */
  readonly name: string;
  /** The terms of its handshake, which do not change. */
  readonly terms: Terms;
  /** The version bits that may be rolled in shares for this pool; 0 if none can be submitted. */
  readonly versionMask: number;
  /**
   * Whether workers may enter now; on a slow line they would delay the shares of others. If not,
   * {@linkcode UpstreamEvents.entryResumed} follows.
   */
  readonly takesWorkers: boolean;
  /** How many submits wait for their turn, because the pool must not get too many at once. */
  readonly queued: number;
  /** Watches its shares. */
  readonly watch: ShareWatch;
  /** A miner works here from now on. No share of it is submitted before that. */
  enter(worker: Worker): void;
  /**
   * A miner no longer works here. {@linkcode UpstreamEvents.forgotten} follows once, when its
   * session id cannot be mistaken for it any more.
   *
   * @param isAwaited Whether its shares wait for verdicts; then {@linkcode Upstream.settled}
   * follows, unless it enters again first.
   */
  leave(sessionId: number, isAwaited: boolean): void;
  /** No share of a miner that left waits for a verdict any more. */
  settled(sessionId: number): void;
  /**
   * Submits a share of a miner that works here or has worked here: only this pool can accept it.
   *
   * @param serial counts all shares of the connection from 0 and never wraps around.
   * @param sessionId the miner's session id, or its substitute in a room with only one byte for it.
   * @param share with an extranonce2 as returned by `alignedExtranonce2`.
   * @param isBlock whether it is a block, which is sent before all others.
   * @param finder the miner's session id, if `sessionId` is a substitute.
   * @returns whether it was sent. If not, it waits for its turn, and
   * {@linkcode UpstreamEvents.sent} or {@linkcode UpstreamEvents.abandoned} follows, unless it is
   * withdrawn.
   */
  submit(
    serial: number,
    sessionId: number,
    job: PoolJob,
    share: Share,
    isBlock: boolean,
    finder?: number,
  ): boolean;
  /** Cancels shares that wait for their turn, by serial. */
  withdraw(serials: ReadonlySet<number>): void;
}

/** Events that an account's connections report to its multiplexer. */
export interface UpstreamEvents {
  /**
   * The handshake is done; jobs follow. The connection serves no miners until they are moved there.
   */
  upstreamReady(upstream: Upstream): void;
  /** A connection that was ready is gone. */
  upstreamLost(upstream: Upstream): void;
  /**
   * From now on `to` serves miners, in addition to any others that serve, and `from` no longer
   * does: it stays as a spare, or is no longer for its worker. Either may be `undefined`.
   */
  moved(from: Upstream | undefined, to: Upstream | undefined): void;
  /**
   * A ready connection is for the miners of this worker from now on; it may be for several workers.
   */
  dedicated(upstream: Upstream, workerName: string): void;
  /** No pool accepts this account's name, and none serves it. It is tried again. */
  accountRefused(): void;
  /** A new job came; its coinbase part 1 already ends with the pool's extranonce1. */
  jobArrived(upstream: Upstream, job: Job): void;
  /**
   * The pool gave these miners, or all, a new difficulty from its next job on. Where we set miners'
   * difficulties ({@linkcode Terms.difficulty}), it is that of the connection.
   *
   * @param isAlone whether no job came right after it.
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
   * The pool gave the shares with these serials the same verdict. Verdicts for serials without a
   * waiting share, also for serials never used, are counted as stray.
   */
  judged(upstream: Upstream, first: number, last: number, verdict: Verdict): void;
  /**
   * The pool says that it gave this number of verdicts on shares that it did not get, or that it
   * gave none on shares that it did: they are counted as stray, and no share is judged.
   */
  unexplained(upstream: Upstream, verdicts: number): void;
  /** A share that waited for its turn was sent. */
  sent(upstream: Upstream, serial: number): void;
  /** The shares with these serials will not be judged, although the connection goes on. */
  abandoned(upstream: Upstream, first: number, last: number): void;
  /** The connection accepts workers again. */
  entryResumed(upstream: Upstream): void;
  /** The pool no longer connects anything with this worker, which left. */
  forgotten(upstream: Upstream, sessionId: number): void;
}
