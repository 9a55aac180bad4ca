/**
 * How often a pool may change its version mask: usually it tells it once, after the handshake, and
 * every change costs each miner a job.
 */

import { Allowance } from "../base/allowance.ts";
import type { RateClock } from "../base/attended_clock.ts";
import { PoolFault } from "../base/violation.ts";

/** A pool that changes it more often is left. */
const CHANGES_A_MINUTE = 6;

/** The changes of one connection. */
export class MaskChanges {
  readonly #allowance = new Allowance(60_000 / CHANGES_A_MINUTE, CHANGES_A_MINUTE);
  readonly #rateClock: RateClock;

  /** None was made yet. */
  constructor(rateClock: RateClock) {
    this.#rateClock = rateClock;
  }

  /** The pool makes one. @throws PoolFault `version-mask-flips` when it is one too many. */
  count(): void {
    if (this.#allowance.take(this.#rateClock.realNow(), this.#rateClock.awayMs())) return;
    throw new PoolFault(
      "version-mask-flips",
      "Cannot follow this pool: it has changed its version mask more than " +
        `${CHANGES_A_MINUTE} times in a minute; ask the pool what it means by that`,
    );
  }
}
