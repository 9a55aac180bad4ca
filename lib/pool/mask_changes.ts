/**
 * Limits how often a pool may change its version mask: usually it sends one, after the handshake,
 * and every change costs each miner a job.
 */

import { Allowance } from "../base/allowance.ts";
import type { RateClock } from "../base/attended_clock.ts";
import { PoolFault } from "../base/violation.ts";

/** We disconnect from a pool that changes it more often. */
const CHANGES_A_MINUTE = 6;

/** The changes of one connection. */
export class MaskChanges {
  readonly #allowance = new Allowance(60_000 / CHANGES_A_MINUTE, CHANGES_A_MINUTE);
  readonly #rateClock: RateClock;

  /** Starts without any change. */
  constructor(rateClock: RateClock) {
    this.#rateClock = rateClock;
  }

  /** Counts a change. @throws PoolFault `version-mask-flips` when there are too many. */
  count(): void {
    if (this.#allowance.take(this.#rateClock.realNow(), this.#rateClock.awayMs())) return;
    throw new PoolFault(
      "version-mask-flips",
      "Cannot keep up with this pool: it changed its version mask more than " +
        `${CHANGES_A_MINUTE} times in a minute; ask the pool why`,
    );
  }
}
