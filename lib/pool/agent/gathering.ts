/**
 * When collected frames are written: the first one after a pause at once; under load together, once
 * per window or as soon as they fill a TCP segment. No share waits longer than a window.
 */

import type { Timer, Timers } from "../../base/clock.ts";
import type { Outbox } from "../../net/pools/outbox.ts";

/** A little less than the payload of a TCP segment on the narrowest usual path. */
export const SEGMENT_BYTES = 1400;

/** Decides when an outbox is flushed. */
export class Gathering {
  readonly #outbox: Outbox;
  readonly #windowMs: number;
  readonly #timers: Timers;
  #window: Timer | undefined;

  /** A window of 0 ms flushes each time. */
  constructor(outbox: Outbox, windowMs: number, timers: Timers) {
    this.#timers = timers;
    this.#outbox = outbox;
    this.#windowMs = windowMs;
  }

  /** Call this after something was appended to the outbox. */
  appended(): void {
    if (this.#window === undefined) {
      this.#outbox.flush();
      if (this.#windowMs > 0) this.#openWindow();
    } else if (this.#outbox.gatheredBytes >= SEGMENT_BYTES) {
      this.#outbox.flush();
    }
  }

  /** Writes out what waits, now. */
  flush(): void {
    this.#outbox.flush();
  }

  /** Stops the timer; nothing is flushed any more. */
  stop(): void {
    this.#timers.clear(this.#window);
  }

  #openWindow(): void {
    this.#window = this.#timers.after(this.#windowMs, () => {
      this.#window = undefined;
      if (this.#outbox.gatheredBytes === 0) return;
      this.#outbox.flush();
      this.#openWindow();
    });
  }
}
