/**
 * Answers to shares that many miners are given at the same moment, because a connection is gone or
 * stood still: a few at a time, so that everything else has its turn in between.
 */

import { InTurns } from "../base/in_turns.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { MinerSeat } from "./seat.ts";

/** Answers in one turn, and the pause until the next, in milliseconds. */
const ANSWERS_PER_TURN = 256;
const PAUSE_MS = 1;

interface LateAnswer {
  readonly seat: MinerSeat;
  readonly requestId: RequestId;
  readonly status: number;
}

/** Gives answers in turns. */
export class LateAnswers {
  readonly #turns = new InTurns(ANSWERS_PER_TURN, PAUSE_MS);
  #waiting: LateAnswer[] = [];

  /** Answers a share, after those before it. {@linkcode LateAnswers.give} follows. */
  add(seat: MinerSeat, requestId: RequestId, status: number): void {
    this.#waiting.push({ seat, requestId, status });
  }

  /** Gives the answers: the first at once. */
  give(): void {
    if (this.#waiting.length > 0) this.#turns.run(() => this.#give());
  }

  /** Gives all answers, one before each `yield`. */
  *#give(): Generator<void> {
    while (this.#waiting.length > 0) {
      for (const { seat, requestId, status } of this.#waiting.splice(0)) {
        if (!seat.isGone) seat.miner.answerShare(requestId, status);
        yield;
      }
    }
  }
}
