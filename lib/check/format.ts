/**
 * A report as text for people, or as JSON for programs; pure.
 */

import { counted } from "../base/counted.ts";
import { escapedJson, printable } from "../base/printable.ts";
import type { Level, Report, Row, Section } from "./report.ts";

const LABELS: Readonly<Record<Level, string>> = {
  ok: "ok",
  note: "note",
  warning: "WARNING",
  failure: "FAILED",
};

const COLORS: Readonly<Record<Level, number>> = { ok: 32, note: 36, warning: 33, failure: 31 };

const LABEL_WIDTH = Math.max(...Object.values(LABELS).map((label) => label.length));

/** One table per section, then the conclusion. LF and colors are the only control characters. */
export function formatReport(report: Report, hasColor: boolean): string {
  const paint = (code: number, text: string) => hasColor ? `\x1b[${code}m${text}\x1b[0m` : text;
  const sections = report.sections.map(({ title, rows }) => {
    const width = Math.max(0, ...rows.map(({ subject }) => subject.length));
    const lines = rows.flatMap((row) => rowLines(row, width, paint));
    return [paint(1, printable(title)), ...lines].join("\n");
  });
  return [...sections, verdictLines(report, paint).join("\n")].join("\n\n");
}

/** The same as JSON, with the exit code. */
export function formatJson(report: Report, exitCode: number): string {
  return escapedJson(JSON.stringify({ exit_code: exitCode, ...report }, undefined, 2));
}

type Paint = (code: number, text: string) => string;

function rowLines({ level, subject, found, advice }: Row, width: number, paint: Paint): string[] {
  const label = paint(COLORS[level], LABELS[level].padEnd(LABEL_WIDTH));
  const line = `  ${label}  ${printable(subject).padEnd(width)}  ${printable(found)}`;
  if (advice === undefined) return [line];
  return [line, `${" ".repeat(LABEL_WIDTH + width + 6)}-> ${printable(advice)}`];
}

function verdictLines({ sections, stops }: Report, paint: Paint): string[] {
  if (stops.length > 0) {
    return stops.map((stop) => paint(COLORS.failure, `Mining cannot work: ${printable(stop)}`));
  }
  const count = (level: Level) => sections.reduce((sum, section) => sum + of(section, level), 0);
  const troubles = [
    ...some(count("failure"), "failure"),
    ...some(count("warning"), "warning"),
  ].join(" and ");
  return troubles === ""
    ? [paint(COLORS.ok, "All is well")]
    : [paint(COLORS.warning, `Mining can work, with ${troubles}`)];
}

function of({ rows }: Section, level: Level): number {
  return rows.filter((row) => row.level === level).length;
}

function some(count: number, what: string): string[] {
  return count === 0 ? [] : [counted(count, what)];
}
