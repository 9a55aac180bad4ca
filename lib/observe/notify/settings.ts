/**
 * When alarms are raised and sent. The names are those of the configuration's group `notify`, whose
 * values fit here.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";

/** Whether there is an alarm at all. */
export interface Switch {
  /** Whether it is raised. */
  readonly on: boolean;
}

/** An alarm for something that lasts. */
export interface Lasting extends Switch {
  /** How long it must last. */
  readonly after_seconds: number;
}

/** An alarm for workers in trouble: above the lower of two bounds. */
export interface ManyWorkers extends Lasting {
  /** Workers. */
  readonly more_than: number;
  /** Percent of all workers. */
  readonly more_than_percent: number;
}

/** Every alarm. */
export interface AlarmSettings {
  /** No pool serves the miners. */
  readonly outage: Lasting;
  /** No pool serves one of several sub-accounts. */
  readonly account_outage: Lasting;
  /** Miners work for a backup pool. */
  readonly backup: Lasting;
  /** Another pool of the list does not answer. */
  readonly pool_lost: Lasting;
  /** Machines are missing. */
  readonly workers_missing: ManyWorkers;
  /** Shares of workers are refused. */
  readonly workers_refused: ManyWorkers;
  /** Workers come and go. */
  readonly workers_flapping: ManyWorkers;
  /** Workers send no shares. */
  readonly workers_silent: ManyWorkers;
  /** Workers are far below their kind, or themselves. */
  readonly workers_weak: ManyWorkers;
  /** The farm does less than this part of what it should. */
  readonly hashrate: Lasting & { readonly below_percent: number };
  /** More than this part of an hour's work is lost. */
  readonly lost_work: Lasting & { readonly above_percent: number };
  /** A certificate expires within these days. */
  readonly certificate: Switch & { readonly days: number };
  /** A file cannot be written. */
  readonly disk: Lasting;
  /** A block was found or lost. */
  readonly block: Switch;
}

/** When messages wait. */
export interface QuietHours {
  /** Local time, `HH:MM`. Equal to `to`: never. */
  readonly from: string;
  /** Local time, `HH:MM`. */
  readonly to: string;
  /** What is sent all the same. */
  readonly except: readonly AlarmKind[];
}

/** What is sent, and when. */
export interface NotifySettings {
  /** The name of the farm in every message. */
  readonly farm_name: string;
  /** Which alarms are raised. */
  readonly events: AlarmSettings;
  /** When messages wait. */
  readonly quiet_hours: QuietHours;
  /** The least time between two messages. */
  readonly at_most_every_minutes: number;
  /** Local time of the daily summary, `HH:MM`; empty for none. */
  readonly digest_at: string;
}
