/**
 * What a pool demands of shares that it gets for one connection, while its difficulty changes; pure.
 *
 * Pools differ in which shares a new difficulty counts for: those for later jobs, those for the job
 * after the next, or all at once. So a share that only the old or only the new difficulty would take
 * is sent up until the pool refuses one: that tells what it does, for this change.
 *
 * - A raise: shares for older jobs need the old difficulty; if it came without a job, so do those for
 *   the first job after it.
 * - A drop: shares for older jobs need the new one.
 * - Nothing older than the difficulty before the last change counts, as pools remember one. But those
 *   that go by the job know each job's: with less than that a share of an older job is not sure.
 */

/** How the difficulty stood when a job came. */
export interface DifficultyStamp {
  /** How many changes there had been. */
  readonly change: number;
  /** Whether it is the first job after the last of them. */
  readonly isFirst: boolean;
  /** The newest then. */
  readonly difficulty: number;
}

/** What a share for a job needs. */
export interface Demand {
  /** With this difficulty it is certainly taken. */
  readonly sure: number;
  /** With this one, at most `sure`, it may be. */
  readonly possible: number;
}

/** The difficulty of one connection. */
export class PoolDifficulty {
  #current: number;
  #previous: number;
  #changes = 0;
  /** Whether the last change came without a job. */
  #isAlone = false;
  #isFirstDue = false;
  /** Whether the first job after the last change was a clean one. */
  #isClean = false;
  /**
   * Whether the pool takes what only one of both would: nobody knows; a share is on its way to find
   * out; it does; it does not.
   */
  #grace: "unknown" | "tried" | "given" | "over" = "over";
  #demand: Demand;
  /** As all was before a change that came alone, until a share was accepted. */
  #before: PoolDifficulty | undefined;

  /** As it was when the connection became ready. */
  constructor(difficulty: number) {
    this.#current = this.#previous = difficulty;
    this.#demand = { sure: difficulty, possible: difficulty };
  }

  /** The newest. */
  get current(): number {
    return this.#current;
  }

  /** The one before. */
  get previous(): number {
    return this.#previous;
  }

  /** The lower of both: what a share is worth to the pool that only one of them would take. */
  get lower(): number {
    return Math.min(this.#current, this.#previous);
  }

  /** Whether the last change was a raise. */
  get isRaise(): boolean {
    return this.#current > this.#previous;
  }

  /** Whether it came without a job. */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  /** Whether the first job after it was clean. */
  get isClean(): boolean {
    return this.#isClean;
  }

  /** How often it has changed. */
  get changes(): number {
    return this.#changes;
  }

  /** It changes; `isAlone` if no job came right behind. */
  change(difficulty: number, isAlone: boolean): void {
    if (difficulty === this.#current) return;
    this.#before = isAlone ? this.#copy() : undefined;
    this.#previous = this.#current;
    this.#current = difficulty;
    this.#changes++;
    this.#isAlone = isAlone;
    this.#isFirstDue = true;
    this.#isClean = false;
    this.#grace = "unknown";
    this.#demand = { sure: difficulty, possible: difficulty };
  }

  /** A job came. */
  stamp(isClean: boolean = false): DifficultyStamp {
    const isFirst = this.#isFirstDue;
    this.#isFirstDue = false;
    if (isFirst) this.#isClean = isClean;
    return { change: this.#changes, isFirst, difficulty: this.#current };
  }

  /** Whether pools differ in what a job with this stamp goes by now. */
  isInFlight({ change, isFirst }: DifficultyStamp): boolean {
    return change < this.#changes || isFirst && this.#isAlone && this.isRaise;
  }

  /**
   * By what the share was judged that is said to be accepted now. ckpool changes its difficulty over
   * a share, and says so before it answers that share: one that had gone up when the change came.
   */
  takeJudge(isCrossed: boolean): PoolDifficulty {
    const judge = isCrossed ? this.#before ?? this : this;
    this.#before = undefined;
    return judge;
  }

  /** What a share needs now, for a job with this stamp. */
  demand(stamp: DifficultyStamp): Demand {
    if (!this.isInFlight(stamp)) return this.#demand;
    const sure = Math.max(this.#current, this.#previous, stamp.difficulty);
    // One share at a time finds out, or a fast farm would have many refused for each change.
    const isClosed = this.#grace === "over" || this.#grace === "tried";
    return { sure, possible: isClosed ? sure : this.lower };
  }

  /** A share goes up that is only possible. */
  tried(): void {
    if (this.#grace === "unknown") this.#grace = "tried";
  }

  /** The verdict on such a share, which went up after as many changes, tells nothing of it. */
  untold(change: number): void {
    if (change === this.#changes && this.#grace === "tried") this.#grace = "unknown";
  }

  /** The pool accepted such a share. */
  accepted(change: number): void {
    if (change === this.#changes && this.#grace !== "over") this.#grace = "given";
  }

  /** The pool refused such a share as too low. */
  refused(change: number): void {
    if (change === this.#changes) this.#grace = "over";
  }

  /** As far as it says by what shares are judged. */
  #copy(): PoolDifficulty {
    const copy = new PoolDifficulty(this.#current);
    copy.#previous = this.#previous;
    copy.#changes = this.#changes;
    copy.#isAlone = this.#isAlone;
    copy.#isClean = this.#isClean;
    return copy;
  }
}
