/**
 * What is wrong with the farm at one moment, by the settings. Pure.
 *
 * The thresholds mean what those of conf/alerts.yml mean, so that both raise the same alarms.
 */

import type { WorkerState } from "../../base/worker_state.ts";
import type { LastingKind } from "./endings.ts";
import type { AlarmSettings, ManyWorkers } from "./settings.ts";
import type { FarmSnapshot } from "./snapshot.ts";
import { counted, duration, hashrate, listed, percent, shown } from "./words.ts";

/** Something that is wrong. */
export interface Condition {
  /** What kind of thing. */
  readonly kind: LastingKind;
  /** Which of them: two conditions with the same kind and subject are the same, in any run. */
  readonly subject: string;
  /** The same in a sentence without full stop, printable. */
  readonly about: string;
  /** How long it must last to be an incident. */
  readonly afterMs: number;
}

/** The most that is read of one reason. */
const MAX_REASON = 200;

/** Fewer lost shares within an hour are chance. */
const FEW_LOST_SHARES = 10;

/** The alarms for workers: the state each is about, and its words. */
const WORKER_ALARMS = [
  ["workers_refused", "refused", "Workers whose shares are refused"],
  ["workers_flapping", "flapping", "Workers that connect and disconnect again and again"],
  ["workers_silent", "silent", "Workers that are connected and send no share"],
  ["workers_weak", "weak", "Workers far below their usual hashrate"],
] as const satisfies readonly (readonly [LastingKind, WorkerState, string])[];

/** Everything that is wrong. */
export function conditionsOf(farm: FarmSnapshot, settings: AlarmSettings): Condition[] {
  return [
    ...outage(farm, settings),
    ...unserved(farm, settings),
    ...backup(farm, settings),
    ...lostPools(farm, settings),
    ...workers(farm, settings),
    ...lowHashrate(farm, settings),
    ...lostWork(farm, settings),
    ...certificates(farm, settings),
    ...disk(farm, settings),
  ];
}

function outage({ outage: found }: FarmSnapshot, { outage: alarm }: AlarmSettings): Condition[] {
  if (!alarm.on || found === undefined) return [];
  return [{
    kind: "outage",
    subject: "",
    about: `No pool serves the miners${because(found.reason)}`,
    afterMs: alarm.after_seconds * 1000,
  }];
}

function unserved(
  { unserved: found }: FarmSnapshot,
  { account_outage: alarm }: AlarmSettings,
): Condition[] {
  if (!alarm.on) return [];
  return found.map(({ account, reason }) => ({
    kind: "account_outage",
    subject: account,
    about: `No pool serves the sub-account ${shown(account)}${because(reason)}`,
    afterMs: alarm.after_seconds * 1000,
  }));
}

function backup({ backup: found }: FarmSnapshot, { backup: alarm }: AlarmSettings): Condition[] {
  if (!alarm.on || found === undefined) return [];
  const insteadOf = shown(found.insteadOf);
  return [{
    kind: "backup",
    subject: "",
    about: `Miners work for the backup pool ${shown(found.pool)} instead of ${insteadOf}` +
      because(found.reason),
    afterMs: alarm.after_seconds * 1000,
  }];
}

function lostPools(
  { pools, backup: known }: FarmSnapshot,
  { pool_lost: alarm, backup: other }: AlarmSettings,
): Condition[] {
  if (!alarm.on) return [];
  return pools.flatMap(({ name, isLost, reason }): Condition[] => {
    // The alarm for the backup says it already.
    if (!isLost || other.on && known?.insteadOf === name) return [];
    return [{
      kind: "pool_lost",
      subject: name,
      about: `Pool ${shown(name)} does not answer${because(reason)}`,
      afterMs: alarm.after_seconds * 1000,
    }];
  });
}

function workers({ workers: found }: FarmSnapshot, settings: AlarmSettings): Condition[] {
  const conditions: Condition[] = [];
  const { missingMachines: missing, connected, states, names } = found;
  const machines = missing + connected;
  const add = (
    kind: LastingKind,
    alarm: ManyWorkers,
    [count, all]: readonly [number, number],
    about: string,
  ) => {
    if (!alarm.on || !isMany(count, all, alarm)) return;
    conditions.push({ kind, subject: "", about, afterMs: alarm.after_seconds * 1000 });
  };
  add(
    "workers_missing",
    settings.workers_missing,
    [missing, machines],
    `Machines missing: ${missing} of ${machines}${named(names.missing, missing)}`,
  );
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  for (const [kind, state, about] of WORKER_ALARMS) {
    const count = states[state];
    add(
      kind,
      settings[kind],
      [count, all],
      `${about}: ${count} of ${all}${named(names[state], count)}`,
    );
  }
  return conditions;
}

/** Above the lower of both bounds. */
function isMany(count: number, all: number, alarm: ManyWorkers): boolean {
  return count > Math.min(alarm.more_than, all * alarm.more_than_percent / 100);
}

function named(names: readonly string[] | undefined, count: number): string {
  const list = listed(names ?? [], Math.max(count, names?.length ?? 0));
  return list === "" ? "" : `: ${list}`;
}

function lowHashrate(
  { hashrate: found, expected: { usual, nominal } }: FarmSnapshot,
  { hashrate: alarm }: AlarmSettings,
): Condition[] {
  if (!alarm.on) return [];
  for (const [expected, what] of [[usual, "usual"], [nominal, "nominal"]] as const) {
    if (expected === undefined || expected <= 0) continue;
    if (found >= expected * alarm.below_percent / 100) continue;
    return [{
      kind: "hashrate",
      subject: "",
      about: `The farm does ${hashrate(found)}, ${percent(found / expected)} of the ${what} ` +
        hashrate(expected),
      afterMs: alarm.after_seconds * 1000,
    }];
  }
  return [];
}

function lostWork(
  { lostWork: { part, shares, causes } }: FarmSnapshot,
  { lost_work: alarm }: AlarmSettings,
): Condition[] {
  if (!alarm.on || shares <= FEW_LOST_SHARES || part <= alarm.above_percent / 100) return [];
  const why = causes === "" ? "" : `: ${shown(causes, MAX_REASON)}`;
  return [{
    kind: "lost_work",
    subject: "",
    about: `${percent(part)} of the last hour's work was lost${why}`,
    afterMs: alarm.after_seconds * 1000,
  }];
}

function certificates(
  { certificates: found }: FarmSnapshot,
  { certificate: alarm }: AlarmSettings,
): Condition[] {
  if (!alarm.on) return [];
  return found.flatMap(({ file, daysLeft }): Condition[] => {
    if (daysLeft >= alarm.days) return [];
    const when = daysLeft < 0 ? "has expired" : `expires in ${duration(daysLeft * 86_400_000)}`;
    return [{
      kind: "certificate",
      subject: file,
      about: `The certificate ${shown(file, MAX_REASON)} that miners see ${when}: replace the ` +
        "file and reload btcagent",
      afterMs: 0,
    }];
  });
}

function disk({ disk: found }: FarmSnapshot, { disk: alarm }: AlarmSettings): Condition[] {
  if (!alarm.on) return [];
  return found.map(({ what, reason }) => ({
    kind: "disk",
    subject: what,
    about: `Cannot write ${shown(what, MAX_REASON)}${because(reason)}`,
    afterMs: alarm.after_seconds * 1000,
  }));
}

/** What blocks were found or lost since the counts in `before`; empty for none. */
export function blockNews(
  before: Pick<FarmSnapshot, "blocks" | "blocksLost">,
  farm: FarmSnapshot,
): { readonly isLost: boolean; readonly about: string }[] {
  const found = farm.blocks - before.blocks;
  const lost = farm.blocksLost - before.blocksLost;
  const news = [];
  if (found > 0) {
    const by = farm.finder === "" ? "" : ` by ${shown(farm.finder)}`;
    news.push({ isLost: false, about: found === 1 ? `Block found${by}` : `${found} blocks found` });
  }
  if (lost > 0) {
    const about = `${counted(lost, "block")} may not have reached the pool: the log has a line ` +
      "with what to give to your pool at once";
    news.push({ isLost: true, about });
  }
  return news;
}

function because(reason: string): string {
  return reason === "" ? "" : `: ${shown(reason, MAX_REASON)}`;
}
