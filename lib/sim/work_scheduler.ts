/**
 * Divides one process's time among its simulated miners: one timer for all of them, hashing in
 * small slices so that sockets get their turn.
 */

import type { Time, Timer } from "../base/clock.ts";

/** Hashes one miner may compute before another's turn. */
const HASHES_PER_TURN = 2048;
/** How long hashing may hold the event loop. */
const SLICE_MS = 8;
/** How often miners that submit at a rate get a turn, in milliseconds. */
const RATE_TICK_MS = 10;

/** A miner that hashes. */
export interface HashingMiner {
  /** Computes up to `maxHashes` hashes; returns `false` when it had nothing to hash. */
  hash(maxHashes: number): boolean;
}

/** A miner that submits at a set rate. */
export interface RateMiner {
  /** Submits what is due at this time (monotonic milliseconds). */
  submitDue(nowMs: number): void;
}

const shared = new WeakMap<Time, WorkScheduler>();

/** Gives miners their turns. Runs while it has any. */
export class WorkScheduler {
  readonly #time: Time;
  readonly #cpuShare: number;
  readonly #hashing = new Set<HashingMiner>();
  readonly #submitting = new Set<RateMiner>();
  /** Miners whose turn is still to come in this round. */
  #round: Iterator<HashingMiner> = [].values();
  #timer: Timer | undefined;

  /** Hashing takes at most `cpuShare` of the process's time: over 0, up to 1. */
  constructor(time: Time, cpuShare: number = 0.5) {
    this.#cpuShare = cpuShare;
    this.#time = time;
  }

  /** Returns the scheduler that miners on this time share unless they have another. */
  static of(time: Time): WorkScheduler {
    const scheduler = shared.get(time) ?? new WorkScheduler(time);
    shared.set(time, scheduler);
    return scheduler;
  }

  /** Gives this miner turns to hash from now on. */
  addHashing(miner: HashingMiner): void {
    this.#hashing.add(miner);
    this.#schedule(0);
  }

  /** Lets this miner submit at its rate from now on. */
  addSubmitting(miner: RateMiner): void {
    this.#submitting.add(miner);
    this.#schedule(RATE_TICK_MS);
  }

  /** Gives this miner no more turns. */
  remove(miner: HashingMiner | RateMiner): void {
    this.#hashing.delete(miner as HashingMiner);
    this.#submitting.delete(miner as RateMiner);
    if (this.#hashing.size === 0 && this.#submitting.size === 0) {
      this.#time.clear(this.#timer);
      this.#timer = undefined;
    }
  }

  #schedule(delayMs: number): void {
    this.#timer ??= this.#time.after(delayMs, () => {
      this.#timer = undefined;
      this.#run();
    });
  }

  #run(): void {
    const start = this.#time.now();
    for (const miner of this.#submitting) miner.submitDue(start);
    const hasHashed = this.#hash(start + SLICE_MS);
    if (this.#hashing.size === 0 && this.#submitting.size === 0) return;
    const tookMs = this.#time.now() - start;
    const restMs = tookMs * (1 - this.#cpuShare) / this.#cpuShare;
    this.#schedule(hasHashed ? restMs : Math.max(restMs, RATE_TICK_MS));
  }

  /** Gives turns until `endMs`, or until no miner has anything to hash. */
  #hash(endMs: number): boolean {
    let hasHashed = false;
    let idleTurns = 0;
    while (idleTurns < this.#hashing.size) {
      let next = this.#round.next();
      if (next.done) {
        this.#round = this.#hashing.values();
        next = this.#round.next();
      }
      if (next.done) break;
      if (next.value.hash(HASHES_PER_TURN)) {
        hasHashed = true;
        idleTurns = 0;
        if (this.#time.now() >= endMs) break;
      } else {
        idleTurns++;
      }
    }
    return hasHashed;
  }
}
