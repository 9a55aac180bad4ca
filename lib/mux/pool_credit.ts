/**
 * Computes how much a pool credits for the shares it accepts on one connection, so that its sum can
 * be compared with ours; pure.
 *
 * That is its difficulty, except for shares of jobs from before a change, where servers differ
 * (pools.md): the lower difficulty (ckpool), the newest (public-pool), that of the job (DATUM,
 * btcagent), the newest if the share reaches it (NOMP). The verdicts on shares that only one of the
 * difficulties would accept show which rule a pool uses; credits until then are corrected. Answers
 * come in the order of the changes, so each is judged by the state when the verdict comes.
 */

import type { DifficultyStamp, PoolDifficulty } from "./pool_difficulty.ts";

/** NOMP accepts a share that reaches this part of the difficulty. */
const GRANTED = 0.99;

/** The most digits of a job id that is a counter. */
const MOST_COUNTER_DIGITS = 8;

/**
 * Whether a pool credits shares of older jobs by the newest difficulty, after one sort of change.
 */
class Habit {
  #takesNewest: boolean;
  #isKnown = false;
  /** The correction if the pool turns out to use the other rule. */
  #other = 0;

  /** Starts with the likely rule, until it is known. */
  constructor(takesNewest: boolean) {
    this.#takesNewest = takesNewest;
  }

  get takesNewest(): boolean {
    return this.#takesNewest;
  }

  /** The credit for a share that both difficulties would accept. */
  credit(newest: number, older: number): number {
    const [credit, other] = this.#takesNewest ? [newest, older] : [older, newest];
    if (!this.#isKnown) this.#other += other - credit;
    return credit;
  }

  /** The pool has shown its rule. @returns the correction of the credits so far. */
  learn(takesNewest: boolean): number {
    if (this.#isKnown) return 0;
    this.#isKnown = true;
    if (takesNewest === this.#takesNewest) return 0;
    this.#takesNewest = takesNewest;
    return this.#other;
  }
}

/** The credit of one connection, share by share. */
export class PoolCredit {
  readonly #difficulty: PoolDifficulty;
  /** After a raise without a job, and after such a drop. */
  readonly #raisedAlone = new Habit(false);
  readonly #loweredAlone = new Habit(true);
  /**
   * After a change with a clean job, which makes older jobs worthless to NOMP, and with another
   * job.
   */
  #withCleanJob = new Habit(false);
  #withJob = new Habit(true);
  #sum = 0;

  /** For a connection with this difficulty. */
  constructor(difficulty: PoolDifficulty) {
    this.#difficulty = difficulty;
  }

  /** The credit for all shares so far. */
  get sum(): number {
    return this.#sum;
  }

  /**
   * The first job came. Among servers that send a difficulty together with a job, NOMP and
   * public-pool number their jobs with a counter; servers that use each job's own difficulty have
   * the time in their ids.
   */
  firstJobCame(id: string): void {
    const isCounter = id.length <= MOST_COUNTER_DIGITS;
    this.#withJob = new Habit(isCounter);
    this.#withCleanJob = new Habit(isCounter);
  }

  /**
   * Notes an accepted share for a job with this stamp, which reached this difficulty.
   *
   * @param isCrossed whether the difficulty changed after the share was sent.
   * @returns the credit for it, which may be corrected later.
   */
  accepted(stamp: DifficultyStamp, reached: number, isCrossed: boolean): number {
    const judge = this.#difficulty.takeJudge(isCrossed);
    const credit = this.#difficulty.isByJob
      ? stamp.difficulty
      : judge.isInFlight(stamp)
      ? this.#inFlight(judge, stamp, reached)
      : judge.current;
    this.#sum += credit;
    return credit;
  }

  #inFlight(judge: PoolDifficulty, stamp: DifficultyStamp, reached: number): number {
    const { current, previous, isRaise, isAlone, lower } = judge;
    const habit = this.#habitAfter(judge);
    const isOfNomp = habit === this.#withJob;
    const older = isAlone ? previous : stamp.difficulty;
    const isNewest = reached >= (isOfNomp && isRaise ? current * GRANTED : current);
    const isOlder = reached >= older;
    if (isNewest && isOlder) return habit.credit(current, older);
    if (isNewest) {
      this.#learn(habit, true);
      return current;
    }
    if (isOfNomp && habit.takesNewest && reached >= previous) return previous;
    if (!isOlder) return lower;
    // After a raise NOMP accepts no such share; after a drop only a pool that uses the job's
    // difficulty does.
    if (!isOfNomp || !isRaise) this.#learn(habit, false);
    return older;
  }

  /** Notes an uncertain share that reached this difficulty and was rejected as too low. */
  refused(stamp: DifficultyStamp, reached: number): void {
    const difficulty = this.#difficulty;
    if (!difficulty.isInFlight(stamp)) return;
    const { current, previous, isAlone } = difficulty;
    const older = isAlone ? previous : stamp.difficulty;
    // If neither difficulty would accept it, the verdict does not show which one counts.
    if (reached < current && reached < older) return;
    this.#learn(this.#habitAfter(difficulty), reached < current);
  }

  #habitAfter({ isAlone, isClean, isRaise }: PoolDifficulty): Habit {
    if (!isAlone) return isClean ? this.#withCleanJob : this.#withJob;
    return isRaise ? this.#raisedAlone : this.#loweredAlone;
  }

  #learn(habit: Habit, takesNewest: boolean): void {
    this.#sum += habit.learn(takesNewest);
    // A pool that uses each job's own difficulty does so for all jobs.
    const isByJob = habit === this.#withCleanJob && !takesNewest;
    if (isByJob) this.#sum += this.#withJob.learn(false);
  }
}
