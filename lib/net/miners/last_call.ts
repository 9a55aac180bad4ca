/**
 * How long a port that is shared with another program is still accepted from when accepting stops:
 * whoever is in its queue when it is closed is reset.
 */

import type { Timer, Timers } from "../../base/clock.ts";

/** How long a turn is, in milliseconds. */
const TURN_MS = 10;

/** After so many turns in which nobody came, nobody is in the queue. */
const QUIET_TURNS = 5;

/** A queue that never runs dry is closed after so many. */
const MOST_TURNS = 200;

/** Counts turns rather than time, which on a busy machine passes while nobody can be let in. */
export class LastCall {
  readonly #timers: Timers;
  readonly #isOver: () => void;
  #timer: Timer | undefined;
  #turns = 0;
  #quietTurns = 0;

  /** `isOver` is called once, unless it is ended before. */
  constructor(timers: Timers, isOver: () => void) {
    this.#timers = timers;
    this.#isOver = isOver;
  }

  /** Accepting is to stop. */
  begin(): void {
    this.#timer = this.#timers.after(TURN_MS, () => {
      if (++this.#quietTurns > QUIET_TURNS || ++this.#turns === MOST_TURNS) this.#isOver();
      else this.begin();
    });
  }

  /** Somebody came. */
  accepted(): void {
    this.#quietTurns = 0;
  }

  /** There is nothing to wait for. */
  end(): void {
    this.#timers.clear(this.#timer);
  }
}
