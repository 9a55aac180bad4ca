/**
 * The interface of the book that records when miners log in, pause and leave.
 */

import type { RollingState } from "./asicboost.ts";

/** A miner that has logged in. */
export interface Attendee {
  /** Its number in the book, which it keeps for the life of its connection; 0 for none. */
  readonly attendance: number;
  /** Its session id. */
  readonly sessionId: number;
  /** Its address. */
  readonly from: { readonly hostname: string };
  /** When it connected, monotonic, in milliseconds. */
  readonly connectedAt: number;
  /** The sub-account in its user name. */
  readonly account: string;
  /** Its worker name at the pool. */
  readonly workerName: string;
  /** Its client agent; may be empty. */
  readonly clientAgent: string;
  /** The pool connection it works on; `undefined` while it has none. */
  readonly upstreamName: string | undefined;
  /** The difficulty that it was last sent; `undefined` before the first. */
  readonly difficulty: number | undefined;
  /** When it last sent a share; 0 for never. */
  readonly lastShareAt: number;
  /** The state of its version rolling. */
  readonly rolling: RollingState;
}

/**
 * The shortest pause that {@linkcode AttendanceBook.paused} is told of, in milliseconds. The book
 * may ignore it.
 */
export const TOLD_PAUSE_MS = 20_000;

/** The book that is told of every miner. */
export interface AttendanceBook {
  /** A miner logged in. @returns its number from now on; 0 if the book does not keep it. */
  loggedIn(miner: Attendee): number;
  /** A waiting miner now has a pool to work for. */
  admitted(miner: Attendee): void;
  /**
   * A miner sends a share after a pause. The pause lasts from the previous share to this one, in
   * milliseconds.
   */
  paused(miner: Attendee, from: number, to: number): void;
  /**
   * A miner disconnected, or is about to. `isOurDoing` means that we disconnect it through no fault
   * of its own.
   */
  left(miner: Attendee, reason: string, isOurDoing: boolean): void;
}
