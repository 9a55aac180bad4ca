/**
 * Which difficulty a simulated miner works a job at: of several before a job, firmware descended
 * from cgminer uses the first, other firmware the last.
 */

import type { Firmware } from "./firmware.ts";

/** The difficulties of one connection. */
export class ToldDifficulty {
  readonly #rule: Firmware["difficulty"];
  #now: number | undefined;
  /** From the next job on. */
  #next: number | undefined;
  /** From the job after the next on. */
  #afterNext: number | undefined;
  #sinceJob = 0;

  /** Follows the rule of a firmware. */
  constructor({ difficulty }: Pick<Firmware, "difficulty">) {
    this.#rule = difficulty;
  }

  /** How many difficulties arrived since the last job. */
  get sinceJob(): number {
    return this.#sinceJob;
  }

  /** Whether any difficulty arrived. */
  get isTold(): boolean {
    return this.#now !== undefined || this.#next !== undefined;
  }

  /** The current difficulty; `undefined` before the first job. */
  get now(): number | undefined {
    return this.#now;
  }

  /** Notes a difficulty. */
  tell(difficulty: number): void {
    this.#sinceJob++;
    if (this.#rule === "first" && this.#next !== undefined) this.#afterNext = difficulty;
    else this.#next = difficulty;
    if (this.#rule === "atOnce") this.#now = difficulty;
  }

  /** Notes a job and returns its difficulty; `undefined` when no difficulty has arrived. */
  begin(): number | undefined {
    this.#sinceJob = 0;
    this.#now = this.#next ?? this.#now;
    this.#next = this.#afterNext;
    this.#afterNext = undefined;
    return this.#now;
  }
}
