/**
 * Whether the history can be written: what went wrong last, said once when it begins and once when
 * it ends.
 */

import type { HistoryState } from "./kept_history.ts";

/** Follows the state of a history. */
export class Health {
  readonly #path: string;
  readonly #say: (sentence: string) => void;
  #state: HistoryState = "working";
  #problem = "";
  #isFullOfNames = false;

  /** Of the history at `path`; `say` gets the sentences. */
  constructor(path: string, say: (sentence: string) => void) {
    this.#path = path;
    this.#say = say;
  }

  /** The state now. */
  get state(): HistoryState {
    return this.#state;
  }

  /** What is wrong; empty if nothing is. */
  get problem(): string {
    return this.#problem;
  }

  /** Something cannot be written, because of `problem`, a clause. */
  fail(state: Exclude<HistoryState, "working">, problem: string): void {
    const isNews = this.#state !== state;
    this.#state = state;
    this.#problem = problem;
    if (!isNews) return;
    this.#say(
      state === "no_clock"
        ? `The history waits: ${problem}`
        : `Cannot write the history ${this.#path}: ${problem}. Mining goes on, and what happens ` +
          "meanwhile will be a gap",
    );
  }

  /** A step was written without `surplus` workers, since the history has `most`. */
  leave(surplus: number, most: number): void {
    if (surplus > 0 && !this.#isFullOfNames) {
      this.#say(
        `The history ${this.#path} has ${most} workers, as many as it keeps: ${surplus} more are ` +
          "left out. Those that were there for less than a day make room tomorrow; to make room " +
          "now, stop miners that log in under ever new names, and run btcagent history purge",
      );
    }
    this.#isFullOfNames = surplus > 0;
  }

  /** Something was written. */
  recover(): void {
    if (this.#state === "working") return;
    this.#state = "working";
    this.#problem = "";
    this.#say(`The history ${this.#path} is written again`);
  }
}
