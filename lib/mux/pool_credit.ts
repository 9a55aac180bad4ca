/**
 * What a pool credits for the shares it accepts on one connection, so that its sum can be compared
 * with ours; pure.
 *
 * That is its difficulty, but for shares of jobs from before a change, of which each kind of server
 * thinks otherwise (pools.md): the lower difficulty (ckpool), the newest (public-pool), that of the
 * job (DATUM, btcagent), the newest where the share reaches it (NOMP). What a pool does is learnt
 * from the verdicts on shares that only one of the difficulties would take; what was credited for
 * others until then is put right. Answers come in the order of the changes they go by, so all is
 * judged by what is known when the verdict comes.
 */

import type { DifficultyStamp, PoolDifficulty } from "./pool_difficulty.ts";

/** Of this part of the difficulty a share is as good to NOMP. */
const GRANTED = 0.99;

/** Ids of jobs that are counters have no more digits. */
const MOST_COUNTER_DIGITS = 8;

/** Whether shares of older jobs are credited by the newest difficulty, after one sort of change. */
class Habit {
  #takesNewest: boolean;
  #isKnown = false;
  /** What would be credited more if it were the other way. */
  #other = 0;

  /** What is most likely, until it is known. */
  constructor(takesNewest: boolean) {
    this.#takesNewest = takesNewest;
  }

  get takesNewest(): boolean {
    return this.#takesNewest;
  }

  /** The credit for a share that both difficulties would take. */
  credit(newest: number, older: number): number {
    const [credit, other] = this.#takesNewest ? [newest, older] : [older, newest];
    if (!this.#isKnown) this.#other += other - credit;
    return credit;
  }

  /** The pool has shown what it does. @returns what was credited too little for it so far. */
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
  /** After a raise that came without a job, and after such a drop. */
  readonly #raisedAlone = new Habit(false);
  readonly #loweredAlone = new Habit(true);
  /** After a change with a clean job, which makes older ones worthless to NOMP, and with another. */
  #withCleanJob = new Habit(false);
  #withJob = new Habit(true);
  #sum = 0;

  /** Of a connection whose difficulty this is. */
  constructor(difficulty: PoolDifficulty) {
    this.#difficulty = difficulty;
  }

  /** For all shares so far. */
  get sum(): number {
    return this.#sum;
  }

  /**
   * The first job came. Of servers that tell a difficulty with a job NOMP and public-pool count their
   * jobs, while the ids of those that go by each job's own difficulty have the time in them.
   */
  firstJobCame(id: string): void {
    const isCounter = id.length <= MOST_COUNTER_DIGITS;
    this.#withJob = new Habit(isCounter);
    this.#withCleanJob = new Habit(isCounter);
  }

  /**
   * A share for a job with this stamp, which reached so much, was accepted.
   *
   * @param isCrossed whether the difficulty changed since it went up.
   * @returns the credit for it, which may be put right later.
   */
  accepted(stamp: DifficultyStamp, reached: number, isCrossed: boolean): number {
    const judge = this.#difficulty.takeJudge(isCrossed);
    const credit = judge.isInFlight(stamp) ? this.#inFlight(judge, stamp, reached) : judge.current;
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
    // NOMP has no such share of a raise; of a drop nobody has it but who goes by the job.
    if (!isOfNomp || !isRaise) this.#learn(habit, false);
    return older;
  }

  /** One that reached so much, and was not sure, was refused as too low. */
  refused(stamp: DifficultyStamp, reached: number): void {
    const difficulty = this.#difficulty;
    if (!difficulty.isInFlight(stamp)) return;
    const { current, previous, isAlone } = difficulty;
    const older = isAlone ? previous : stamp.difficulty;
    // Where neither would have taken it, that tells nothing of which of them counts.
    if (reached < current && reached < older) return;
    this.#learn(this.#habitAfter(difficulty), reached < current);
  }

  #habitAfter({ isAlone, isClean, isRaise }: PoolDifficulty): Habit {
    if (!isAlone) return isClean ? this.#withCleanJob : this.#withJob;
    return isRaise ? this.#raisedAlone : this.#loweredAlone;
  }

  #learn(habit: Habit, takesNewest: boolean): void {
    this.#sum += habit.learn(takesNewest);
    // A pool that goes by the difficulty of each job does so with all of them.
    const isByJob = habit === this.#withCleanJob && !takesNewest;
    if (isByJob) this.#sum += this.#withJob.learn(false);
  }
}
