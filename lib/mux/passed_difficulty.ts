/**
 * The difficulty of miners on a connection of their own worker: the pool's difficulty is passed on.
 * It is the same for all of them, so a table holds it once; pure.
 */

import type { DifficultyKeeper, DifficultyTable } from "./difficulties.ts";

const NO_PLACES = new Uint8Array(0);

/**
 * The difficulty to tell miners where the pool's is passed on: a whole number, which firmware
 * needs, and never above the pool's, because work would be lost.
 */
export function passedOn(poolDifficulty: number): number {
  return poolDifficulty < 1 ? poolDifficulty : Math.floor(poolDifficulty);
}

/** Keeps the pool's difficulty for all miners. Places have no meaning here. */
export class PassedDifficulty implements DifficultyKeeper {
  #next: number;

  /** Starts with the pool's difficulty, told with the first job. */
  constructor(poolDifficulty: number) {
    this.#next = passedOn(poolDifficulty);
  }

  take(): number {
    return 0;
  }

  give(): void {}

  set(_place: number, difficulty: number): void {
    this.#next = difficulty;
  }

  forJob(): DifficultyTable {
    return { places: NO_PLACES, passed: this.#next };
  }

  next(): number {
    return this.#next;
  }

  of({ passed = this.#next }: DifficultyTable): number {
    return passed;
  }
}
