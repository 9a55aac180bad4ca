/**
 * Judges the shares of one connection of the simulated pool. It numbers them as the pool does,
 * checks them, and sends verdicts: for duplicates and unknown jobs at once, for all others a little
 * later and in random order, as hashing threads would (agent.md "How a share is judged").
 */

import type { Timer } from "../base/clock.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import { POOL_STATUS, SHARE_ACCEPTED } from "../protocol/agent/status.ts";
import type { PoolContext } from "./pool_context.ts";
import type { PoolFaults } from "./pool_faults.ts";
import type { SentJob } from "./pool_jobs.ts";
import type { PoolWorker } from "./pool_workers.ts";
import { randomBelow } from "./seeded_random.ts";
import { type Bar, checkAtOnce, checkByHash, type ReceivedShare } from "./share_check.ts";

/** Submits are numbered modulo this. */
const INDEXES = 65536;

/** Refusals that the pool answers but does not write into its books. */
const UNBOOKED: ReadonlySet<number> = new Set([ERROR_CODE.duplicate, POOL_STATUS.jobNotFound]);

/** What the judge needs of its connection. */
export interface Court {
  /** The current fault switches. */
  readonly faults: () => PoolFaults;
  /** Whether verdicts were asked for. */
  readonly wantsVerdicts: () => boolean;
  /** Bits a share may change in the version. */
  readonly versionMask: () => number;
  /** Sends a verdict frame. */
  readonly sendVerdict: (index: number, status: number) => void;
}

/** A share that got an index and waits for its check. */
interface WaitingShare {
  readonly index: number;
  readonly worker: PoolWorker;
  readonly share: ReceivedShare;
  readonly sent: SentJob;
}

/** Numbers, checks and answers the shares of one connection. */
export class PoolJudge {
  readonly #context: PoolContext;
  readonly #court: Court;
  #nextIndex = 0;
  #verdicts = 0;
  #waiting: WaitingShare[] = [];
  #checkTimer: Timer | undefined;
  #isClosed = false;

  /** Judges for one connection. */
  constructor(context: PoolContext, court: Court) {
    this.#context = context;
    this.#court = court;
  }

  /** Handles a share of a registered worker; `sent` is the job it names, if it is known. */
  take(worker: PoolWorker, sent: SentJob | undefined, share: ReceivedShare): void {
    const index = this.#nextIndex;
    this.#nextIndex = (index + 1) % INDEXES;
    this.#context.ledger.count("submits");
    const status = checkAtOnce(sent, share);
    if (status !== undefined || sent === undefined) {
      return this.#judge(index, status ?? POOL_STATUS.jobNotFound, worker, share);
    }
    this.#waiting.push({ index, worker, share, sent });
    this.#context.ledger.count("waitingNow");
    const { random, settings } = this.#context;
    this.#checkTimer ??= settings.time.after(
      random() * settings.verdictDelayMs,
      () => this.#checkWaiting(),
    );
  }

  /**
   * The connection is closed: waiting shares are judged and counted without a verdict, as in the
   * real pool.
   */
  close(): void {
    this.#isClosed = true;
    this.#context.settings.time.clear(this.#checkTimer);
    this.#checkWaiting();
  }

  #checkWaiting(): void {
    this.#checkTimer = undefined;
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#context.ledger.count("waitingNow", -waiting.length);
    for (let left = waiting.length; left > 0; left--) {
      const chosen = randomBelow(this.#context.random, left);
      const { index, worker, share, sent } = waiting[chosen]!;
      waiting[chosen] = waiting[left - 1]!;
      const status = checkByHash(sent, share, {
        height: this.#context.work()!.height,
        versionMask: this.#court.versionMask(),
        ...this.#demandOf(worker, sent),
      });
      this.#judge(index, status, worker, share);
    }
    this.#context.changed();
  }

  #demandOf(worker: PoolWorker, sent: SentJob): Pick<Bar, "difficulty" | "luck"> {
    const { proofOfWork, nicehashDifficulty, nicehashForced } = this.#context.settings;
    const told = worker.difficultyAt(sent.sequence);
    if (!proofOfWork) {
      return { difficulty: undefined, luck: nicehashForced ? told / nicehashDifficulty : 1 };
    }
    const isHeldHigher = nicehashForced || worker.isNiceHash;
    return { difficulty: isHeldHigher ? Math.max(told, nicehashDifficulty) : told, luck: 1 };
  }

  #judge(index: number, deserved: number, worker: PoolWorker, share: ReceivedShare): void {
    const { ledger } = this.#context;
    const status = this.#court.faults().everyVerdict ?? deserved;
    if (status !== deserved) ledger.madeUp(status);
    ledger.judged(status, worker.workerName, share);
    if (status === SHARE_ACCEPTED) worker.acceptedShares++;
    else if (worker.refused(this.#context.settings.time.wallNow()) && !UNBOOKED.has(status)) {
      ledger.booked(status);
    }
    if (!worker.isRegistered || !this.#court.wantsVerdicts() || this.#isClosed) {
      return ledger.count("verdictsWithheld");
    }
    const { dropEveryNthVerdict, repeatEveryNthVerdict, strayEveryNthVerdict } = this.#court
      .faults();
    this.#verdicts++;
    if (isNth(this.#verdicts, dropEveryNthVerdict)) return ledger.count("verdictsWithheld");
    ledger.count("verdicts");
    this.#court.sendVerdict(index, status);
    if (isNth(this.#verdicts, repeatEveryNthVerdict)) this.#court.sendVerdict(index, status);
    if (isNth(this.#verdicts, strayEveryNthVerdict)) {
      // Half the range away from the current index: no agent has that number of shares waiting.
      this.#court.sendVerdict((this.#nextIndex + INDEXES / 2) % INDEXES, SHARE_ACCEPTED);
    }
  }
}

function isNth(count: number, n: number): boolean {
  return n > 0 && count % n === 0;
}
