/**
 * Tells what difficulty a pool demands of shares on one connection while it changes; pure.
 *
 * Pools differ in which shares a new difficulty applies to: those for later jobs, those for the job
 * after the next, or all at once. They use one of a few rules ({@linkcode RULES}), and after each
 * change all are possible. Shares that only some rules accept are sent one at a time: each verdict
 * removes the rules that it contradicts, and after the first rejection only shares that all
 * remaining rules accept are sent. So a change costs at most one rejected share, whatever jobs the
 * shares are for.
 */

/** The state of the difficulty when a job came. */
export interface DifficultyStamp {
  /** How many changes there had been. */
  readonly change: number;
  /** Whether it is the first job after the last change. */
  readonly isFirst: boolean;
  /** The newest difficulty then. */
  readonly difficulty: number;
  /**
   * The same, or a difficulty that came alone right after the job and may be meant for that job.
   */
  readonly toldAfter: number;
}

/** The difficulties that a share for a job needs. */
export interface Demand {
  /** At this difficulty it is certainly accepted. */
  readonly sure: number;
  /**
   * At this one, which is at most `sure`, it is sent: as far as known it is accepted, or it is sent
   * to find out.
   */
  readonly possible: number;
}

/** A share that is sent. */
export interface Attempt {
  /** The stamp of its job. */
  readonly stamp: DifficultyStamp;
  /** The difficulty that its hash reached, which identifies a share among those of a job. */
  readonly reached: number;
}

/** A judged share. */
export interface JudgedAttempt extends Attempt {
  /** The number of times that the difficulty had changed when it was sent. */
  readonly change: number;
  /** Whether it was uncertain then. */
  readonly isTentative: boolean;
}

/** A rule: the difficulty it demands of a share for a job in flight. */
type Rule = (now: PoolDifficulty, stamp: DifficultyStamp) => number;

const lowerOfBoth: Rule = ({ lower }) => lower;
const newest: Rule = ({ current }) => current;
const ofJob: Rule = (_, { difficulty }) => difficulty;
const ofJobOrNewest: Rule = ({ current }, { difficulty }) => Math.min(current, difficulty);
const ofJobToldAfter: Rule = (_, { toldAfter }) => toldAfter;

/** ckpool and NOMP; public-pool; DATUM and btcagent; and rules that others may use. */
const RULES: readonly Rule[] = [lowerOfBoth, newest, ofJob, ofJobOrNewest, ofJobToldAfter];

/** Where it is known that jobs keep their difficulties. */
const RULES_BY_JOB: readonly Rule[] = [ofJob];

/** The difficulty of one connection. */
export class PoolDifficulty {
  /** The rules that the pool may use after each change. */
  readonly #possibleRules: readonly Rule[];
  #current: number;
  #previous: number;
  #changes = 0;
  /** Whether the last change came without a job. */
  #isAlone = false;
  #isFirstDue = false;
  /** Whether the first job after the last change was clean. */
  #isClean = false;
  /** The rules that the pool may be using since the last change. */
  #rules: readonly Rule[];
  /**
   * Whether a share that was sent to find out, or was on its way during the change, was rejected.
   */
  #hasRefused = false;
  /** The share that was sent to find out and is not judged yet. */
  #trial: Attempt | undefined;
  #demand: Demand;
  /** The stamp of the newest job. */
  #newestStamp: { -readonly [Key in keyof DifficultyStamp]: DifficultyStamp[Key] } | undefined;
  /** The state before a change that came alone, until a share is accepted. */
  #before: PoolDifficulty | undefined;

  /**
   * Starts with the difficulty when the connection became ready.
   *
   * @param jobsKeepIt As in {@linkcode Terms.jobsKeepDifficulty}.
   */
  constructor(difficulty: number, jobsKeepIt = false) {
    this.#possibleRules = this.#rules = jobsKeepIt ? RULES_BY_JOB : RULES;
    this.#current = this.#previous = difficulty;
    this.#demand = { sure: difficulty, possible: difficulty };
  }

  /** The newest difficulty. */
  get current(): number {
    return this.#current;
  }

  /** The one before it. */
  get previous(): number {
    return this.#previous;
  }

  /** The lower of both: the value, to the pool, of a share that only one of them would accept. */
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

  /** The number of times that it has changed. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether jobs keep their difficulties, and no verdict has contradicted that. */
  get isByJob(): boolean {
    return this.#possibleRules === RULES_BY_JOB && this.#rules.length > 0;
  }

  /** Notes a change; `isAlone` if no job came right after it. */
  change(difficulty: number, isAlone: boolean): void {
    if (difficulty === this.#current) return;
    this.#before = isAlone ? this.#copy() : undefined;
    this.#previous = this.#current;
    this.#current = difficulty;
    this.#changes++;
    this.#isAlone = isAlone;
    this.#isFirstDue = true;
    this.#isClean = false;
    this.#rules = this.#possibleRules;
    this.#hasRefused = false;
    this.#trial = undefined;
    if (isAlone && this.#newestStamp !== undefined) this.#newestStamp.toldAfter = difficulty;
    this.#demand = { sure: difficulty, possible: difficulty };
  }

  /** Notes a job and returns its stamp. */
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

  /** Whether pools differ in which difficulty a job with this stamp has now. */
  isInFlight({ change, isFirst }: DifficultyStamp): boolean {
    return change < this.#changes || isFirst && this.#isAlone && this.isRaise;
  }

  /**
   * The state by which the share accepted now was judged. ckpool changes its difficulty because of
   * a share and sends the change before it answers that share, which was sent before the change.
   *
   * If it lowers the difficulty for another reason, such as a suggestion or its operator, that
   * looks the same as for the first share on its way: that share is then credited too much, by at
   * most the difference of both difficulties, once for such a drop. For raises there is no
   * difference.
   */
  takeJudge(isCrossed: boolean): PoolDifficulty {
    const judge = isCrossed ? this.#before ?? this : this;
    this.#before = undefined;
    return judge;
  }

  /** The difficulties that a share for a job with this stamp needs now. */
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
    // Only one share at a time is sent to find out, or a fast farm would have many rejected at each
    // change.
    if (this.#hasRefused || this.#trial !== undefined) return { sure, possible: known };
    return { sure, possible: Math.min(known, Math.max(least, this.#leastTried(stamp))) };
  }

  /** The least difficulty of a share that is sent to find out the pool's rule. */
  #leastTried(stamp: DifficultyStamp): number {
    const isOlder = stamp.change < this.#changes - 1;
    // A rejected share below both the newest difficulty and that of its job would not show which of
    // the two counts for jobs from just before the change, and most shares are for those.
    const isVague = isOlder && this.#rules.includes(newest);
    return isVague ? Math.max(this.lower, ofJobOrNewest(this, stamp)) : this.lower;
  }

  /** Notes that an uncertain share is sent. */
  tried({ stamp, reached }: Attempt): void {
    const isKnown = this.#rules.every((rule) => rule(this, stamp) <= reached);
    if (!isKnown && this.#rules.length > 0) this.#trial = { stamp, reached };
  }

  /** The verdict on such a share shows nothing, or none will come. */
  untold({ stamp, reached }: Attempt): void {
    if (this.#trial?.stamp === stamp && this.#trial.reached === reached) this.#trial = undefined;
  }

  /** Notes an accepted share. */
  accepted(share: JudgedAttempt): void {
    const { change, stamp, reached } = share;
    this.untold(share);
    if (change === this.#changes && this.isInFlight(stamp)) {
      this.#keepRules((need) => need <= reached, stamp);
    }
  }

  /**
   * Notes a share that the pool rejected as too low. If it was certain when it was sent, it was
   * judged by a change that came meanwhile.
   *
   * @returns whether that shows something about the rule since the last change.
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

  /** Copies the parts that decide how shares are judged. */
  #copy(): PoolDifficulty {
    const copy = new PoolDifficulty(this.#current);
    copy.#rules = this.#rules;
    copy.#previous = this.#previous;
    copy.#changes = this.#changes;
    copy.#isAlone = this.#isAlone;
    copy.#isClean = this.#isClean;
    return copy;
  }
}
