/**
 * How long a simulated miner waits for the answer to subscribe, a difficulty, any line, or a job.
 */

import type { Firmware } from "./firmware.ts";

/**
 * No miner may be left this long without a line. Braiins OS reconnects after 60 s, others after 90
 * or 120, some never. All of them report the silence here, so that a farm without Braiins does not
 * hide the fault.
 */
export const LONGEST_SILENCE_SECONDS = 45;

/** The result of waiting so far. */
export interface Impatience {
  /** What the server did wrong; `undefined` if nothing, or nothing new. */
  readonly fault?: string;
  /** Whether the miner ends the connection. */
  readonly leaves: boolean;
  /** Whether it repeats its wish for a difficulty. */
  readonly suggests: boolean;
}

/** The clocks of one connection. */
export class MinerPatience {
  readonly #firmware: Firmware;
  readonly #loginPatience: number;
  readonly #beganMs: number;
  #lineMs: number;
  #jobMs: number;
  #suggestedMs: number;
  #isSubscribed = false;
  #hasDifficulty = false;
  #hasJob = false;
  #hasComplained = false;

  /**
   * Starts with the connection. The miner waits for its login `loginPatience` times longer than the
   * real firmware.
   */
  constructor(firmware: Firmware, nowMs: number, loginPatience: number) {
    this.#firmware = firmware;
    this.#loginPatience = loginPatience;
    this.#beganMs =
      this.#lineMs =
      this.#jobMs =
      this.#suggestedMs =
        nowMs;
  }

  /** A line came. */
  heard(nowMs: number): void {
    this.#lineMs = nowMs;
    this.#hasComplained = false;
  }

  /** Subscribe was answered. */
  subscribed(): void {
    this.#isSubscribed = true;
  }

  /** A difficulty came. */
  toldDifficulty(): void {
    this.#hasDifficulty = true;
  }

  /** A job came. */
  gotJob(nowMs: number): void {
    this.#jobMs = nowMs;
    this.#hasJob = true;
  }

  /** Checks the time. */
  tick(nowMs: number): Impatience {
    const { subscribeSeconds, difficultySeconds, silenceSeconds, joblessSeconds } = this.#firmware;
    const { suggestsEverySeconds } = this.#firmware;
    // Not a fault: a machine may be too busy to answer in this short time, or there is no pool yet.
    const loginMs = (nowMs - this.#beganMs) / this.#loginPatience;
    if (!this.#isSubscribed && isOver(0, subscribeSeconds, loginMs)) return LEAVES;
    if (!this.#hasDifficulty && isOver(0, difficultySeconds, loginMs)) return LEAVES;
    if (
      isOver(this.#lineMs, silenceSeconds, nowMs) || isOver(this.#jobMs, joblessSeconds, nowMs)
    ) return LEAVES;
    const suggests = this.#isSubscribed && isOver(this.#suggestedMs, suggestsEverySeconds, nowMs);
    if (suggests) this.#suggestedMs = nowMs;
    const isSilent = this.#hasJob && isOver(this.#lineMs, LONGEST_SILENCE_SECONDS, nowMs);
    if (!isSilent || this.#hasComplained) return { leaves: false, suggests };
    this.#hasComplained = true;
    return { fault: `no line for ${LONGEST_SILENCE_SECONDS} s`, leaves: false, suggests };
  }
}

const LEAVES: Impatience = { leaves: true, suggests: false };

function isOver(sinceMs: number, seconds: number | undefined, nowMs: number): boolean {
  return seconds !== undefined && nowMs - sinceMs >= seconds * 1000;
}
