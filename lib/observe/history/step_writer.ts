/**
 * Writes steps into an open file: one record each, in one transaction with the causes of its hour.
 */

import { DAY_MS, dayOf, isSameTime, MOST_STEPS_A_DAY, type Span } from "./axis.ts";
import { CauseCounts, causesText, readCauses } from "./cause_counts.ts";
import { axisOf } from "./day_packer.ts";
import type { HistoryFile } from "./history_file.ts";
import { causesTextOf, HOUR_MS } from "./read_others.ts";
import { type PackedStep, packStep, type Retry, workersOf } from "./step_packer.ts";
import type { HistoryStep } from "./steps.ts";
import { spansBetween } from "./steps_table.ts";

/** A step is no longer than this, in milliseconds. */
const MAX_STEP_MS = 2 * HOUR_MS;

/** The counts of an hour, to be written. */
interface Hour {
  readonly hour: number;
  readonly text: string;
}

/** Writes the steps of one process into one file. */
export class StepWriter {
  readonly #file: HistoryFile;
  /** Counts of the hour under way, as they are in the file. */
  #hour: { readonly hour: number; readonly counts: CauseCounts } | undefined;
  /** What the file looked like when the names in it were read. */
  #version: number;

  /** Writes into `file`, which was opened just now. */
  constructor(file: HistoryFile) {
    this.#file = file;
    this.#version = file.database.number("PRAGMA data_version");
  }

  /**
   * Whether there is no room for a step: there is one of its time, or there are too many of its
   * day.
   */
  isTaken(step: Span): boolean {
    const { database } = this.#file;
    const span = { at: Math.round(step.at), ms: Math.min(MAX_STEP_MS, Math.round(step.ms)) };
    const day = dayOf(span.at);
    const packed = axisOf(database, day);
    const count = packed.length +
      database.number(
        "SELECT count(*) FROM step WHERE at >= ? AND at < ?",
        day * DAY_MS,
        (day + 1) * DAY_MS,
      );
    if (count >= MOST_STEPS_A_DAY) return true;
    const near = spansBetween(
      database,
      span.at - MAX_STEP_MS,
      span.at + span.ms,
      MOST_STEPS_A_DAY,
    );
    return [...near, ...packed].some((other) => isSameTime(span, other));
  }

  /** Writes a step, by way of `retry`. @throws the errors of the database. */
  *write(step: HistoryStep, retry: Retry): Generator<void, PackedStep> {
    this.#readNamesAgain(undefined);
    yield;
    try {
      const packed = yield* packStep(this.#file, step, retry);
      yield;
      const hour = this.#addToHour(packed);
      yield;
      yield* retry(() => this.#writePacked(packed, hour));
      return packed;
    } catch (error) {
      // It may hold counts that were not written.
      this.#hour = undefined;
      throw error;
    }
  }

  /** Adds the counts of a step to those of its hour. */
  #addToHour({ at, ms, causes }: PackedStep): Hour {
    const hour = Math.floor((at + ms / 2) / HOUR_MS);
    let known = this.#hour;
    if (known?.hour !== hour) {
      known = { hour, counts: new CauseCounts() };
      const text = causesTextOf(this.#file.database, hour);
      if (text !== undefined) readCauses(text, known.counts);
      this.#hour = known;
    }
    for (let i = 0; i < causes.length; i++) known.counts.add(causes[i]!);
    return { hour, text: causesText(known.counts.shortList()) };
  }

  #writePacked(packed: PackedStep, { hour, text }: Hour): void {
    this.#readNamesAgain(packed);
    const { database } = this.#file;
    database.transaction(() => {
      database.run(
        "INSERT INTO step(at, ms, sums, workers) VALUES (?, ?, ?, ?)",
        packed.at,
        packed.ms,
        packed.sums,
        workersOf(packed),
      );
      database.run(
        `INSERT INTO cause_hour(hour, causes) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET causes = excluded.causes`,
        hour,
        text,
      );
    });
  }

  /**
   * Reads the names again if another process has deleted some, and takes the workers that are gone
   * out of a step that was packed before.
   */
  #readNamesAgain(packed: PackedStep | undefined): void {
    const { database, workers } = this.#file;
    const version = database.number("PRAGMA data_version");
    if (version === this.#version) return;
    this.#version = version;
    if (database.number("SELECT count(*) FROM worker") === workers.size) return;
    workers.load(database);
    if (packed === undefined) return;
    const isKnown = new Uint8Array(packed.values.length);
    for (const { id } of database.rows("SELECT id FROM worker")) isKnown[Number(id)] = 1;
    for (let i = 0; i < isKnown.length; i++) if (isKnown[i] === 0) packed.values[i] = 0;
  }
}
