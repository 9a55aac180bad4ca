/**
 * Sends many answers to shares that are due at the same moment, because a connection is gone or
 * stalled: a few at a time, so that everything else runs in between.
 */

import type { Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { StratumError } from "../protocol/stratum/error_code.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { MinerSeat } from "./seat.ts";

/** Answers in one turn, and the pause until the next, in milliseconds. */
const ANSWERS_PER_TURN = 256;
const PAUSE_MS = 1;

interface LateAnswer {
  readonly seat: MinerSeat;
  readonly requestId: RequestId;
  /** `undefined` for true. */
  readonly error: StratumError | undefined;
}

/** Sends answers in turns. */
export class LateAnswers {
  readonly #turns: InTurns;
  #waiting: LateAnswer[] = [];

  /** No answers wait yet. */
  constructor(timers: Timers) {
    this.#turns = new InTurns(timers, ANSWERS_PER_TURN, PAUSE_MS);
  }

  /**
   * Adds an answer, after those before it: true, unless there is an `error`. Call
   * {@linkcode LateAnswers.give} afterwards.
   */
  add(seat: MinerSeat, requestId: RequestId, error: StratumError | undefined): void {
    this.#waiting.push({ seat, requestId, error });
  }

  /** Sends the answers, the first ones at once. */
  give(): void {
    if (this.#waiting.length > 0) this.#turns.run(() => this.#give());
  }

  /** Sends all answers, one before each `yield`. */
  *#give(): Generator<void> {
    while (this.#waiting.length > 0) {
      for (const { seat, requestId, error } of this.#waiting.splice(0)) {
        const { isGone, miner } = seat;
        if (!isGone && error === undefined) miner.acceptShare(requestId);
        else if (!isGone && error !== undefined) miner.rejectShare(requestId, error);
        yield;
      }
    }
  }
}
