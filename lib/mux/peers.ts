/**
 * What the mux asks of both sides, and what it offers them.
 *
 * Miners and pools know each other only through these interfaces. Nothing here assumes the agent
 * protocol: an upstream may be any pool whose jobs leave room for 4 bytes of the miner's
 * extranonce1 and 4 of extranonce2.
 */

import type { Job } from "../protocol/stratum/job.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { RegisteredNames } from "../protocol/stratum/worker_name.ts";

/** What a miner is to be told, all of it in one message. */
export interface News {
  /** The version bits that may be rolled from here on. */
  readonly versionMask: number;
  /** The difficulty from here on; `undefined` if it is the one the miner was told last. */
  readonly difficulty: number | undefined;
  /** The `mining.notify` line of the job; `undefined` while there is none. The same for many. */
  readonly job: Uint8Array | undefined;
}

/** A miner, as the mux sees it. */
export interface Downstream {
  /** Its number, and as 8 hex digits its extranonce1: kept for the life of its connection. */
  readonly sessionId: number;
  /** Its socket, by which it is told of news with many others. */
  readonly handle: number;
  /** What the pool is to know it by. */
  readonly names: RegisteredNames;
  /** There is a pool to work for: answers its authorize request. Comes once, before all below. */
  admit(): void;
  /** The pool takes no work under its name: answers its authorize request with `status`. */
  turnAway(status: number, reason: string): void;
  /** Answers a share: `status` as the pool's verdict says. */
  answerShare(id: RequestId, status: number): void;
  /** Ends its connection, so that it turns to its own backup pool. `reason` is for the log. */
  disconnect(reason: string): void;
}

/** Miners that hear the same news. */
export interface Crowd {
  /** Their sockets. */
  handles(): readonly number[];
  /** Whether they work for nothing until they hear it. */
  readonly isUrgent: boolean;
}

/** Has many miners ask for their news, a few at a time; a slow miner among them delays nobody. */
export interface Fanout {
  /** There is news for these: each is asked for it by {@linkcode Seat.takeNews} when it can be told. */
  tell(crowd: Crowd): void;
}

/**
 * What becomes of shares on an upstream: the pool judges each; it takes them and says nothing; or
 * there is no pool, and shares only keep miners busy.
 */
export type ShareFate = "judged" | "assumed" | "outage";

/** The number of what stands in for a pool. */
export const NO_POOL: number = -1;

/** One connection to a pool, ready for miners. */
export interface Upstream {
  /** The pool's number, the same wherever it is in the list; {@linkcode NO_POOL} for none. */
  readonly pool: number;
  /** Which pool and connection this is, for logs: `host:port #3`. */
  readonly name: string;
  /** The difficulty every miner that registers here starts at. */
  readonly startingDifficulty: number;
  /** The version bits that may be rolled in shares for this pool; 0 if none can be submitted. */
  readonly versionMask: number;
  /** What becomes of the shares submitted here. */
  readonly shareFate: ShareFate;
  /**
   * Whether miners may be registered without keeping the shares of others waiting on a slow line. If
   * not, {@linkcode UpstreamEvents.registrationsResumed} follows.
   */
  readonly takesRegistrations: boolean;
  /** Makes a miner known. Nothing is submitted for it before. */
  register(sessionId: number, names: RegisteredNames): void;
  /** Makes it unknown. {@linkcode UpstreamEvents.sessionUnregistered} follows once that is written. */
  unregister(sessionId: number): void;
  /**
   * Submits a share.
   *
   * @returns the number its verdict will carry: counted from 0 on each connection, modulo 65,536.
   */
  submit(sessionId: number, job: PoolJob, share: Share): number;
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

/** What an account's upstream connections report to its multiplexer. */
export interface UpstreamEvents {
  /** Handshake done; jobs follow. It serves no miners until it is activated. */
  upstreamReady(upstream: Upstream): void;
  /** No pool takes this account's name, and none serves it. It is tried again. */
  accountRefused(): void;
  /** Miners belong on this connection from now on, beside any others activated. */
  upstreamActivated(upstream: Upstream): void;
  /** Miners belong elsewhere from now on; the connection stays as a spare. */
  upstreamRested(upstream: Upstream): void;
  /** The connection is gone, after it was ready. */
  upstreamLost(upstream: Upstream): void;
  /** A new job; coinbase part 1 already ends with the pool's extranonce1. */
  jobArrived(upstream: Upstream, job: Job): void;
  /** The pool gave these miners a new difficulty, from its next job on. */
  difficultyChanged(upstream: Upstream, sessionIds: readonly number[], difficulty: number): void;
  /** The pool changed its version mask. */
  versionMaskChanged(upstream: Upstream): void;
  /**
   * The pool judged the share submitted as `index`.
   *
   * @returns the session id of the miner that sent it; `undefined` when no share waited for this.
   */
  verdictArrived(upstream: Upstream, index: number, status: number): number | undefined;
  /** It takes registrations again. */
  registrationsResumed(upstream: Upstream): void;
  /** The frame that unregisters this session has been written: the pool will forget it. */
  sessionUnregistered(upstream: Upstream, sessionId: number): void;
}

/** What becomes of a share at once. A number is the status to refuse it with. */
export type ShareReceipt = "waiting" | "taken" | number;

/** A miner's place in the mux. */
export interface Seat {
  /** The mask of the pool it works for; `undefined` while it waits for one. */
  readonly versionMask: number | undefined;
  /** The name of the connection it works on; `undefined` while it waits for one. */
  readonly upstreamName: string | undefined;
  /** What it was last told; `undefined` before it had a place. */
  readonly difficulty: number | undefined;
  /** What the miner is to be told now, and has been told from here on; `undefined` for nothing. */
  takeNews(): News | undefined;
  /** The miner needs its job once more. @returns whether it is to be told now, or with the next. */
  askAgain(): boolean;
  /**
   * Takes a share: `waiting` if a verdict will come, `taken` if none will and the miner is to be
   * answered true, a status code if it is refused here and goes nowhere.
   */
  submit(share: Share): ShareReceipt;
  /**
   * Whether our job `number` is from after the last clean job and the last change of mask it was
   * told: of its shares for older ones nothing can be said against it.
   */
  isCurrent(number: number): boolean;
  /**
   * The miner cannot keep to fewer version bits than all that may be rolled: from now on it sits
   * where they are allowed, if that is anywhere.
   *
   * @returns whether it moves there.
   */
  needFullMask(): boolean;
  /** The miner is gone. Its session id comes back when the pool no longer knows it. */
  leave(): void;
}

/** Why a share was refused before it came to a seat. */
export type EarlyRefusal = "refusedIllegal" | "refusedUnauthorized";

/** All of the mux that a miner's side needs. */
export interface Mux {
  /** A session id for a miner that subscribes, or `undefined` when all are in use. */
  leaseSession(): number | undefined;
  /** Gives back the id of a miner that left before it joined. */
  releaseSession(sessionId: number): void;
  /**
   * Takes in a miner that authorized for `account`. It is admitted, and there is news for it, now or
   * once there is a pool for it. New accounts have a rate, in all and for each `address`.
   *
   * @returns its seat, or `undefined` if it was turned away at once.
   */
  join(account: string, miner: Downstream, address: string): Seat | undefined;
  /** Counts a share that was received and refused at once; the miner may have no id yet. */
  countRefused(sessionId: number | undefined, reason: EarlyRefusal): void;
}

/** How one upstream connection is used: dialling or shaking hands; ready; serving miners. */
export type UpstreamRole = "opening" | "spare" | "active";

/** One upstream connection at one moment. */
export interface UpstreamReport {
  /** As in {@linkcode Upstream.name}. */
  readonly name: string;
  /** How it is used. */
  readonly role: UpstreamRole;
  /** How long it has been ready, or opening, in milliseconds. */
  readonly ageMs: number;
  /** What was agreed on; `undefined` while it is opening. */
  readonly agreed:
    | Pick<Upstream, "startingDifficulty" | "versionMask" | "shareFate">
    | undefined;
}

/** What passed between us and a pool, in both directions. */
export interface Traffic {
  /** Payload bytes read. */
  readonly bytesRead: number;
  /** Payload bytes written. */
  readonly bytesWritten: number;
  /** Frames read. */
  readonly framesRead: number;
  /** Frames given to connections to be written. */
  readonly framesWritten: number;
}

/** One pool of an account at one moment; counts are since the account was opened. */
export interface PoolReport extends Traffic {
  /** As in {@linkcode Upstream.pool}. */
  readonly number: number;
  /** Whether it is in the list; if not, it was once. */
  readonly isListed: boolean;
  /** Its host and port, `host:port`. */
  readonly address: string;
  /** The sub-account there. */
  readonly account: string;
  /** The connections there are. */
  readonly connections: readonly UpstreamReport[];
  /** Why the last connection failed or was lost; `undefined` since one last became ready. */
  readonly trouble: string | undefined;
  /** How long until it may be dialled again, in milliseconds; 0 for now. */
  readonly retryInMs: number;
  /** Connections that became ready. */
  readonly connects: number;
  /** Connections that were never ready. */
  readonly failures: number;
  /** Connections lost after they were ready. */
  readonly losses: number;
  /** How often a connection of it began to serve miners. */
  readonly activations: number;
}

/** The upstream connections of one account, as its keeper sees them. */
export interface Upstreams extends Traffic {
  /** Every pool of the list, in its order, then those that were in it once. */
  readonly pools: readonly PoolReport[];
  /** Bytes that wait to be written to pools that are ready. */
  readonly waitingBytes: number;
  /** Looks after deadlines. To be called several times a second. */
  tick(): void;
  /** Writes out what waits for company. */
  flush(): void;
  /** Prefers the pool with this number, or none. */
  pin(pool: number | undefined): void;
  /** Closes every connection. */
  stop(): void;
}
