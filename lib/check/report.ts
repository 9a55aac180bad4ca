/**
 * What a check found, as rows that a table or a program can show.
 */

/** How good or bad a row is. Only the failures in `Report.stops` prevent mining. */
export type Level = "ok" | "note" | "warning" | "failure";

/** One thing that was checked. */
export interface Row {
  /** How good or bad it is. */
  readonly level: Level;
  /** What was checked, in a word or two. */
  readonly subject: string;
  /** What was found; no full stop. */
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
  /** The figures in `found`, for programs. */
  readonly values?: Readonly<Record<string, string | number | boolean | null>>;
}

/** Rows that belong together. */
export interface Section {
  /** What they are about. */
  readonly title: string;
  /** In the order they are shown. */
  readonly rows: readonly Row[];
}

/** Everything that was found. */
export interface Report {
  /** In the order they are shown. */
  readonly sections: readonly Section[];
  /** Why mining cannot work, a sentence each without full stop; empty if it can. */
  readonly stops: readonly string[];
}

/**
 * A row from an error of ours, whose last part, after a semicolon, says what to do.
 *
 * @param advice What to do when the error does not say.
 */
export function rowOfError(
  level: Level,
  subject: string,
  message: string,
  advice?: string,
): Row {
  const [, found = message, own = advice] = /^(.*); ([^;]*)$/s.exec(message) ?? [];
  return { level, subject, found, ...(own === undefined ? {} : { advice: own }) };
}
