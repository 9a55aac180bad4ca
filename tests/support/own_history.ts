/** Opens a history in this process, where other tests start programs all the time. */

import { openHistory } from "../../lib/app/open_history.ts";
import type { HistoryKeeper } from "../../lib/app/history_keeper.ts";
import type { Time } from "../../lib/base/clock.ts";
import type { Config } from "../../lib/config/schema.ts";

/**
 * A lock that was just given up may be held for a moment: by a program that another test starts in
 * this process, until its start has closed the files it inherited. In milliseconds.
 */
export const OTHERS_START_MS = 2_000;

/** The keeper of the history of `config`, which no other process has. */
export function openOwnHistory(config: Config, time: Time): HistoryKeeper {
  const deadline = performance.now() + OTHERS_START_MS;
  for (;;) {
    const keeper = openHistory(config, time);
    if (keeper.kept !== undefined || performance.now() > deadline) return keeper;
  }
}
