/**
 * A history that ends with yesterday, in steps that are not packed yet: the first step that an agent
 * writes after it makes it pack a whole day.
 */

import { finished } from "../../../lib/base/steps.ts";
import { systemTime } from "../../../lib/base/system_time.ts";
import { DAY_MS, dayOf } from "../../../lib/observe/history/axis.ts";
import { STEP_MS } from "../../../lib/observe/history/steps.ts";
import { HistoryStore } from "../../../lib/observe/history/store.ts";
import { workerNameOf } from "../marks.ts";
import { Farm } from "./farm.ts";

/** Writes such a history of `miners` miners to `path`. */
export function writeYesterday(path: string, miners: number): void {
  const today = dayOf(systemTime.wallNow()) * DAY_MS;
  let wall = today - DAY_MS;
  const { store, notes } = HistoryStore.open(path, {
    days: 30,
    eventsDays: 365,
    now: systemTime.now,
    wallNow: () => wall,
    say: () => {},
  });
  if (store === undefined) throw new Error(notes.join("\n"));
  // The account of single-user mode, in which the agent runs: they are its own workers.
  const farm = new Farm(miners, 1, (number) => ({ account: "", name: workerNameOf(number) }));
  for (; wall < today; wall += STEP_MS) finished(store.write(farm.step(wall)));
  store.close();
}
