/**
 * Hashes shares together that came together: four at once take as long as two one by one.
 *
 * Shares wait only until four have come or the current turn ends.
 */

import { loadedShareHasher } from "../bitcoin/load_share_hasher.ts";
import { difficultyOfHash } from "../bitcoin/target.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { sieveSteps } from "./flood_brake.ts";
import type { Screened, ScreenedJob } from "./screening.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";

const log = areaLog("mux");

/** The number of the hasher's lanes. */
const AT_ONCE = 4;

/** A share without fault, and the job it was found for. */
export interface WaitingShare {
  /** Its miner. */
  readonly seat: MinerSeat;
  /** The connection its job came from. */
  readonly slot: Slot<MinerSeat>;
  /** The job. */
  readonly job: ScreenedJob;
  /** The difficulty that its miner was told for the job. */
  readonly difficulty: number;
  /** Whether that may be above the pool's difficulty, because of a flood. */
  readonly isBraked: boolean;
  /** The share itself. */
  readonly share: Share;
  /** The difficulty that its hash reached; 0 until it is hashed. */
  reached: number;
}

/** The shares of one account that wait to be hashed. */
export class ShareBatch {
  readonly #judged: (waiting: WaitingShare, screened: Screened) => void;
  #waiting: WaitingShare[] = [];

  /** `judged` gets the result of each share. */
  constructor(judged: (waiting: WaitingShare, screened: Screened) => void) {
    this.#judged = judged;
  }

  /** Adds a share. */
  add(waiting: WaitingShare): void {
    this.#waiting.push(waiting);
    if (this.#waiting.length === AT_ONCE) this.run();
    else if (this.#waiting.length === 1) queueMicrotask(this.#runAtTurnEnd);
  }

  /** An error of ours affects only these shares. */
  readonly #runAtTurnEnd = (): void => {
    try {
      this.run();
    } catch (error) {
      reportFault(log, error);
    }
  };

  /** Hashes the waiting shares. Call it before anything changes that their result depends on. */
  run(): void {
    const shares = this.#waiting;
    if (shares.length === 0) return;
    this.#waiting = [];
    const hasher = loadedShareHasher();
    const count = shares.length;
    // Plain loops, because the engine does not optimize: iterating over entries took 4 to 8 %
    // longer.
    for (let lane = 0; lane < count; lane++) {
      const { seat, slot, job, share } = shares[lane]!;
      slot.screening.hashing!.put(lane, share, job, seat.miner);
    }
    hasher.hashLanes(count);
    const screened: Screened[] = [];
    for (let lane = 0; lane < count; lane++) {
      const waiting = shares[lane]!;
      const { slot, job, difficulty } = waiting;
      const hash = hasher.wordsIn(lane);
      waiting.reached = difficultyOfHash(hash);
      const sieve = sieveSteps(slot.upstream.queued);
      screened.push(slot.screening.hashing!.judge(hash, job, difficulty, sieve));
    }
    for (let lane = 0; lane < count; lane++) this.#judged(shares[lane]!, screened[lane]!);
  }
}
