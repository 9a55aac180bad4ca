/**
 * The last lines of the log, for requests over HTTP.
 */

import { printable } from "../base/printable.ts";
import type { LogLine } from "./log.ts";

/** The number of lines kept. */
const KEPT = 256;

/** The greatest length of a message, in UTF-16 units; longer ones are cut. */
const MAX_MESSAGE = 1000;

/** A line with its number: 1 for the first since the start. */
export interface RecentEvent extends LogLine {
  /** Forgotten lines stay counted. */
  readonly number: number;
}

/** The last lines of the log. */
export class RecentEvents {
  readonly #ring: RecentEvent[] = [];
  #count = 0;

  /** Notes a line, and forgets the oldest if there are too many. */
  add(line: LogLine): void {
    // The cut may split a character.
    const message = printable(line.message.slice(0, MAX_MESSAGE));
    this.#ring[this.#count % KEPT] = { ...line, message, number: ++this.#count };
  }

  /** The kept lines, oldest first. */
  list(): RecentEvent[] {
    return this.#ring.toSorted((a, b) => a.number - b.number);
  }
}
