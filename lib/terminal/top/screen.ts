/**
 * The state of `btcagent top` → the lines of the screen; pure.
 *
 * Every line has at most the columns of the terminal, and there are at most as many lines as rows.
 */

import { WORKER_STATES } from "../../base/worker_state.ts";
import type { Summary } from "../answers.ts";
import { counted, formatCount, formatDuration, formatHashrate, formatPercent } from "../figures.ts";
import { findingsOf, gradeOf } from "../findings.ts";
import { fitted, padded, widthOf } from "../width.ts";
import { helpLines } from "./help.ts";
import { poolLines } from "./pool_view.ts";
import { listRows, SORTS, type TopState } from "./state.ts";
import { type Line, line, type Tone } from "./line.ts";
import { workerLines } from "./worker_view.ts";
import { workerRows } from "./worker_list.ts";

/** A smaller terminal cannot show it. */
const [LEAST_COLUMNS, LEAST_ROWS] = [40, 10];

/** The whole screen; `at` is the wall clock in milliseconds. */
export function screenOf(state: TopState, at: number): readonly Line[] {
  const { columns, rows } = state;
  if (columns < LEAST_COLUMNS || rows < LEAST_ROWS) {
    const words = `Too small: ${LEAST_COLUMNS}x${LEAST_ROWS} is needed`;
    return [line(fitted(words, columns))];
  }
  const body = bodyOf(state).slice(0, listRows(state) + 1);
  const blank = Math.max(0, listRows(state) + 1 - body.length);
  return [
    ...headOf(state, at),
    ...body,
    ...Array.from({ length: blank }, () => line("")),
    footOf(state),
  ];
}

/** Four lines: who is watched, its figures, what is wrong, how many workers are in which state. */
function headOf(state: TopState, at: number): Line[] {
  const { columns, summary, place } = state;
  const clock = new Date(at).toTimeString().slice(0, 8);
  const name = summary === undefined
    ? `btcagent at ${place}`
    : `btcagent ${summary.version} at ${place}, up ${formatDuration(summary.uptime_seconds)}`;
  const title = `${padded(name, columns - clock.length - 1)} ${clock}`;
  if (summary === undefined) {
    return [line(title, "title"), contactLine(state, at), line(""), line("")];
  }
  return [
    line(title, "title"),
    line(fitted(figureWords(summary), columns)),
    state.contact.kind === "live" ? findingLine(state, at) : contactLine(state, at),
    countLine(state),
  ];
}

/** Hashrate, miners and losses in a line. */
function figureWords({ hashrate, miners, attention }: Summary): string {
  const { expected_hashrate: usual, nominal_hashrate: nominal, losses } = attention;
  const expected = nominal ?? usual;
  const rate = hashrate.minutes_15;
  const part = expected === null || expected <= 0
    ? ""
    : ` of ${formatHashrate(expected)} (${formatPercent(rate / expected)})`;
  return `${formatHashrate(rate)}${part}, ${counted(miners.connected, "miner")}, ` +
    `${formatPercent(losses.hour.part)} lost in 1 h`;
}

function contactLine({ contact, columns }: TopState, at: number): Line {
  switch (contact.kind) {
    case "connecting":
      return line("Connecting …", "calm");
    case "live":
      return line("");
    case "lost": {
      const seconds = Math.max(0, (at - contact.since) / 1000);
      const words = `Lost for ${formatDuration(seconds)}, trying again: ${contact.why}`;
      return line(fitted(words, columns), "bad");
    }
  }
}

function findingLine({ summary, pools, columns, notice }: TopState, at: number): Line {
  if (notice !== "") return line(fitted(notice, columns), "warn");
  const findings = findingsOf(summary!, pools, at);
  const [first] = findings;
  if (first === undefined) return line("All is well", "good");
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : "";
  const tone: Tone = gradeOf(findings) === "down" ? "bad" : "warn";
  return line(fitted(first.text, columns - widthOf(more)) + more, tone);
}

function countLine({ summary, columns }: TopState): Line {
  const { workers } = summary!.attention;
  const counts = WORKER_STATES.map((state) => `${state} ${formatCount(workers[state])}`);
  return line(fitted(counts.join("  "), columns), "calm");
}

function bodyOf(state: TopState): readonly Line[] {
  switch (state.view.kind) {
    case "workers":
      return workerRows(state);
    case "pools":
      return poolLines(state);
    case "worker":
      return workerLines(state);
    case "help":
      return helpLines(state);
  }
}

/** The last line: what is typed, or which part of the list this is, and the keys. */
function footOf(state: TopState): Line {
  const { columns, draft, view } = state;
  if (draft !== undefined) {
    const label = "Find: ";
    // The end of a long text stays in view.
    let shown = draft;
    while (widthOf(fitted(shown, 1000)) > columns - label.length - 1) shown = shown.slice(1);
    return line(`${label}${padded(`${shown}_`, columns - label.length)}`, "title");
  }
  const keys = view.kind === "workers"
    ? "q quit s sort f find t trouble p pools ? help"
    : "q quit  Esc back  p pools  t trouble  ? help";
  const left = view.kind === "workers" ? placeWords(state) : "";
  const room = columns - widthOf(keys) - 2;
  const words = left === "" || room < 8 ? keys : `${padded(left, room)}  ${keys}`;
  return line(padded(words, columns), "title");
}

/** Which rows of how many these are. */
function placeWords({ page, cursor, sort, filter }: TopState): string {
  const total = page?.total ?? 0;
  const where = total === 0 ? "none" : `${formatCount(cursor + 1)}/${formatCount(total)}`;
  const found = filter === "" ? "" : ` "${filter}"`;
  return `${where}${found} ${SORTS[sort]!.words}`;
}
