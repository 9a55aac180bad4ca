/**
 * What the mux asks of miners, and what it offers them.
 */

import type { PeerAddress } from "../base/peer_address.ts";
import type { StratumError } from "../protocol/stratum/error_code.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { ExtranonceLayout } from "./terms.ts";
import type { Worker } from "./upstream.ts";
import type { Refused } from "./verdict.ts";

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
  /** Its number, which its extranonce1 ends with: kept for the life of its connection. */
  readonly sessionId: number;
  /** How its extranonces look: kept, too. */
  readonly layout: ExtranonceLayout;
  /** Its socket, by which it is told of news with many others. */
  readonly handle: number;
  /** Where it connected to: the same object for all that did. */
  readonly port: PeerAddress;
  /** The difficulty it suggests for itself; `undefined` if it did not. */
  readonly suggestedDifficulty: number | undefined;
  /** What pools are to know it by. */
  readonly worker: Worker;
  /**
   * The number of those that have its software, network and sub-account, for those who count what
   * is lost and why; 0 for no group of its own.
   */
  readonly origin: number;
  /** There is a pool to work for: answers its authorize request. Comes once, before all below. */
  admit(): void;
  /** No pool takes work under its name: answers its authorize request so. `reason` is for the log. */
  turnAway(answer: StratumError, reason: string): void;
  /** What became of a share that was hashed; in the order of those of this miner. */
  shareChecked(share: Share, receipt: ShareReceipt): void;
  /** Answers a share that is good, or taken for good. */
  acceptShare(id: RequestId): void;
  /** Answers a share that is not. */
  rejectShare(id: RequestId, answer: StratumError): void;
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
 * What becomes of a share: a verdict will come; none will, and the miner is to be answered true; or
 * it is refused here.
 */
export type ShareReceipt = "waiting" | "taken" | Refused;

/** The same at once, or that it is hashed first: {@linkcode Downstream.shareChecked} follows. */
export type FirstReceipt = ShareReceipt | "checking";

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
  /**
   * The miner needs its job once more.
   *
   * @returns whether there is news for it now; if not, it hears with the next job.
   */
  askAgain(): boolean;
  /** Takes a share. */
  submit(share: Share): FirstReceipt;
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
  /** The miner suggests another difficulty: it counts from one of the next jobs on. */
  suggested(): void;
  /** The miner is gone. Its session id comes back when the pool no longer knows it. */
  leave(): void;
}

/** Why a share was refused before it came to a seat. */
export type EarlyRefusal = "refusedIllegal" | "refusedUnauthorized";

/** The miner that sent such a share. */
export interface EarlySender {
  /** Its number; `undefined` before it has subscribed. */
  readonly leasedId: number | undefined;
  /** As in {@linkcode Downstream.origin}. */
  readonly origin: number;
}

/** All of the mux that a miner's side needs. */
export interface Mux {
  /** Whether miners that subscribe have to wait: soon it is known what they can be given. */
  readonly holdsLayouts: boolean;
  /** What a miner that subscribes now is given to keep: it fits every pool it may work for. */
  layoutFor(clientAgent: string): ExtranonceLayout;
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
  /**
   * Counts a share of a miner that was received and refused at once; the miner may have no id yet.
   * `difficulty` is what it was last told, 0 before it was told any.
   */
  countRefused(miner: EarlySender, reason: EarlyRefusal, difficulty: number): void;
}
