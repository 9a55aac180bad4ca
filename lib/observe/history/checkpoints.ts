/**
 * When the write-ahead log moves into the database: once in an hour, or when it has become long. At
 * a checkpoint the disk is waited for, so both few and small ones are wanted.
 *
 * A process that ends without one loses nothing. A machine that loses its power loses what the
 * kernel had not written yet, about half a minute, and at most what came after the last checkpoint.
 */

import type { Database } from "./database.ts";
import { FRAME_HEAD_BYTES, pagesInLog } from "./log_pages.ts";

/** The longest time without one, in milliseconds. */
const MOST_MS = 3_600_000;

/** Pages in the log from which one is due: 1 MB. */
const MOST_PAGES = 256;

/** Calls and counts checkpoints of one database. */
export class Checkpoints {
  readonly #database: Database;
  readonly #logPath: string;
  readonly #pageBytes: number;
  #lastAt: number;
  /** Frames of the log that are in `#bytesWritten`, and those that were moved. */
  #counted = 0;
  #moved = 0;
  #bytesWritten = 0;

  /** The log of `database`, which is at `path`, is empty at `time`, monotonic. */
  constructor(database: Database, path: string, time: number) {
    this.#database = database;
    this.#logPath = `${path}-wal`;
    this.#pageBytes = database.number("PRAGMA page_size");
    this.#lastAt = time;
  }

  /** Bytes written to the disk up to the last checkpoint: to the log, and from it to the file. */
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
    const { frames, moved } = this.#database.checkpoint("PASSIVE");
    // A log that was moved wholly before is written from its start again.
    if (frames < this.#counted) this.#counted = this.#moved = 0;
    this.#bytesWritten += (frames - this.#counted) * (this.#pageBytes + FRAME_HEAD_BYTES) +
      this.#pagesMoved(moved) * this.#pageBytes;
    const isComplete = frames === moved;
    this.#counted = isComplete ? 0 : frames;
    this.#moved = isComplete ? 0 : moved;
  }

  #pagesMoved(moved: number): number {
    try {
      return pagesInLog(this.#logPath, this.#moved, moved, this.#pageBytes);
    } catch {
      // The files were removed while they were open, which the next step finds out.
      return 0;
    }
  }
}
