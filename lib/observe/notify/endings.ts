/**
 * What is said of an incident that is over. It needs nothing but what is remembered of an incident
 * over a restart. Pure.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";
import { shown } from "./words.ts";

/** What can last: all but a block, which is over in a moment. */
export type LastingKind = Exclude<AlarmKind, "block">;

/** The most that is read of the name of a file. */
const MAX_FILE = 200;

/** A sentence without full stop, printable, the time it lasted to follow. */
export function overText(kind: LastingKind, subject: string): string {
  switch (kind) {
    case "outage":
      return "A pool serves the miners again";
    case "account_outage":
      return `The sub-account ${shown(subject)} has no miners without a pool any more`;
    case "backup":
      return "Miners are back at the preferred pool";
    case "pool_lost":
      return `Pool ${shown(subject)} is no longer in trouble`;
    case "workers_missing":
      return "Fewer machines are missing";
    case "workers_refused":
      return "Fewer workers have shares refused";
    case "workers_flapping":
      return "Fewer workers come and go";
    case "workers_silent":
      return "Fewer workers are silent";
    case "workers_weak":
      return "Fewer workers are weak";
    case "hashrate":
      // It may also have become the usual one.
      return "The hashrate of the farm is no longer below its usual or nominal one";
    case "lost_work":
      return "Less work is lost";
    case "certificate":
      return `The certificate ${shown(subject, MAX_FILE)} is no longer about to expire`;
    case "disk":
      return `Can write ${shown(subject, MAX_FILE)} again`;
  }
}
