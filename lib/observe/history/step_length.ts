/**
 * How long a step is: longer while the disk is slow, so that it has less to do.
 */

import { STEP_MS } from "./steps.ts";

/** The lengths, in the shortest. */
const LENGTHS = [1, 2, 4, 6] as const;

/** A call that takes longer than this, in milliseconds, is slow: miners wait for it. */
export const SLOW_MS = 100;

/** One slow step is a hiccup, this many in a row are a slow disk. */
const SLOW_STEPS = 2;

/** After this many steps in which no call was slow, steps become shorter again. */
const FAST_STEPS = 6;

/** Watches the disk. */
export class StepLength {
  readonly #say: (sentence: string) => void;
  #length = 0;
  #slowestMs = 0;
  #slowSteps = 0;
  #fastSteps = 0;

  /** `say` gets a sentence when the disk becomes slow, and when it is no longer. */
  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  /** The length of the next step, in milliseconds. */
  get ms(): number {
    return STEP_MS * LENGTHS[this.#length]!;
  }

  /** A call waited this long for the disk. */
  note(ms: number): void {
    this.#slowestMs = Math.max(this.#slowestMs, ms);
  }

  /** All of a step is written. */
  endStep(): void {
    const slowestMs = this.#slowestMs;
    this.#slowestMs = 0;
    if (slowestMs > SLOW_MS) {
      this.#fastSteps = 0;
      if (++this.#slowSteps >= SLOW_STEPS) this.#slow(slowestMs);
    } else {
      this.#slowSteps = 0;
      if (++this.#fastSteps >= FAST_STEPS && this.#length > 0) this.#fast();
    }
  }

  #slow(ms: number): void {
    if (this.#length === 0) {
      this.#say(
        `The disk of the history is slow: a write took ${Math.round(ms)} ms. While it is, the ` +
          "history has longer steps, of up to an hour",
      );
    }
    this.#length = Math.min(LENGTHS.length - 1, this.#length + 1);
  }

  #fast(): void {
    this.#fastSteps = 0;
    if (--this.#length === 0) {
      this.#say("The disk of the history is fast again: its steps have 10 minutes again");
    }
  }
}
