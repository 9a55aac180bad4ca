/**
 * When news become a message: gathered when several come together, held back in quiet hours, and
 * bounded in number. Pure.
 */

import type { News } from "./alarm_watch.ts";
import { type Message, messageOf } from "./message.ts";
import { isWithin } from "./quiet_hours.ts";
import type { NotifySettings } from "./settings.ts";
import type { Moment } from "./snapshot.ts";

/** What is set of it. */
export type EditorSettings = Pick<
  NotifySettings,
  "farm_name" | "quiet_hours" | "at_most_every_minutes"
>;

/** What comes within this time after the first news is in the same message, in milliseconds. */
export const GATHER_MS = 10_000;

/** The most messages an hour; what happens beyond comes in one message afterwards. */
export const MOST_AN_HOUR = 20;

/** The most news that wait. */
const MAX_WAITING = 200;

const HOUR_MS = 3_600_000;

interface Waiting {
  readonly news: News;
  /** Whether quiet hours held it back. */
  isHeld: boolean;
}

/** Gathers news and says when there is a message. */
export class Editor {
  #settings: EditorSettings;
  readonly #gatherMs: number;
  readonly #told: (news: readonly News[]) => void;
  #waiting: Waiting[] = [];
  #dropped = 0;
  /** When messages of the last hour were written, by monotonic time. */
  #sentAt: number[] = [];

  /** Nothing waits yet. `told` gets the news of each message. */
  constructor(
    settings: EditorSettings,
    gatherMs: number = GATHER_MS,
    told: (news: readonly News[]) => void = () => {},
  ) {
    this.#settings = settings;
    this.#gatherMs = gatherMs;
    this.#told = told;
  }

  /** Writes by other settings from now on. */
  reconfigure(settings: EditorSettings): void {
    this.#settings = settings;
  }

  /** Adds news. If too many wait, the oldest are only counted. */
  add(news: readonly News[]): void {
    for (const one of news) this.#waiting.push({ news: one, isHeld: false });
    const surplus = this.#waiting.length - MAX_WAITING;
    if (surplus <= 0) return;
    this.#dropped += surplus;
    this.#waiting.splice(0, surplus);
  }

  /** The message that is due at this moment, if any. */
  take({ real, wall }: Moment): Message | undefined {
    const { quiet_hours: quiet, at_most_every_minutes: every, farm_name: farm } = this.#settings;
    // By a clock that is not set nobody is asleep.
    const isQuiet = wall !== undefined && isWithin(wall, quiet);
    const isDue = ({ news: { kind } }: Waiting) => !isQuiet || quiet.except.includes(kind);
    for (const one of this.#waiting) one.isHeld ||= !isDue(one);
    const due = this.#waiting.filter(isDue);
    const [first] = due;
    if (first === undefined || real - first.news.at.real < this.#gatherMs) return undefined;
    this.#sentAt = this.#sentAt.filter((time) => real - time < HOUR_MS);
    const last = this.#sentAt.at(-1);
    if (last !== undefined && real - last < every * 60_000) return undefined;
    if (this.#sentAt.length >= MOST_AN_HOUR) return undefined;
    this.#sentAt.push(real);
    this.#waiting = this.#waiting.filter((one) => !isDue(one));
    const more = this.#dropped;
    this.#dropped = 0;
    const told = due.map(({ news }) => news);
    this.#told(told);
    return messageOf(told, {
      farm,
      isSummary: due.some(({ isHeld }) => isHeld),
      more,
      now: real,
      wall,
    });
  }
}
