/**
 * A share that a simulated Stratum pool refuses. Where a server says more, its own file adds that.
 */

import type { BadBehaviour, ShareRefusal } from "./ledger.ts";

/** Why a share is refused: what is counted, and what the client hears. */
export interface Refusal {
  /** Where it is counted. */
  readonly reason: ShareRefusal;
  /** First in the error. */
  readonly code: number;
  /** Second. */
  readonly text: string;
  /** What is taken amiss, if anything. */
  readonly bad?: BadBehaviour;
}
