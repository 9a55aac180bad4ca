/**
 * Whether a pool's jobs continue to pay the same outputs; pure.
 *
 * An attacker that can change a pool's jobs on the network can make miners work for someone else,
 * and nothing else would look different. Pools that split the reward among many change their
 * outputs all the time: after a few changes, only outputs that every job has paid so far are
 * watched.
 */

/** These many changes within a day are a habit. */
const CHANGES_OF_HABIT = 3;
const HABIT_MS = 24 * 3_600_000;

/**
 * Outputs that were paid within this time are not a change when they return: a pool may have
 * several connections, and their jobs arrive at different times. This number of the latest sets is
 * remembered.
 */
const KNOWN_MS = 600_000;
const MOST_KNOWN = 8;

/** A job that does not pay outputs that earlier jobs paid. */
export interface PayoutChange {
  /** Scripts that are no longer paid, in hex; at least one. */
  readonly gone: readonly string[];
  /** Scripts that are paid now, in hex. */
  readonly paid: readonly string[];
  /** Whether this shows that the pool does so all the time; true once. */
  readonly isHabit: boolean;
}

/** What the jobs of one pool have paid. */
export class PaidOutputs {
  /** What the last job paid; `undefined` before the first. */
  #last: ReadonlySet<string> | undefined;
  /** The scripts that all of its jobs paid. */
  #always: ReadonlySet<string> = new Set();
  /** When each of the latest sets of outputs was paid, each set as one text, the oldest first. */
  readonly #known = new Map<string, number>();
  /** When there were changes, until they are a habit. */
  #changes: readonly number[] = [];
  #isHabit = false;

  /**
   * A job came at `time`.
   *
   * @param paid the scripts it pays, in hex.
   * @returns what it stops paying, if that is worth a log line.
   */
  next(paid: ReadonlySet<string>, time: number): PayoutChange | undefined {
    const last = this.#last;
    const before = this.#isHabit ? this.#always : last ?? paid;
    this.#always = last === undefined ? paid : this.#always.intersection(paid);
    this.#last = paid;
    const isKnown = this.#isKnown(paid, time);
    const gone = [...before.difference(paid)];
    if (gone.length === 0 || isKnown && !this.#isHabit) return undefined;
    const isHabit = !this.#isHabit && this.#isOneTooMany(time);
    this.#isHabit ||= isHabit;
    return { gone, paid: [...paid], isHabit };
  }

  /** Whether exactly these outputs were paid recently; then notes that they were. */
  #isKnown(paid: ReadonlySet<string>, time: number): boolean {
    const key = [...paid].sort().join(" ");
    const paidAt = this.#known.get(key);
    this.#known.delete(key);
    this.#known.set(key, time);
    if (this.#known.size > MOST_KNOWN) this.#known.delete(this.#known.keys().next().value!);
    return paidAt !== undefined && time - paidAt < KNOWN_MS;
  }

  #isOneTooMany(time: number): boolean {
    this.#changes = [...this.#changes.filter((at) => time - at < HABIT_MS), time];
    return this.#changes.length >= CHANGES_OF_HABIT;
  }
}
