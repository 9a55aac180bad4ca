/** Time that stands still until a test moves it. */

import { setImmediate } from "node:timers/promises";
import type { Now } from "../../lib/base/clock.ts";

export class FakeClock {
  #time = 1_000_000;

  /** The time, in milliseconds. */
  readonly now: Now = () => this.#time;

  advance(ms: number): void {
    this.#time += ms;
  }
}

/** Lets everything happen that waits for nothing but its turn. */
export async function turn(): Promise<void> {
  await setImmediate();
}
