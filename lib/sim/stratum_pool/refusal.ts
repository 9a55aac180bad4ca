/**
 * The refusal of a share by a simulated Stratum pool. A server that says more adds it in its own
 * file.
 */

import type { BadBehaviour, ShareRefusal } from "./ledger.ts";

/** Why a share is refused: what is counted, and what the client is sent. */
export interface Refusal {
  /** The reason under which it is counted. */
  readonly reason: ShareRefusal;
  /** The error's first member. */
  readonly code: number;
  /** The error's second member. */
  readonly text: string;
  /** The bad behaviour it counts as, if any. */
  readonly bad?: BadBehaviour;
}
