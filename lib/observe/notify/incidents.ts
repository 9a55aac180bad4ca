/**
 * Which conditions have lasted long enough to be incidents, and when these are over. Pure.
 *
 * Every incident begins once and ends once. Only time counts in which it was looked: while a kind
 * is held (settling.ts), a condition of it neither grows older nor ends.
 */

import type { AlarmKind } from "../../base/alarm_kind.ts";
import type { Condition } from "./conditions.ts";
import { type LastingKind, overText } from "./endings.ts";
import type { Moment } from "./snapshot.ts";

/** A change of an incident. */
export interface IncidentNews {
  /** Whether it begins or ends. */
  readonly phase: "begin" | "end";
  /** Its number, the same at its beginning and its end. */
  readonly incident: number;
  /** What kind of thing. */
  readonly kind: LastingKind;
  /** Which of them. */
  readonly subject: string;
  /** When it was seen first, by monotonic time. */
  readonly since: number;
  /** What is wrong, or what was and is over. */
  readonly about: string;
  /** Of an end, how long it lasted, in milliseconds; 0 at the beginning. */
  readonly lastedMs: number;
}

/** An incident is over once it has been so for this long, or as long as it took to begin. */
const OVER_MS = 60_000;

/**
 * After a restart these are found only once shares of up to an hour were seen: an incident from
 * before it is over after as long without them.
 */
const FOUND_LATE: ReadonlySet<LastingKind> = new Set([
  "workers_missing",
  "workers_refused",
  "workers_flapping",
  "workers_silent",
  "workers_weak",
  "lost_work",
]);
const FOUND_LATE_MS = 3_600_000;

/** An incident that began before a restart. */
export interface EarlierIncident {
  /** What kind of thing. */
  readonly kind: LastingKind;
  /** Which of them. */
  readonly subject: string;
  /** When it was seen first, by monotonic time. */
  readonly since: number;
}

/** The most conditions that are followed at a time. */
const MAX_TRACKED = 500;

interface Tracked {
  condition: Pick<Condition, "kind" | "subject" | "afterMs">;
  /** When it was seen first, by monotonic time. */
  readonly since: number;
  /** For how long it has been seen. */
  seenMs: number;
  /** For how long it has not been seen; 0 while it is. */
  goneMs: number;
  /** When it was seen last, by monotonic time. */
  seenAt: number;
  /** Its number since it became an incident. */
  incident: number | undefined;
  /** How long it must not be seen to be over, in milliseconds; `undefined`: as its condition says. */
  readonly overMs: number | undefined;
}

/** Follows conditions from look to look. */
export class Incidents {
  readonly #tracked = new Map<string, Tracked>();
  #lastLook: number | undefined;
  #lastNumber = 0;
  #count = 0;

  /** Knows of incidents that began before; those are not told to begin again. */
  constructor(before: readonly EarlierIncident[] = [], real = 0) {
    for (const { kind, subject, since } of before.slice(0, MAX_TRACKED)) {
      this.#tracked.set(keyOf({ kind, subject }), {
        condition: { kind, subject, afterMs: OVER_MS },
        since: Math.min(since, real),
        seenMs: 0,
        goneMs: 0,
        seenAt: real,
        incident: ++this.#lastNumber,
        overMs: FOUND_LATE.has(kind) ? FOUND_LATE_MS : undefined,
      });
    }
  }

  /** Incidents that have started and not ended. */
  get open(): number {
    let open = 0;
    for (const { incident } of this.#tracked.values()) if (incident !== undefined) open++;
    return open;
  }

  /** Incidents that began so far. */
  get count(): number {
    return this.#count;
  }

  /** Compares what is wrong now with what was. `isHeld` kinds are left as they are. */
  look(
    conditions: readonly Condition[],
    isHeld: (kind: AlarmKind) => boolean,
    { attended, real }: Moment,
  ): IncidentNews[] {
    const passedMs = Math.max(0, attended - (this.#lastLook ?? attended));
    this.#lastLook = attended;
    const now = new Map(conditions.map((found) => [keyOf(found), found]));
    const news: IncidentNews[] = [];
    for (const [key, tracked] of this.#tracked) {
      if (isHeld(tracked.condition.kind)) continue;
      const found = now.get(key);
      if (found === undefined) {
        const end = this.#gone(key, tracked, passedMs);
        if (end !== undefined) news.push(end);
      } else {
        tracked.condition = found;
        tracked.seenMs += passedMs;
        tracked.goneMs = 0;
        tracked.seenAt = real;
      }
    }
    for (const [key, condition] of now) {
      if (isHeld(condition.kind)) continue;
      let tracked = this.#tracked.get(key);
      if (tracked === undefined) {
        if (this.#tracked.size >= MAX_TRACKED) continue;
        tracked = {
          condition,
          since: real,
          seenMs: 0,
          goneMs: 0,
          seenAt: real,
          incident: undefined,
          overMs: undefined,
        };
        this.#tracked.set(key, tracked);
      }
      if (tracked.incident !== undefined || tracked.seenMs < condition.afterMs) continue;
      this.#count++;
      const incident = tracked.incident = ++this.#lastNumber;
      const { kind, subject, about } = condition;
      const { since } = tracked;
      news.push({ phase: "begin", incident, kind, subject, since, about, lastedMs: 0 });
    }
    return news;
  }

  /** It was not seen; the end of its incident, if that is certain now. */
  #gone(key: string, tracked: Tracked, passedMs: number): IncidentNews | undefined {
    const { condition: { kind, subject, afterMs }, incident, since, seenAt, overMs } = tracked;
    if (incident === undefined) {
      this.#tracked.delete(key);
      return undefined;
    }
    tracked.goneMs += passedMs;
    if (tracked.goneMs < (overMs ?? Math.min(OVER_MS, afterMs))) return undefined;
    this.#tracked.delete(key);
    const about = overText(kind, subject);
    const lastedMs = Math.max(0, seenAt - since);
    return { phase: "end", incident, kind, subject, since, about, lastedMs };
  }
}

function keyOf({ kind, subject }: Pick<Condition, "kind" | "subject">): string {
  return `${kind} ${subject}`;
}
