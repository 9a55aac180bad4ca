/**
 * The difficulty of miners on a connection of their worker's own: the pool's, passed on. It is the
 * same for all of them, so a table holds it once; pure.
 */

import type { DifficultyKeeper, DifficultyTable } from "./difficulties.ts";

const NO_PLACES = new Uint8Array(0);

/**
 * What miners are told where the pool's difficulty is passed on: whole, as firmware wants it, and
 * never above the pool's, or work would be lost.
 */
export function passedOn(poolDifficulty: number): number {
  return poolDifficulty < 1 ? poolDifficulty : Math.floor(poolDifficulty);
}

/** See above. Places mean nothing here. */
export class PassedDifficulty implements DifficultyKeeper {
  #next: number;

  /** The first job comes with what is told for this difficulty of the pool. */
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
