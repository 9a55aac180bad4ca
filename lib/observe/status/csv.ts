/**
 * Tables as CSV (RFC 4180) for spreadsheets; pure. A name that a spreadsheet would take for a
 * formula gets an apostrophe in front.
 */

import { printable } from "../../base/printable.ts";

/** The type of such answers. */
export const CSV_TYPE = "text/csv; charset=utf-8";

/** Formats one line of cells, with its end; `null` is an empty cell. */
export function csvLine(cells: readonly (string | number | null)[]): string {
  return `${cells.map(csvCell).join(",")}\r\n`;
}

function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${printable(value)}` : printable(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
