/**
 * Gives memory back that the C library keeps for later use: reading the program, ten thousand
 * logins at once or a burst of writes needed it, and nothing uses it any more. Measured in
 * scripts/bench/README.md.
 *
 * `malloc_trim(3)` of the GNU C library, on another thread. It takes 0.2 to 2 ms for 10,000 miners.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

const SYMBOLS = {
  malloc_trim: { parameters: ["usize"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

/** Time between two calls, in milliseconds: long enough to cost nothing. */
const TRIM_MS = 5_000;

/** Gives memory back from now on, until it is stopped; without a GNU C library it does nothing. */
export class MemoryTrim {
  readonly #timers: Timers;
  readonly #everyMs: number;
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;
  #timer: Timer | undefined;
  #trimming: Promise<unknown> | undefined;
  #isStopped = false;

  /** Starts; `everyMs` is the time between two calls, in milliseconds. */
  constructor(timers: Timers, everyMs: number = TRIM_MS) {
    this.#timers = timers;
    this.#everyMs = everyMs;
    try {
      this.#library = loadLibc(SYMBOLS);
    } catch (error) {
      if (!(error instanceof LibcUnavailable)) throw error;
      return;
    }
    this.#wait();
  }

  /** Stops once the call under way, if there is one, has returned. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timers.clear(this.#timer);
    await this.#trimming;
    this.#library?.close();
  }

  #wait(): void {
    this.#timer = this.#timers.after(this.#everyMs, () => {
      this.#trimming = this.#library?.symbols.malloc_trim(0n).then(() => {
        if (!this.#isStopped) this.#wait();
      });
    });
  }
}
