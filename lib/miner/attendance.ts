/**
 * Who hears of miners that log in, pause and leave, to keep a book of them.
 */

import type { RollingState } from "./asicboost.ts";

/** A miner that has logged in. */
export interface Attendee {
  /** Its number in the book, which it keeps for the life of its connection; 0 for none. */
  readonly attendance: number;
  /** Its session id. */
  readonly sessionId: number;
  /** Where it comes from. */
  readonly from: { readonly hostname: string };
  /** When it connected, monotonic, in milliseconds. */
  readonly connectedAt: number;
  /** The sub-account in its user name. */
  readonly account: string;
  /** What the pool knows it by. */
  readonly workerName: string;
  /** What it calls itself; may be empty. */
  readonly clientAgent: string;
  /** The pool connection it works on; `undefined` while it has none. */
  readonly upstreamName: string | undefined;
  /** What it was last told; `undefined` before. */
  readonly difficulty: number | undefined;
  /** When it last sent a share; 0 for never. */
  readonly lastShareAt: number;
  /** What is known of its version rolling. */
  readonly rolling: RollingState;
}

/** Pauses shorter than this are not told, in milliseconds. */
export const TOLD_PAUSE_MS = 50_000;

/** Keeps the book. */
export interface AttendanceBook {
  /** A miner logged in. @returns its number from now on; 0 if none is kept. */
  loggedIn(miner: Attendee): number;
  /** A miner that waited has a pool to work for. */
  admitted(miner: Attendee): void;
  /** A miner sends a share after a pause, from the share before to this one, in milliseconds. */
  paused(miner: Attendee, from: number, to: number): void;
  /** A miner left, or is about to. `isOurDoing` if we sent it away for no fault of its own. */
  left(miner: Attendee, reason: string, isOurDoing: boolean): void;
}
