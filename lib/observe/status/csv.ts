/**
 * Lines of CSV (RFC 4180) whose cells are data and nothing else: names that miners gave themselves
 * are no formulas to the program that opens them.
 */

/** What a spreadsheet would begin to calculate with. */
const FORMULA = /^[=+\-@\t\r]/;

/** One line, with its end. */
export function csvRow(cells: readonly (string | number | null)[]): string {
  return `${cells.map(cellOf).join(",")}\r\n`;
}

function cellOf(cell: string | number | null): string {
  if (typeof cell !== "string") return cell === null ? "" : String(cell);
  const text = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
