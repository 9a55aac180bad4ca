/**
 * The interface between an account's roster and one of its pool connections, whatever the kind of
 * the pool: what the roster asks of it, and what it reports.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Now, Timers } from "../base/clock.ts";
import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";
import type { Verify } from "../mux/terms.ts";
import type { Upstream, UpstreamEvents } from "../mux/upstream.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import type { Dial, PoolAddress } from "../net/pools/connection.ts";
import type { Job } from "../protocol/stratum/job.ts";
import type { KnownPool } from "./pool_ids.ts";
import type { PoolWatch } from "./pool_watch.ts";
import type { TurnGate } from "./turn_gate.ts";
import type { SizeQuestion } from "./size_query.ts";

/** What a connection is made of. */
export interface PoolConnectionOptions {
  /** For logs: `host:port #3`. */
  readonly name: string;
  /** The pool's number. */
  readonly poolId: number;
  /** Where the pool is. */
  readonly address: PoolAddress;
  /** What it speaks; `unknown` if btcagent has to find out. */
  readonly kind: KindOfPool;
  /** The name to mine as: the sub-account at an agent pool, the `user` at any other. */
  readonly account: string;
  /**
   * The password; empty for none. It appears in no log. A pool that the list calls an agent pool
   * gets none; a pool of unknown kind gets it with the question for its kind.
   */
  readonly password: string;
  /** How many workers a pool sees that is not an agent pool; absent for one. */
  readonly workers?: WorkersSeen;
  /**
   * The hashes a second of the miners that a connection is for, the given one or, without one, a
   * new one; 0 while there is none, or nothing is known of them. Absent where no pool asks for it.
   */
  readonly hashrateFor?: (upstream: Upstream | undefined) => number;
  /** The difficulty to suggest to a Stratum pool; absent for none. */
  readonly suggestedDifficulty?: number;
  /** Bytes of extranonce2 for all miners, if configured; absent for any number. */
  readonly extranonce2Bytes?: number | undefined;
  /**
   * Whether this connection to a Stratum pool is for the miners of one worker; absent if for all.
   */
  readonly isOfOneWorker?: boolean;
  /** Makes many connections to a Stratum pool take turns; absent for a single one. */
  readonly gate?: TurnGate;
  /** The most miners on this connection, if it is not to an agent pool; absent for as many as fit. */
  readonly minersPerConnection?: number | undefined;
  /** Whether to ask for verdicts, if the pool offers them. */
  readonly wantsVerdicts: boolean;
  /** Which shares btcagent also hashes although the pool judges them; absent for none. */
  readonly verify?: Verify;
  /** The version of btcagent. */
  readonly version: string;
  /** Opens the socket. */
  readonly dial: Dial;
  /**
   * Counts one more connect against the pool's rate limit, when this connection needs a second one.
   */
  readonly connectsAgain?: () => void;
  /** Monotonic time, for judging the pool. */
  readonly now: AttendedNow;
  /** The clock that the pool's rates are judged by. */
  readonly rateClock: RateClock;
  /** This machine's clock, which only certificates are judged by. */
  readonly wallNow: Now;
  /** For its turns, and for shares that wait to be sent together. */
  readonly timers: Timers;
  /** Dialling and handshake together may take this long, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /**
   * Treat a pool as dead after this much silence, in milliseconds; an agent pool is probed after
   * half of it. `undefined` for the default of its kind.
   */
  readonly readTimeoutMs: number | undefined;
  /** The longest time a share waits for others to be sent with it, in milliseconds. */
  readonly shareWindowMs: number;
  /** Hears jobs, difficulties and verdicts once the connection is ready. */
  readonly mux: UpstreamEvents;
  /** Hears when it is ready and when it is over. */
  readonly owner: PoolConnectionOwner;
}

/** One connection to a pool from dialling to its end. It never throws. */
export interface PoolConnection extends Traffic {
  /** For logs: `host:port #3`. */
  readonly name: string;
  /** What the pool speaks, once btcagent has found out; absent if the list says it. */
  readonly kind?: KindOfPool;
  /** Bytes for the pool that the kernel has not taken. */
  readonly waitingBytes: number;
  /** Applies time-outs and probes a silent pool. Call this several times a second. */
  tick(): void;
  /** Writes out shares that wait for others. */
  flush(): void;
  /** Closes it; it reports nothing more. */
  close(): void;
}

/** A connection whose handshake is done. */
export interface ReadyUpstream extends Upstream {
  /** The newest job. */
  readonly latestJob: Job;
  /**
   * Whether it has not answered a question and sends nothing else: miners must not be moved here.
   */
  readonly isSilent: boolean;
  /** Watches its work. */
  readonly watch: PoolWatch;
}

/**
 * Why a connection ended: the socket could not be opened or broke, or a time-out passed; the pool
 * closed it; the pool broke the protocol or refused us; the pool refused the sub-account.
 */
export type EndCause = "connection" | "close" | "refusal" | "accountRefusal";

/** The owner of connections, which hears of their start and end. */
export interface PoolConnectionOwner {
  /** The handshake is done; jobs and the rest follow to the mux. */
  ready(connection: PoolConnection, upstream: ReadyUpstream): void;
  /**
   * The pool of a ready connection asks us to connect again, elsewhere or to the same address.
   *
   * @returns whether another connection is opened now. As soon as it is ready, it replaces this one.
   */
  replace?(connection: PoolConnection): boolean;
  /** The connection has ended; called exactly once, unless we closed it. */
  ended(connection: PoolConnection, reason: string, cause: EndCause): void;
}

/** Opens a connection of the kind that the pool at the address is. */
export type OpenConnection = (options: PoolConnectionOptions) => PoolConnection;

/**
 * Asks a pool of this kind for its extranonce2 size, unless the kind fixes it. Resolves when its
 * connections are closed; never rejects.
 */
export type AskSize = (kind: KindOfPool, question: SizeQuestion) => Promise<void>;

/** All kinds of pools together. */
export interface PoolKinds {
  /** Opens a connection. */
  readonly open: OpenConnection;
  /** Asks a pool for its extranonce2 size; absent if no pool needs to be asked. */
  readonly askSize?: AskSize;
  /** Takes the new list of pools; absent if no kind needs to know it. */
  readonly list?: (pools: readonly KnownPool[]) => void;
}
