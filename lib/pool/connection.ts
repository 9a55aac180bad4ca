/**
 * What the keeper of an account's connections asks of one, whatever kind of pool it leads to, and
 * what it hears of it.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Timers } from "../base/clock.ts";
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
  /** What it speaks; `unknown` if that is to be found out. */
  readonly kind: KindOfPool;
  /** The name to authorize as: the sub-account, or the `user` of a Stratum pool. */
  readonly account: string;
  /**
   * What goes with the name; empty for none. Appears in no log. A pool that is an agent pool by the
   * list gets none; one of unknown kind gets it with the question for its kind.
   */
  readonly password: string;
  /** How many workers a Stratum pool is to see; absent for one. */
  readonly workers?: WorkersSeen;
  /** The difficulty to suggest to a Stratum pool; absent for none. */
  readonly suggestedDifficulty?: number;
  /** Bytes of extranonce2 that all miners are to have, if the operator says so; absent for any. */
  readonly extranonce2Bytes?: number | undefined;
  /** Whether it is for the miners of one worker, if it is to a Stratum pool; absent if for all. */
  readonly isOfOneWorker?: boolean;
  /** Shares turns with many others, if it is one of many to a Stratum pool; absent otherwise. */
  readonly gate?: TurnGate;
  /** The most miners on it, if it is to a Stratum pool; absent for as many as fit. */
  readonly minersPerConnection?: number | undefined;
  /** Whether verdicts are wanted, if the pool offers them. */
  readonly wantsVerdicts: boolean;
  /** Which shares are hashed here though the pool judges them by itself; absent for none. */
  readonly verify?: Verify;
  /** Of btcagent. */
  readonly version: string;
  /** Opens the socket. */
  readonly dial: Dial;
  /** Counts one more connect against the pool's rate: this connection needs a second one. */
  readonly connectsAgain?: () => void;
  /** Monotonic time, for judging the pool. */
  readonly now: AttendedNow;
  /** What rates of the pool are judged by. */
  readonly rateClock: RateClock;
  /** For its turns, and for shares that wait for company. */
  readonly timers: Timers;
  /** Dialling and handshake together may take this long, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /**
   * Treat a pool as dead after this much silence, in milliseconds; an agent pool is probed at half of
   * it. `undefined` for what suits its kind.
   */
  readonly readTimeoutMs: number | undefined;
  /** Longest wait of a share for company, in milliseconds. */
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
  /** What is spoken on it, once that was found out; absent if it is what the list says. */
  readonly kind?: KindOfPool;
  /** Bytes for the pool that the kernel has not taken. */
  readonly waitingBytes: number;
  /** Ends what is overdue and probes a silent pool. To be called several times a second. */
  tick(): void;
  /** Writes out what waits for company. */
  flush(): void;
  /** Closes it. Nothing is reported any more. */
  close(): void;
}

/** A connection whose handshake is done. */
export interface ReadyUpstream extends Upstream {
  /** The newest job. */
  readonly latestJob: Job;
  /** Whether it leaves a question unanswered and says nothing else: miners must not be moved here. */
  readonly isSilent: boolean;
  /** What is known of its work. */
  readonly watch: PoolWatch;
}

/**
 * Why a connection ended: the socket could not be opened or broke, or a time-out passed; the pool
 * closed it; what the pool said broke the protocol or refused us; it takes no work for the sub-account.
 */
export type EndCause = "connection" | "close" | "refusal" | "accountRefusal";

/** The keeper of connections. */
export interface PoolConnectionOwner {
  /** The handshake is done; jobs and the rest follow to the mux. */
  ready(connection: PoolConnection, upstream: ReadyUpstream): void;
  /** The connection is over; comes exactly once, unless it was closed from here. */
  ended(connection: PoolConnection, reason: string, cause: EndCause): void;
}

/** Opens a connection of the kind that the pool at the address is. */
export type OpenConnection = (options: PoolConnectionOptions) => PoolConnection;

/**
 * Asks a pool of this kind for its extranonce2 size, unless that is known of the kind. Resolves when
 * no connection is open for it any more; never rejects.
 */
export type AskSize = (kind: KindOfPool, question: SizeQuestion) => Promise<void>;

/** All kinds of pools together. */
export interface PoolKinds {
  /** Opens a connection. */
  readonly open: OpenConnection;
  /** Asks a pool for its extranonce2 size; absent where none needs to be asked. */
  readonly askSize?: AskSize;
  /** Takes the pools of the configuration as they are from now on; absent where nothing is noted. */
  readonly list?: (pools: readonly KnownPool[]) => void;
}
