/** Time that stands still until a test moves it. */

import { setImmediate } from "node:timers/promises";
import type { Now, Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";

export class FakeClock {
  #time = 1_000_000;

  /** The time, in milliseconds. */
  readonly now: Now = () => this.#time;

  /** The system's timers and all else, with this for its monotonic clock. */
  readonly time: Time = { ...systemTime, now: this.now };

  advance(ms: number): void {
    this.#time += ms;
  }
}

/** More turns than anything takes that waits for nothing else. */
const MANY_TURNS = 10_000;

/** Takes turns until `condition` holds; rejects, naming `what`, when it never does. */
export async function turnsUntil(condition: () => boolean, what: string): Promise<void> {
  for (let turns = 0; !condition(); turns++) {
    if (turns === MANY_TURNS) throw new Error(`Took ${turns} turns in vain: ${what}`);
    await turn();
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turn(): Promise<void> {
  await setImmediate();
}
