/**
 * Messages to the operator about a configuration file: problems, which stop the program, and
 * remarks, which do not. Both name a place in the file.
 */

import { counted } from "../base/counted.ts";
import { escapedJson, printable } from "../base/printable.ts";

/** How many problems are printed; a file with more needs another check anyway. */
export const MAX_PRINTED_PROBLEMS = 50;

/** Keys and list indices from the top of the file to a value. */
export type Path = readonly (string | number)[];

/** A place in the file. */
export interface Place {
  /** Counted from 1. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** As in `pools[0][1]`; empty for the file as a whole. */
  readonly path: string;
}

/** Why a file cannot be used. */
export interface Problem extends Place {
  /** What was found, as in `"3333" (a string)`. Never a proxy's credentials. */
  readonly found: string;
  /** What is wanted there, as in `a port number 1..65535`. */
  readonly wanted: string;
  /** What to do, if that is not clear from the rest. */
  readonly hint?: string;
}

/** Something an operator should know about a file that is used. */
export interface Remark extends Place {
  /** A warning asks for a change, a notice only informs. */
  readonly kind: "warning" | "notice";
  /** Sentence case, no full stop. */
  readonly text: string;
}

/**
 * The report of all `problems` in `file`, one line each, with a last line that counts them. It
 * contains no control characters, even if the file does.
 */
export function formatProblems(file: string, problems: readonly Problem[]): string {
  const lines = problems.slice(0, MAX_PRINTED_PROBLEMS).map((problem) => {
    const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
    const said = `found ${problem.found}, wanted ${problem.wanted}${hint}`;
    return `${formatPlace(file, problem)}${said}`;
  });
  const count = counted(problems.length, "problem");
  const rest = problems.length > MAX_PRINTED_PROBLEMS
    ? ` (the first ${MAX_PRINTED_PROBLEMS} are shown)`
    : "";
  return [...lines, `${count} in ${printable(file)}${rest}`].join("\n");
}

/** A remark on `file` as one line; the caller shows its kind, as a log level. */
export function formatRemark(file: string, remark: Remark): string {
  return `${formatPlace(file, remark)}${remark.text}`;
}

function formatPlace(file: string, { line, column, path }: Place): string {
  return `${printable(file)}:${line}:${column}  ${path === "" ? "" : `${path}: `}`;
}

/** `["pools", 0, 1]` as `pools[0][1]`; keys that are not plain words are quoted. */
export function formatPath(path: Path): string {
  return path.map((step, i) => {
    if (typeof step === "number") return `[${step}]`;
    if (!/^[\w$-]{1,64}$/.test(step)) return `[${quote(step)}]`;
    return i === 0 ? step : `.${step}`;
  }).join("");
}

/**
 * `text` in double quotes, cut to a readable length, without control characters
 * and without the user and password of an address.
 */
export function quote(text: string): string {
  const safe = text.slice(0, 4096).replace(/:\/\/\S*@/, "://***@");
  const cut = safe.length > 60 ? `${safe.slice(0, 57)}...` : safe;
  // A no-break space looks like an ordinary one, so show it as an escape.
  return escapedJson(JSON.stringify(cut)).replaceAll("\u00a0", "\\u00a0");
}
