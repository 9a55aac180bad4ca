/**
 * Deletes what is too old, a little at a time. Freed pages are used again; only when much of the
 * file is free, because days were made fewer or many workers have gone, it becomes shorter.
 *
 * Nothing that the clock says is believed at once: a clock that jumps ahead by years must not empty
 * the history. So at most {@linkcode MOST_DAYS} of the oldest days are deleted in a day.
 */

import { DAY_MS } from "./axis.ts";
import type { Database } from "./database.ts";
import type { Commit } from "./day_packer.ts";
import type { HistoryFile } from "./history_file.ts";
import type { NameTable } from "./name_table.ts";
import { DAY_KEY } from "./schema.ts";
import { readWorkersOf, skipBad, spansBetween, sumsRecordOf } from "./steps_table.ts";
import { readSums } from "./sum_record.ts";

/** How long things are kept. */
export interface Ages {
  /** Steps, sums and causes. */
  readonly days: number;
  /** Events. */
  readonly eventsDays: number;
}

/** Oldest days deleted at a time: one comes every day, so a shorter setting takes effect. */
export const MOST_DAYS = 2;

/** Events deleted at a time, and kept. */
const EVENTS_AT_A_TIME = 1_000;
const MOST_EVENTS = 50_000;

/** What was learned, kept. */
const MOST_LEARNED = 131_072;

/** Rows deleted in a turn: 512 of a worker's day take a millisecond. */
const ROWS_A_TURN = 512;
const NAMES_A_TURN = 32;

/** Of all numbers of workers this part may be taken before room is made. */
const MOST_NAMES_PART = 0.9;

/** Steps that are looked through; there are never more that are not packed. */
const MOST_STEPS = 1_000;

/** The file becomes shorter from this many free pages on, of this part of it; pages in a turn. */
const MOST_FREE_PAGES = 4_096;
const MOST_FREE_PART = 0.25;
const PAGES_A_TURN = 32;

/** Deletes what is older than `ages` on the day `today`. @throws the errors of the database. */
export function* clean(
  file: HistoryFile,
  today: number,
  ages: Ages,
  commit: Commit,
): Generator<void, void> {
  const { database } = file;
  for (let count = 0; count < MOST_DAYS; count++) {
    const day = oldestDay(database);
    if (day === undefined || day >= today - ages.days) break;
    yield* deleteDay(file, day, commit);
  }
  yield;
  yield* deleteEvents(database, (today - ages.eventsDays) * DAY_MS, commit);
  yield;
  yield* deleteLearned(database, commit);
  yield;
  yield* forgetNames(file, commit);
  yield;
  yield* makeRoom(file, today, commit);
  yield;
  yield* shorten(database, commit);
}

/** Every page that is free is given back to the disk. */
export function* giveBack(database: Database, commit: Commit): Generator<void, void> {
  for (;;) {
    const free = database.number("PRAGMA freelist_count");
    if (free === 0) return;
    yield* commit(() => void database.rows(`PRAGMA incremental_vacuum(${PAGES_A_TURN})`));
    if (database.number("PRAGMA freelist_count") === free) return;
    yield;
  }
}

/** The oldest day that anything is kept of. */
function oldestDay(database: Database): number | undefined {
  const hour = database.row("SELECT min(hour) AS hour FROM cause_hour")?.["hour"];
  const days = [
    database.row("SELECT min(day) AS day FROM day")?.["day"],
    typeof hour === "number" ? Math.floor(hour / 24) : null,
  ].filter((day) => typeof day === "number");
  return days.length === 0 ? undefined : Math.min(...days);
}

function* deleteDay(
  { database, workers, subjects }: HistoryFile,
  day: number,
  commit: Commit,
): Generator<void, void> {
  for (const [table, { end }] of [["worker_day", workers], ["sum_day", subjects]] as const) {
    for (let from = 0; from < end; from += ROWS_A_TURN) {
      // The last part has every number, also of names that are gone.
      const to = from + ROWS_A_TURN >= end ? DAY_KEY : from + ROWS_A_TURN;
      yield* commit(() =>
        database.run(
          `DELETE FROM ${table} WHERE id >= ? AND id < ?`,
          day * DAY_KEY + from,
          day * DAY_KEY + to,
        )
      );
      yield;
    }
  }
  yield* commit(() => {
    database.run("DELETE FROM cause_hour WHERE hour >= ? AND hour < ?", day * 24, day * 24 + 24);
    database.run("DELETE FROM day WHERE day = ?", day);
  });
  yield;
}

function* deleteEvents(
  database: Database,
  before: number,
  commit: Commit,
): Generator<void, void> {
  const surplus = database.number("SELECT count(*) FROM event") - MOST_EVENTS;
  const old = database.number("SELECT count(*) FROM event WHERE at < ?", before);
  let left = Math.min(EVENTS_AT_A_TIME, Math.max(surplus, old));
  for (; left > 0; left -= ROWS_A_TURN) {
    const count = Math.min(left, ROWS_A_TURN);
    yield* commit(() =>
      database.run(
        "DELETE FROM event WHERE id IN (SELECT id FROM event ORDER BY at LIMIT ?)",
        count,
      )
    );
    yield;
  }
}

function* deleteLearned(database: Database, commit: Commit): Generator<void, void> {
  let left = database.number("SELECT count(*) FROM learned") - MOST_LEARNED;
  for (; left > 0; left -= ROWS_A_TURN) {
    const count = Math.min(left, ROWS_A_TURN);
    yield* commit(() =>
      database.run(
        `DELETE FROM learned WHERE (kind, key) IN
           (SELECT kind, key FROM learned ORDER BY day LIMIT ?)`,
        count,
      )
    );
    yield;
  }
}

/** Forgets the names of which nothing is kept, so that their numbers are free again. */
function* forgetNames(file: HistoryFile, commit: Commit): Generator<void, void> {
  const { database, workers, subjects } = file;
  const day = database.row("SELECT min(day) AS day FROM day")?.["day"];
  if (typeof day !== "number") return;
  for (const [table, names] of [["worker", workers], ["subject", subjects]] as const) {
    const rows = database.rows(`SELECT id FROM ${table} WHERE last < ?`, day * DAY_MS);
    if (rows.length === 0) continue;
    yield;
    // A name that has come back after a long time is in the steps of today only.
    const isInSteps = yield* numbersInSteps(database, table, names);
    const gone = rows.map(({ id }) => Number(id)).filter((id) => isInSteps[id] !== 1);
    for (let at = 0; at < gone.length; at += NAMES_A_TURN) {
      yield* commit(() => {
        for (const id of gone.slice(at, at + NAMES_A_TURN)) {
          database.run(`DELETE FROM ${table} WHERE id = ?`, id);
        }
      });
      yield;
    }
    names.forget(new Set(gone));
  }
}

/**
 * Forgets workers that were there for less than a day, if there is hardly any room for new ones: a
 * peer that logs in under ever new names must not keep the machines of tomorrow out of the history.
 */
function* makeRoom(file: HistoryFile, today: number, commit: Commit): Generator<void, void> {
  const { database, workers } = file;
  const surplus = workers.size - Math.floor(MOST_NAMES_PART * workers.most);
  if (surplus <= 0) return;
  const rows = database.rows(
    `SELECT id, first FROM worker WHERE last < ? AND last - first < ${DAY_MS} ORDER BY last LIMIT ?`,
    (today - 1) * DAY_MS,
    surplus,
  );
  yield;
  const isInSteps = yield* numbersInSteps(database, "worker", workers);
  const gone = rows.filter(({ id }) => isInSteps[Number(id)] !== 1);
  for (let at = 0; at < gone.length; at += NAMES_A_TURN) {
    yield* commit(() => {
      for (const { id, first } of gone.slice(at, at + NAMES_A_TURN)) {
        database.run(
          "DELETE FROM worker_day WHERE id IN (SELECT day * ? + ? FROM day WHERE day >= ?)",
          DAY_KEY,
          Number(id),
          Math.floor(Number(first) / DAY_MS) - 1,
        );
        database.run("DELETE FROM worker WHERE id = ?", Number(id));
      }
    });
    yield;
  }
  workers.forget(new Set(gone.map(({ id }) => Number(id))));
}

function* numbersInSteps(
  database: Database,
  table: "worker" | "subject",
  { end }: NameTable,
): Generator<void, Uint8Array> {
  const isInSteps = new Uint8Array(end);
  const values = new Uint32Array(end);
  for (const { at } of spansBetween(database, 0, Infinity, MOST_STEPS)) {
    if (table === "subject") {
      const record = sumsRecordOf(database, at);
      if (record === undefined) continue;
      skipBad(() => readSums(record, (number) => void (isInSteps[number] = 1)));
    } else {
      readWorkersOf(database, at, 0, end, values, 0, 1);
      for (let number = 0; number < end; number++) if (values[number] !== 0) isInSteps[number] = 1;
    }
    yield;
  }
  return isInSteps;
}

function* shorten(database: Database, commit: Commit): Generator<void, void> {
  for (;;) {
    const free = database.number("PRAGMA freelist_count");
    const all = database.number("PRAGMA page_count");
    if (free < MOST_FREE_PAGES || free < MOST_FREE_PART * all) return;
    yield* commit(() => void database.rows(`PRAGMA incremental_vacuum(${PAGES_A_TURN})`));
    yield;
  }
}
