/**
 * Logs faults of btcagent itself, each in one line with everything its developers need.
 */

import type { AreaLog } from "./log.ts";

/** Logs `error`, which was caught where only our own code can be to blame. */
export function reportFault(log: AreaLog, error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  log.error("A fault of btcagent itself, please report it: {stack}", { stack });
}
