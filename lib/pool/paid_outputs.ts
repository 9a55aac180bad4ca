/**
 * Whether a pool's jobs go on paying whom they paid; pure.
 *
 * Whoever can change a pool's jobs on their way can have miners work for somebody else, and nothing
 * else would look different. Pools that split the reward among many change their outputs all the
 * time: after a few changes only outputs that every job has paid so far are watched.
 */

/** These many changes within a day are a habit. */
const CHANGES_OF_HABIT = 3;
const HABIT_MS = 24 * 3_600_000;

/** A job does not pay what earlier ones paid. */
export interface PayoutChange {
  /** Scripts that are not paid any more, in hex; at least one. */
  readonly gone: readonly string[];
  /** Scripts that are paid now, in hex. */
  readonly paid: readonly string[];
  /** Whether the pool is found to do so all the time; said once. */
  readonly isHabit: boolean;
}

/** What the jobs of one pool have paid. */
export class PaidOutputs {
  /** What the last job paid; `undefined` before the first. */
  #last: ReadonlySet<string> | undefined;
  /** What all of them paid. */
  #always: ReadonlySet<string> = new Set();
  /** When there were changes, until they are a habit. */
  #changes: readonly number[] = [];
  #isHabit = false;

  /**
   * A job came at `time`.
   *
   * @param paid the scripts it pays, in hex.
   * @returns what it pays no more, if that is worth a word.
   */
  next(paid: ReadonlySet<string>, time: number): PayoutChange | undefined {
    const last = this.#last;
    const before = this.#isHabit ? this.#always : last ?? paid;
    this.#always = last === undefined ? paid : this.#always.intersection(paid);
    this.#last = paid;
    const gone = [...before.difference(paid)];
    if (gone.length === 0) return undefined;
    const isHabit = !this.#isHabit && this.#isOneTooMany(time);
    this.#isHabit ||= isHabit;
    return { gone, paid: [...paid], isHabit };
  }

  #isOneTooMany(time: number): boolean {
    this.#changes = [...this.#changes.filter((at) => time - at < HABIT_MS), time];
    return this.#changes.length >= CHANGES_OF_HABIT;
  }
}
