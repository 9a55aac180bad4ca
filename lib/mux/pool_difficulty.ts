/**
 * What a pool demands of shares that it gets for one connection, while its difficulty changes; pure.
 *
 * Pools differ in which shares a new difficulty counts for: those for later jobs, those for the job
 * after the next, or all at once. There are a few rules that they may go by ({@linkcode RULES}), all
 * of them possible after each change. What only some of those take is sent up one share at a time:
 * each verdict strikes the rules out that it contradicts, and after the first refusal only what all
 * the others take goes up. So a change costs one refused share at most, whatever the jobs are from.
 */

/** How the difficulty stood when a job came. */
export interface DifficultyStamp {
  /** How many changes there had been. */
  readonly change: number;
  /** Whether it is the first job after the last of them. */
  readonly isFirst: boolean;
  /** The newest then. */
  readonly difficulty: number;
  /** That, or one that came alone right after the job: it may be what that job was made for. */
  readonly toldAfter: number;
}

/** What a share for a job needs. */
export interface Demand {
  /** With this difficulty it is certainly taken. */
  readonly sure: number;
  /** With this one, at most `sure`, it goes up: by what is known it is taken, or is to find that out. */
  readonly possible: number;
}

/** A share that goes up. */
export interface Attempt {
  /** Of its job. */
  readonly stamp: DifficultyStamp;
  /** The difficulty that its hash has reached; that tells one of a job from all others. */
  readonly reached: number;
}

/** One that was judged. */
export interface JudgedAttempt extends Attempt {
  /** How often the difficulty had changed when it went up. */
  readonly change: number;
  /** Whether it was not sure then. */
  readonly isTentative: boolean;
}

/** What a rule demands of a share for a job in flight. */
type Rule = (now: PoolDifficulty, stamp: DifficultyStamp) => number;

const lowerOfBoth: Rule = ({ lower }) => lower;
const newest: Rule = ({ current }) => current;
const ofJob: Rule = (_, { difficulty }) => difficulty;
const ofJobOrNewest: Rule = ({ current }, { difficulty }) => Math.min(current, difficulty);
const ofJobToldAfter: Rule = (_, { toldAfter }) => toldAfter;

/** ckpool and NOMP; public-pool; DATUM and btcagent; and what others may do. */
const RULES: readonly Rule[] = [lowerOfBoth, newest, ofJob, ofJobOrNewest, ofJobToldAfter];

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
  /** The rules that the pool may go by since the last change. */
  #rules: readonly Rule[] = RULES;
  /** Whether a share was refused that was to find that out, or was on its way when it changed. */
  #hasRefused = false;
  /** A share that is on its way to find it out. */
  #trial: Attempt | undefined;
  #demand: Demand;
  /** Of the newest job. */
  #newestStamp: { -readonly [Key in keyof DifficultyStamp]: DifficultyStamp[Key] } | undefined;
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
    this.#rules = RULES;
    this.#hasRefused = false;
    this.#trial = undefined;
    if (isAlone && this.#newestStamp !== undefined) this.#newestStamp.toldAfter = difficulty;
    this.#demand = { sure: difficulty, possible: difficulty };
  }

  /** A job came. */
  stamp(isClean: boolean = false): DifficultyStamp {
    const isFirst = this.#isFirstDue;
    this.#isFirstDue = false;
    if (isFirst) this.#isClean = isClean;
    const difficulty = this.#current;
    return this.#newestStamp = {
      change: this.#changes,
      isFirst,
      difficulty,
      toldAfter: difficulty,
    };
  }

  /** Whether pools differ in what a job with this stamp goes by now. */
  isInFlight({ change, isFirst }: DifficultyStamp): boolean {
    return change < this.#changes || isFirst && this.#isAlone && this.isRaise;
  }

  /**
   * By what the share was judged that is said to be accepted now. ckpool changes its difficulty over
   * a share, and says so before it answers that share: one that had gone up when the change came.
   *
   * Where it lowered it over none, as at a suggestion or by its operator's hand, nothing tells that
   * from the first share that was on its way: that one is then taken for more than it counts, by the
   * difference of both difficulties at most, once for such a drop. Raises are the same either way.
   */
  takeJudge(isCrossed: boolean): PoolDifficulty {
    const judge = isCrossed ? this.#before ?? this : this;
    this.#before = undefined;
    return judge;
  }

  /** What a share needs now, for a job with this stamp. */
  demand(stamp: DifficultyStamp): Demand {
    if (!this.isInFlight(stamp)) return this.#demand;
    const { difficulty, toldAfter } = stamp;
    const sure = Math.max(this.#current, this.#previous, difficulty, toldAfter);
    let [known, least] = this.#rules.length === 0 ? [sure, sure] : [0, Infinity];
    for (const rule of this.#rules) {
      const need = rule(this, stamp);
      known = Math.max(known, need);
      least = Math.min(least, need);
    }
    // One share at a time finds out, or a fast farm would have many refused for each change.
    if (this.#hasRefused || this.#trial !== undefined) return { sure, possible: known };
    return { sure, possible: Math.min(known, Math.max(least, this.#leastTried(stamp))) };
  }

  /** What a share needs that finds out what the pool goes by. */
  #leastTried(stamp: DifficultyStamp): number {
    const isOlder = stamp.change < this.#changes - 1;
    // Refused, one that neither the newest difficulty nor that of its job takes would not tell which
    // of them counts for jobs from just before the change, of which there are more.
    const isVague = isOlder && this.#rules.includes(newest);
    return isVague ? Math.max(this.lower, ofJobOrNewest(this, stamp)) : this.lower;
  }

  /** A share goes up that is not sure. */
  tried({ stamp, reached }: Attempt): void {
    const isKnown = this.#rules.every((rule) => rule(this, stamp) <= reached);
    if (!isKnown && this.#rules.length > 0) this.#trial = { stamp, reached };
  }

  /** The verdict on such a share tells nothing, or none will come. */
  untold({ stamp, reached }: Attempt): void {
    if (this.#trial?.stamp === stamp && this.#trial.reached === reached) this.#trial = undefined;
  }

  /** The pool accepted a share. */
  accepted(share: JudgedAttempt): void {
    const { change, stamp, reached } = share;
    this.untold(share);
    if (change === this.#changes && this.isInFlight(stamp)) {
      this.#keepRules((need) => need <= reached, stamp);
    }
  }

  /**
   * The pool refused a share as too low. One that was sure when it went up was judged by the change
   * that came meanwhile.
   *
   * @returns whether that says something of what it goes by since the last change.
   */
  refused(share: JudgedAttempt): boolean {
    const { change, isTentative, stamp, reached } = share;
    this.untold(share);
    if (isTentative && change !== this.#changes || reached >= this.demand(stamp).sure) return false;
    this.#hasRefused = true;
    this.#keepRules((need) => need > reached, stamp);
    return true;
  }

  #keepRules(isRight: (need: number) => boolean, stamp: DifficultyStamp): void {
    this.#rules = this.#rules.filter((rule) => isRight(rule(this, stamp)));
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
