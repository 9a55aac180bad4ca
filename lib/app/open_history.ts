/** Opens the history of the configuration. Loaded only where `history.path` is set. */

import type { Time } from "../base/clock.ts";
import type { Config } from "../config/schema.ts";
import { HistoryStore } from "../observe/history/store.ts";
import { areaLog } from "../observe/log.ts";
import { HistoryKeeper } from "./history_keeper.ts";
import { rememberMs } from "./settings.ts";

const log = areaLog("agent");

/** A keeper of the history at `history.path`, whether or not the file can be opened now. */
export function openHistory(config: Config, time: Time): HistoryKeeper {
  const { path, days, events_days: eventsDays } = config.history;
  return new HistoryKeeper({
    open: () =>
      HistoryStore.open(path, {
        days,
        eventsDays,
        now: time.now,
        wallNow: time.wallNow,
        say: (sentence) => log.warn("{sentence}", { sentence }),
      }),
    time,
    rememberMs: rememberMs(config),
  });
}
