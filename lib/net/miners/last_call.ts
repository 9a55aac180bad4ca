/**
 * Decides how long a port shared with another program still accepts when accepting stops: closing
 * it resets every connection in its queue.
 */

import type { Timer, Timers } from "../../base/clock.ts";

/** How long a turn is, in milliseconds. */
const TURN_MS = 10;

/** After this many turns without a connection the queue is empty. */
const QUIET_TURNS = 5;

/** A queue that never becomes empty is closed after this many turns. */
const MOST_TURNS = 200;

/** Counts turns, not time: on a busy machine time passes while no connection can be accepted. */
export class LastCall {
  readonly #timers: Timers;
  readonly #isOver: () => void;
  #timer: Timer | undefined;
  #turns = 0;
  #quietTurns = 0;

  /** `isOver` is called once, unless `end` is called first. */
  constructor(timers: Timers, isOver: () => void) {
    this.#timers = timers;
    this.#isOver = isOver;
  }

  /** Starts the last call. */
  begin(): void {
    this.#timer = this.#timers.after(TURN_MS, () => {
      if (++this.#quietTurns > QUIET_TURNS || ++this.#turns === MOST_TURNS) this.#isOver();
      else this.begin();
    });
  }

  /** Notes an accepted connection. */
  accepted(): void {
    this.#quietTurns = 0;
  }

  /** Ends the wait without calling `isOver`. */
  end(): void {
    this.#timers.clear(this.#timer);
  }
}
