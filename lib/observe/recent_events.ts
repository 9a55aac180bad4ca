/**
 * What the log said lately, for whoever asks over HTTP.
 */

import { printable } from "../base/printable.ts";
import type { LogLine } from "./log.ts";

/** So many lines are kept. */
const KEPT = 256;

/** Messages are cut here, in UTF-16 units. */
const MAX_MESSAGE = 1000;

/** A line with its number: 1 for the first since the start. */
export interface RecentEvent extends LogLine {
  /** Counted on over lines that are forgotten. */
  readonly number: number;
}

/** The last lines of the log. */
export class RecentEvents {
  readonly #ring: RecentEvent[] = [];
  #count = 0;

  /** Notes a line, and forgets the oldest if there are too many. */
  add(line: LogLine): void {
    // The cut may leave half a character.
    const message = printable(line.message.slice(0, MAX_MESSAGE));
    this.#ring[this.#count % KEPT] = { ...line, message, number: ++this.#count };
  }

  /** The lines there are, the oldest first. */
  list(): RecentEvent[] {
    return this.#ring.toSorted((a, b) => a.number - b.number);
  }
}
