/**
 * The interfaces between the mux and miners.
 */

import type { PeerAddress } from "../base/peer_address.ts";
import type { StratumError } from "../protocol/stratum/error_code.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { ExtranonceLayout } from "./terms.ts";
import type { Worker } from "./upstream.ts";
import type { Refused } from "./verdict.ts";

/** The news for a miner, sent in one message. */
export interface News {
  /** The version bits that may be rolled from here on. */
  readonly versionMask: number;
  /** The difficulty from here on; `undefined` if the miner was told it already. */
  readonly difficulty: number | undefined;
  /**
   * The `mining.notify` line of the job, shared by many miners; `undefined` while there is none.
   */
  readonly job: Uint8Array | undefined;
}

/** A miner, as the mux sees it. */
export interface Downstream {
  /** Its session id, at the end of its extranonce1: kept for the life of its connection. */
  readonly sessionId: number;
  /** The layout of its extranonces, kept for the life of its connection. */
  readonly layout: ExtranonceLayout;
  /** Its socket, used to tell it news together with many others. */
  readonly handle: number;
  /** The port it connected to: the same object for all miners of that port. */
  readonly port: PeerAddress;
  /** The difficulty that it suggests; `undefined` for none. */
  readonly suggestedDifficulty: number | undefined;
  /** Its identity for pools. */
  readonly worker: Worker;
  /**
   * The number of its origin (software, network and sub-account), used to count losses by cause; 0
   * for no origin of its own.
   */
  readonly origin: number;
  /**
   * There is a pool to work for: answers its authorize request. Called once, before the methods
   * below.
   */
  admit(): void;
  /**
   * No pool accepts work under its name: answers its authorize request with an error. `reason` is
   * for the log.
   */
  turnAway(answer: StratumError, reason: string): void;
  /** The result of a share that was hashed; for one miner, in the order of its shares. */
  shareChecked(share: Share, receipt: ShareReceipt): void;
  /** Answers true: the share is good, or has no verdict in time. */
  acceptShare(id: RequestId): void;
  /** Answers a share that is rejected. */
  rejectShare(id: RequestId, answer: StratumError): void;
  /** Ends its connection, so that it can use its own backup pool. `reason` is for the log. */
  disconnect(reason: string): void;
}

/** Miners that get the same news. */
export interface Crowd {
  /** Their sockets. */
  handles(): readonly number[];
  /** Whether their work is worthless until they have it. */
  readonly isUrgent: boolean;
}

/** Has many miners fetch their news, a few at a time; a slow miner delays no other. */
export interface Fanout {
  /** Announces news for these: {@linkcode Seat.takeNews} is called for each when it can be sent. */
  tell(crowd: Crowd): void;
}

/**
 * The fate of a share: `waiting`, a verdict will come; `taken`, no verdict will come and the miner
 * is answered true; or it is refused here.
 */
export type ShareReceipt = "waiting" | "taken" | Refused;

/**
 * The fate of a share, or `checking` if it is hashed first: {@linkcode Downstream.shareChecked}
 * follows.
 */
export type FirstReceipt = ShareReceipt | "checking";

/** A miner's place in the mux. */
export interface Seat {
  /** The mask of the pool it works for; `undefined` while it waits for one. */
  readonly versionMask: number | undefined;
  /** The name of the connection it works on; `undefined` while it waits for one. */
  readonly upstreamName: string | undefined;
  /** The difficulty it was last told; `undefined` before it had a place. */
  readonly difficulty: number | undefined;
  /** Returns the news for the miner, which counts as told from here on; `undefined` for nothing. */
  takeNews(): News | undefined;
  /**
   * The miner needs its job again.
   *
   * @returns whether there is news for it now; if not, the next job will serve.
   */
  askAgain(): boolean;
  /** Takes a share. */
  submit(share: Share): FirstReceipt;
  /**
   * Whether our job `number` came after the last clean job and the last change of mask that the
   * miner was told: bad shares for older jobs do not count against it.
   */
  isCurrent(number: number): boolean;
  /**
   * The miner always rolls all version bits: from now on it sits at a connection that allows them
   * all, if there is one.
   *
   * @returns whether it moves there.
   */
  needFullMask(): boolean;
  /** The miner suggests another difficulty, which takes effect with one of the next jobs. */
  suggested(): void;
  /** The miner has left. Its session id becomes free when the pool has forgotten it. */
  leave(): void;
}

/** Why a share was refused before it reached a seat. */
export type EarlyRefusal = "refusedIllegal" | "refusedUnauthorized";

/** The miner that sent such a share. */
export interface EarlySender {
  /** Its number; `undefined` before it has subscribed. */
  readonly leasedId: number | undefined;
  /** As in {@linkcode Downstream.origin}. */
  readonly origin: number;
}

/** The part of the mux that the miners' side needs. */
export interface Mux {
  /** Whether miners that subscribe must wait until their layout is known. */
  readonly holdsLayouts: boolean;
  /**
   * The layout for a miner that subscribes now: it keeps it, so it fits every pool that it may work
   * for.
   */
  layoutFor(clientAgent: string): ExtranonceLayout;
  /** A session id for a miner that subscribes, or `undefined` when all are in use. */
  leaseSession(): number | undefined;
  /** Returns the id of a miner that left before it joined. */
  releaseSession(sessionId: number): void;
  /**
   * Takes in a miner that authorized for `account`. It is admitted and gets news now, or once there
   * is a pool for it. The rate of new accounts is limited, in all and for each `address`.
   *
   * @returns its seat, or `undefined` if it was turned away at once.
   */
  join(account: string, miner: Downstream, address: string): Seat | undefined;
  /**
   * Counts a share that was refused as it came in; the miner may have no id yet. `difficulty` is
   * the one it was last told, 0 before.
   */
  countRefused(miner: EarlySender, reason: EarlyRefusal, difficulty: number): void;
}
