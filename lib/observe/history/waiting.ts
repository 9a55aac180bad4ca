/**
 * What waits to be written beside steps: events, and what was learned. Nothing that happens to
 * miners waits for the disk because of it.
 */

import type { Database } from "./database.ts";
import { dayOf } from "./axis.ts";
import type { HistoryEvent } from "./steps.ts";

/** Most of each that wait; of events the oldest give way, of the rest the newest. */
const MOST_EVENTS = 1_000;
const MOST_LEARNED = 65_535;

/** Written in one transaction. */
const BATCH = 64;

/** Longer texts are cut. */
const MAX_CHARS = 300;

/** More than this of what was learned are only written together, once in an hour. */
const FEW = 64;

/** Something to know after a restart. */
export interface Learned {
  /** What kind of thing. */
  readonly kind: string;
  /** Of what. */
  readonly key: string;
  /** The number. */
  readonly value: number;
}

/** Keeps them until they are written. */
export class Waiting {
  #events: HistoryEvent[] = [];
  readonly #learned = new Map<string, Learned>();

  /** The events that wait, oldest first. */
  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /** What was learned and waits. */
  get learned(): Iterable<Learned> {
    return this.#learned.values();
  }

  /** Whether something is to be written now. `isHour`: an hour has passed since all was. */
  isDue(isHour: boolean): boolean {
    return this.#events.length > 0 || this.#learned.size > 0 && (isHour || this.isShort);
  }

  /** Whether few things were learned. */
  get isShort(): boolean {
    return this.#learned.size <= FEW;
  }

  /** Adds an event. */
  addEvent({ at, kind, text }: HistoryEvent): void {
    this.#events.push({ at, kind, text: text.slice(0, MAX_CHARS).toWellFormed() });
    if (this.#events.length > MOST_EVENTS) this.#events.shift();
  }

  /** Adds something learned. */
  learn(kind: string, key: string, value: number): void {
    if (!Number.isFinite(value)) return;
    const own = key.slice(0, MAX_CHARS).toWellFormed();
    const id = `${kind}\n${own}`;
    if (this.#learned.size >= MOST_LEARNED && !this.#learned.has(id)) return;
    this.#learned.set(id, { kind, key: own, value });
  }

  /** Writes some of what waits, in a transaction of its own. */
  write(database: Database, wallNow: number): void {
    const events = this.#events.slice(0, BATCH);
    const learned: [string, Learned][] = [];
    for (const entry of this.#learned) {
      if (learned.push(entry) === BATCH) break;
    }
    database.transaction(() => {
      for (const { at, kind, text } of events) {
        database.run(
          "INSERT INTO event(at, kind, text) VALUES (?, ?, ?)",
          Math.round(at),
          kind,
          text,
        );
      }
      for (const [, { kind, key, value }] of learned) {
        database.run(
          `INSERT INTO learned(kind, key, value, day) VALUES (?, ?, ?, ?)
           ON CONFLICT DO UPDATE SET value = excluded.value, day = excluded.day`,
          kind,
          key,
          value,
          dayOf(wallNow),
        );
      }
    });
    this.#events = this.#events.slice(events.length);
    for (const [id, value] of learned) {
      if (this.#learned.get(id) === value) this.#learned.delete(id);
    }
  }
}
