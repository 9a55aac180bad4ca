/**
 * The summary of a day, and when it is due. Pure.
 */

import { formatLocalTime } from "../local_time.ts";
import type { Message } from "./message.ts";
import { minuteOfDay, parseTimeOfDay } from "./quiet_hours.ts";
import { counted, duration, hashrate, percent, shown } from "./words.ts";

/** What it says. */
export interface DayFacts {
  /** Hashes a second over the last hour. */
  readonly hashrate: number;
  /** What the farm usually does; `undefined` while that is not known. */
  readonly usual: number | undefined;
  /** Connected machines. */
  readonly connected: number;
  /** Missing ones. */
  readonly missing: number;
  /** Workers in any other trouble. */
  readonly troubled: number;
  /** The part of the day's work that was lost, 0..1. */
  readonly lostPart: number;
  /** Its main causes in a sentence; empty for none. */
  readonly lostCauses: string;
  /** How long no pool served the miners since midnight, in milliseconds. */
  readonly outageMs: number;
  /** Where miners work now instead of at the preferred pool; empty if they do not. */
  readonly backup: string;
  /** Whether it is the first summary since the start of btcagent. */
  readonly isFirst: boolean;
  /** Incidents since the last summary, or since the start. */
  readonly incidents: number;
  /** Incidents that last. */
  readonly open: number;
  /** Blocks found since then. */
  readonly blocks: number;
}

/** Says once a day that the summary is due: never twice, and not for a time before the start. */
export class DigestClock {
  #lastDay: string | undefined;

  /** Whether it is due at the moment `wall`, in milliseconds since 1970, with `at` as `HH:MM`. */
  isDue(at: string, wall: number | undefined): boolean {
    if (at === "" || wall === undefined) return false;
    const day = formatLocalTime(wall).slice(0, 10);
    const isPast = minuteOfDay(wall) >= parseTimeOfDay(at);
    if (this.#lastDay === undefined && isPast) this.#lastDay = day;
    this.#lastDay ??= "";
    if (!isPast || day <= this.#lastDay) return false;
    this.#lastDay = day;
    return true;
  }
}

/** The summary as a message. */
export function digestMessage(name: string, facts: DayFacts, wall: number | undefined): Message {
  const farm = shown(name);
  const { usual, lostPart, lostCauses, outageMs, backup, incidents, open, isFirst } = facts;
  const ofUsual = usual === undefined || usual <= 0
    ? ""
    : `, ${percent(facts.hashrate / usual)} of the usual ${hashrate(usual)}`;
  const troubles = [
    ...facts.missing === 0 ? [] : [`${facts.missing} missing`],
    ...facts.troubled === 0 ? [] : [`${facts.troubled} in trouble`],
  ].join(", ");
  const lines = [
    `Hashrate ${hashrate(facts.hashrate)}${ofUsual}`,
    `${counted(facts.connected, "machine")} connected${troubles === "" ? "" : `, ${troubles}`}`,
    `${percent(lostPart)} of the day's work was lost${
      lostCauses === "" ? "" : `: ${shown(lostCauses, 200)}`
    }`,
    ...outageMs === 0 ? [] : [`No pool served for ${duration(outageMs)} since midnight`],
    ...backup === "" ? [] : [`Miners work for the backup pool ${shown(backup)}`],
    `${counted(incidents, "alarm")} since ${isFirst ? "btcagent started" : "the last summary"}${
      open === 0 ? "" : `, ${open} still on`
    }`,
    ...facts.blocks === 0 ? [] : [`${counted(facts.blocks, "block")} found`],
  ];
  return {
    level: "info",
    farm,
    title: `${farm}: daily summary`,
    items: lines.map((text) => ({ event: "digest", phase: "once", text, seconds: undefined })),
    more: 0,
    time: wall,
  };
}
