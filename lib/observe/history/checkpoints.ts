/**
 * When the write-ahead log moves into the database: once in an hour, or when it has become long. At
 * a checkpoint the disk is waited for, so both few and small ones are wanted.
 *
 * A process that ends without one loses nothing. A machine that loses its power loses what the
 * kernel had not written yet, about half a minute, and at most what came after the last checkpoint.
 */

import type { Database } from "./database.ts";

/** The longest time without one, in milliseconds. */
const MOST_MS = 3_600_000;

/** Pages in the log from which one is due: 1 MB. */
const MOST_PAGES = 256;

/** What SQLite puts before each page in the log. */
const FRAME_HEAD_BYTES = 24;

/** Calls and counts checkpoints of one database. */
export class Checkpoints {
  readonly #database: Database;
  readonly #pageBytes: number;
  #lastAt: number;
  #counted = 0;
  #bytesWritten = 0;

  /** The log of `database` is empty at `time`, monotonic. */
  constructor(database: Database, time: number) {
    this.#database = database;
    this.#pageBytes = database.number("PRAGMA page_size");
    this.#lastAt = time;
  }

  /** Bytes written to the disk for what checkpoints have moved: each page twice, at most. */
  get bytesWritten(): number {
    return this.#bytesWritten;
  }

  /** Whether one is due at `time`. */
  isDue(time: number): boolean {
    const pages = this.#database.pagesInLog;
    return pages >= MOST_PAGES || pages > 0 && time - this.#lastAt >= MOST_MS;
  }

  /** Moves what is in the log. @throws the errors of the database. */
  run(time: number): void {
    this.#lastAt = time;
    const { pages, isComplete } = this.#database.checkpoint("PASSIVE");
    const fresh = pages < this.#counted ? pages : pages - this.#counted;
    this.#bytesWritten += fresh * (2 * this.#pageBytes + FRAME_HEAD_BYTES);
    // The next write begins the log again.
    this.#counted = isComplete ? 0 : pages;
  }
}
