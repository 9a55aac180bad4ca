/**
 * Tables as CSV (RFC 4180) for spreadsheets; pure. A name that a spreadsheet would take for a
 * formula gets an apostrophe in front, also after a semicolon, which ends a cell for spreadsheets in
 * half of Europe.
 */

import { printable } from "../../base/printable.ts";

/** The type of such answers. */
export const CSV_TYPE = "text/csv; charset=utf-8";

/** Formats one line of cells, with its end; `null` is an empty cell. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

/** Where a formula would begin, in letters of any width. */
const FORMULA = /(^|;)(?=\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])/g;

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = printable(value.replace(FORMULA, "$1'"));
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
