/**
 * What btcagent itself did wrong, as the log tells it: one line, with all that its makers need.
 */

import type { AreaLog } from "./log.ts";

/** Tells of `error`, which was caught where nothing foreign can be to blame. */
export function reportFault(log: AreaLog, error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  log.error("A fault of btcagent itself, please report it: {stack}", { stack });
}
