/**
 * The list of workers of `btcagent top`; pure.
 */

import type { Worker } from "../answers.ts";
import { formatAge, formatHashrate, formatPercent } from "../figures.ts";
import { nameOf } from "../status_screen.ts";
import { padded } from "../width.ts";
import { type Line, line, type Tone } from "./line.ts";
import { listRows, type TopState } from "./state.ts";

/** A column of the list. */
interface Column {
  readonly title: string;
  readonly columns: number;
  readonly isRight: boolean;
  /** The least columns of a terminal that shows it. */
  readonly from: number;
  readonly value: (worker: Worker) => string;
}

const COLUMNS: readonly Column[] = [
  {
    title: "STATE",
    columns: 8,
    isRight: false,
    from: 0,
    value: ({ condition }) => condition.state,
  },
  {
    title: "HASHRATE",
    columns: 10,
    isRight: true,
    from: 0,
    value: ({ hashrate }) => formatHashrate(hashrate.minutes_15),
  },
  {
    title: "USUAL",
    columns: 10,
    isRight: true,
    from: 60,
    value: ({ usual_hashrate: usual }) => usual === null ? "-" : formatHashrate(usual),
  },
  { title: "LOST", columns: 8, isRight: true, from: 50, value: ({ hour }) => lostPart(hour) },
  {
    title: "SHARE",
    columns: 6,
    isRight: true,
    from: 70,
    value: (worker) => formatAge(worker.last_share_seconds),
  },
  {
    title: "GONE",
    columns: 6,
    isRight: true,
    from: 80,
    value: (worker) => formatAge(worker.gone_seconds),
  },
  { title: "ADDRESS", columns: 15, isRight: false, from: 100, value: ({ address }) => address },
  {
    title: "SOFTWARE",
    columns: 24,
    isRight: false,
    from: 130,
    value: ({ client_agent }) => client_agent,
  },
];

/** The name has the rest of a line, and never less than this. */
const LEAST_NAME = 8;

const TONES: Readonly<Record<string, Tone>> = {
  missing: "bad",
  refused: "bad",
  silent: "bad",
  flapping: "warn",
  weak: "warn",
  waiting: "warn",
};

/** The head of the table, and a row for each worker on the page. */
export function workerRows(state: TopState): Line[] {
  const { columns, page, cursor } = state;
  const shown = COLUMNS.filter(({ from }) => columns >= from);
  const taken = shown.reduce((sum, column) => sum + column.columns + 1, 0);
  const nameColumns = Math.max(LEAST_NAME, columns - taken);
  const row = (name: string, value: (column: Column) => string) =>
    [
      padded(name, nameColumns),
      ...shown.map((column) => padded(value(column), column.columns, column.isRight)),
    ].join(" ");
  const head = line(row("WORKER", ({ title }) => title), "head");
  if (page === undefined) return [head];
  if (page.total === 0) return [head, line(nobodyWords(state), "calm")];
  const rows = page.workers.slice(0, listRows(state)).map((worker, place) => {
    const isHere = page.offset + place === cursor;
    const tone = isHere ? "cursor" : TONES[worker.condition.state] ?? "plain";
    return line(row(nameOf(worker), ({ value }) => value(worker)), tone);
  });
  return [head, ...rows];
}

function nobodyWords({ filter, isTroubleOnly }: TopState): string {
  if (filter !== "") return "No worker matches; Esc shows all";
  return isTroubleOnly ? "No worker is in trouble; Esc shows all" : "No worker was seen yet";
}

function lostPart({ good, lost }: Worker["hour"]): string {
  return good + lost === 0 ? "-" : formatPercent(lost / (good + lost));
}
