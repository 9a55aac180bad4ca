/**
 * What a simulated miner makes of the difficulties it is told before a job: firmware descended from
 * cgminer works a job at the first of several, other firmware at the last.
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

  /** By the rule of a firmware. */
  constructor({ difficulty }: Pick<Firmware, "difficulty">) {
    this.#rule = difficulty;
  }

  /** How many were told since the last job. */
  get sinceJob(): number {
    return this.#sinceJob;
  }

  /** Whether any was told. */
  get isTold(): boolean {
    return this.#now !== undefined || this.#next !== undefined;
  }

  /** What holds at this moment; `undefined` before the first job. */
  get now(): number | undefined {
    return this.#now;
  }

  /** A difficulty came. */
  tell(difficulty: number): void {
    this.#sinceJob++;
    if (this.#rule === "first" && this.#next !== undefined) this.#afterNext = difficulty;
    else this.#next = difficulty;
    if (this.#rule === "atOnce") this.#now = difficulty;
  }

  /** A job came: what it is worked at; `undefined` when no difficulty was ever told. */
  begin(): number | undefined {
    this.#sinceJob = 0;
    this.#now = this.#next ?? this.#now;
    this.#next = this.#afterNext;
    this.#afterNext = undefined;
    return this.#now;
  }
}
