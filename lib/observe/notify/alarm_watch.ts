/**
 * The state machine of alarms: snapshots of the farm in, news out. Pure.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";
import { blockNews, conditionsOf } from "./conditions.ts";
import { type EarlierIncident, Incidents } from "./incidents.ts";
import type { AlarmSettings } from "./settings.ts";
import { Settling, SETTLING_TIMES, type SettlingTimes } from "./settling.ts";
import type { FarmSnapshot, Moment } from "./snapshot.ts";

/** How much something matters, the most first. */
export const LEVELS = ["critical", "warning", "info", "good"] as const;

/** One of them. */
export type Level = typeof LEVELS[number];

/** Something that happened, for a message. */
export interface News {
  /** What it is about. */
  readonly kind: AlarmKind;
  /** Whether it begins, ends, or is over in a moment. */
  readonly phase: "begin" | "end" | "once";
  /** The number of its incident, the same at both ends; 0 for what is over in a moment. */
  readonly incident: number;
  /** Which of its kind; empty if there is one, and for what is over in a moment. */
  readonly subject: string;
  /** When it was seen first, by monotonic time. */
  readonly since: number;
  /** How much it matters. */
  readonly level: Level;
  /** What happened, in a sentence without full stop, printable. */
  readonly about: string;
  /** Of an end, how long it lasted, in milliseconds; else 0. */
  readonly lastedMs: number;
  /** When it was noticed. */
  readonly at: Moment;
}

const CRITICAL: ReadonlySet<AlarmKind> = new Set(["outage", "hashrate"]);

/** Watches a farm. */
export class AlarmWatch {
  readonly #incidents: Incidents;
  readonly #settling: Settling;
  #settings: AlarmSettings;
  #blocks: Pick<FarmSnapshot, "blocks" | "blocksLost"> | undefined;

  /**
   * Begins at the moment `startedAt`, by attended time, and knows of incidents that began `before`
   * the moment `real`, by monotonic time.
   */
  constructor(
    settings: AlarmSettings,
    startedAt: number,
    times: SettlingTimes = SETTLING_TIMES,
    { before, real }: { readonly before: readonly EarlierIncident[]; readonly real: number } = {
      before: [],
      real: 0,
    },
  ) {
    this.#settings = settings;
    this.#incidents = new Incidents(before, real);
    this.#settling = new Settling(times, startedAt);
  }

  /** Incidents that have started and not ended. */
  get open(): number {
    return this.#incidents.open;
  }

  /** Incidents that began so far. */
  get count(): number {
    return this.#incidents.count;
  }

  /** Judges by other settings from now on. An incident whose alarm is off now ends. */
  reconfigure(settings: AlarmSettings): void {
    this.#settings = settings;
  }

  /** Looks at the farm. To be called every few seconds. */
  look(farm: FarmSnapshot, at: Moment): News[] {
    const conditions = conditionsOf(farm, this.#settings);
    const isFull = farm.hashrate > 0 && !conditions.some(({ kind }) => kind === "hashrate");
    this.#settling.look(farm, isFull, at.attended);
    const news = this.#incidents.look(conditions, this.#settling.isHeld, at).map((one): News => ({
      ...one,
      level: one.phase === "end" ? "good" : CRITICAL.has(one.kind) ? "critical" : "warning",
      at,
    }));
    return [...news, ...this.#newBlocks(farm, at)];
  }

  #newBlocks(farm: FarmSnapshot, at: Moment): News[] {
    const before = this.#blocks;
    const { blocks, blocksLost } = farm;
    this.#blocks = { blocks, blocksLost };
    if (before === undefined || !this.#settings.block.on) return [];
    return blockNews(before, farm).map(({ isLost, about }) => ({
      kind: "block",
      phase: "once",
      incident: 0,
      subject: "",
      since: at.real,
      level: isLost ? "critical" : "info",
      about,
      lastedMs: 0,
      at,
    }));
  }
}
