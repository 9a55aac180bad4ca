/**
 * A database file, by `node:sqlite`: statements, transactions, and the two places that wait for the
 * disk, each timed: a commit (which syncs only when it begins the write-ahead log again) and a
 * checkpoint.
 *
 * `node:sqlite` has no asynchronous calls: whatever waits for the disk holds up the event loop.
 * So checkpoints are ours to call, and small.
 */

import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { Now } from "../../base/clock.ts";

/** A value to put into a statement. */
export type Value = SQLInputValue;

/** A row. */
export type Row = Readonly<Record<string, unknown>>;

/** How a database is opened. */
export interface DatabaseOptions {
  /** Monotonic time. */
  readonly now: Now;
  /** How long a call waits for another process that writes, in milliseconds. */
  readonly busyMs: number;
  /** Gets the time that each call took that may wait for the disk. */
  readonly disk?: (ms: number) => void;
}

/** What a checkpoint did. */
export interface Checkpoint {
  /** Frames in the log: pages, some of them several times. */
  readonly frames: number;
  /** How many of them are in the database now, the first ones. */
  readonly moved: number;
  /** Whether that is all of them. */
  readonly isComplete: boolean;
}

/** Pages in memory, in KiB. Each batch of ours is smaller. */
const CACHE_KIB = 512;

/** An open database. */
export class Database {
  readonly #database: DatabaseSync;
  readonly #options: DatabaseOptions;
  readonly #statements = new Map<string, StatementSync>();

  /** Opens or creates it. @throws the errors of SQLite, and Deno's where it lacks permission. */
  constructor(path: string, options: DatabaseOptions) {
    this.#options = options;
    this.#database = new DatabaseSync(path, { timeout: options.busyMs });
    try {
      // Of deleted rows nothing stays behind where that costs no writing of its own.
      for (const pragma of [`cache_size = -${CACHE_KIB}`, "secure_delete = FAST"]) {
        this.run(`PRAGMA ${pragma}`);
      }
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** Runs a statement. Errors of `exec` would not say which they are. */
  run(sql: string, ...values: readonly Value[]): void {
    this.#statement(sql).run(...values);
  }

  /** All rows of a statement: few, or those of one small part of a table. */
  rows(sql: string, ...values: readonly Value[]): readonly Row[] {
    return this.#statement(sql).all(...values);
  }

  /** The first row. */
  row(sql: string, ...values: readonly Value[]): Row | undefined {
    return this.#statement(sql).get(...values);
  }

  /** A number that a statement returns; 0 for none. */
  number(sql: string, ...values: readonly Value[]): number {
    return Number(Object.values(this.row(sql, ...values) ?? {})[0] ?? 0);
  }

  /** Does all of `act` or nothing of it. @throws what `act` or the database throws. */
  transaction(act: () => void): void {
    this.run("BEGIN IMMEDIATE");
    try {
      act();
      this.#timed(() => this.run("COMMIT"));
    } catch (error) {
      // SQLite may have rolled back itself, as when the disk is full.
      if (this.#database.isTransaction) this.run("ROLLBACK");
      throw error;
    }
  }

  /**
   * Moves the log into the database. `TRUNCATE` also waits for readers and empties the log's file.
   */
  checkpoint(mode: "PASSIVE" | "TRUNCATE"): Checkpoint {
    return checkpointOf(this.#timed(() => this.row(`PRAGMA wal_checkpoint(${mode})`)));
  }

  /** Pages in the log that are not in the database yet. */
  get pagesInLog(): number {
    const row = this.row("PRAGMA wal_checkpoint(NOOP)");
    return Math.max(0, Number(row?.["log"] ?? 0) - Number(row?.["checkpointed"] ?? 0));
  }

  /** Closes it, which moves the log into the database if nobody else has it open. */
  close(): void {
    this.#statements.clear();
    this.#timed(() => this.#database.close());
  }

  #timed<T>(call: () => T): T {
    const before = this.#options.now();
    try {
      return call();
    } finally {
      this.#options.disk?.(this.#options.now() - before);
    }
  }

  #statement(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

function checkpointOf(row: Row | undefined): Checkpoint {
  const frames = Math.max(0, Number(row?.["log"] ?? 0));
  const moved = Math.max(0, Number(row?.["checkpointed"] ?? 0));
  return { frames, moved, isComplete: row?.["busy"] === 0 && frames === moved };
}
