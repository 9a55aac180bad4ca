/**
 * How long a pool takes to judge shares on one connection, and how long miners wait for that; pure.
 *
 * A pool may judge shares in runs, where only the newest of a run shows its answer time: the older
 * ones waited for that share. So each run counts once, by its newest share.
 */

/** Miners wait this multiple of the answer time, within bounds in milliseconds. */
const TIMES = 4;
const LEAST_WAIT_MS = 500;
const MOST_WAIT_MS = 3_000;

/** How many answers the answer time is a mean of; older ones fade away. */
const MEAN_OF = 16;

/** The answer time of one connection. */
export class AnswerTime {
  /** The longest wait until something is known. */
  #ms = MOST_WAIT_MS / TIMES;
  #answers = 0;

  /** A run of shares was judged, the newest of them after `ms` milliseconds. */
  add(ms: number): void {
    if (this.#answers < MEAN_OF) this.#answers++;
    // A longer time makes no difference, and would take long to fade away.
    this.#ms += (Math.min(ms, MOST_WAIT_MS) - this.#ms) / this.#answers;
  }

  /** How long a miner waits for the verdict on its share before it is answered true. */
  get waitMs(): number {
    return Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, TIMES * this.#ms));
  }
}
