/**
 * What `btcagent status` prints: the farm in one screen of 80 columns; pure.
 */

import { WORKER_STATES, type WorkerState } from "../base/worker_state.ts";
import type { Pool, Summary, Worker } from "./answers.ts";
import { counted, formatAge, formatCount, formatDuration, formatHashrate } from "./figures.ts";
import { formatPercent } from "./figures.ts";
import { findingsOf, type Grade, gradeOf, poolState, workersIn } from "./findings.ts";
import { fitted, padded, widthOf, wrapped } from "./width.ts";

/** The columns of the screen. */
const COLUMNS = 80;

/** What is in front of each line, and follows it. */
const LABEL = 10;

/** More pools than this are only counted. */
const MOST_POOLS = 6;

/** More findings than this are only counted. */
const MOST_FINDINGS = 6;

/** The states of workers in trouble, the worst first. */
export const TROUBLES: readonly WorkerState[] = WORKER_STATES.filter((state) =>
  state !== "working"
);

/** Everything that is shown. */
export interface Seen {
  /** Where it comes from. */
  readonly place: string;
  /** The wall clock, in milliseconds. */
  readonly at: number;
  /** The totals. */
  readonly summary: Summary;
  /** All pools. */
  readonly pools: readonly Pool[];
  /** The first workers of each state that some are in. */
  readonly troubled: ReadonlyMap<WorkerState, readonly Worker[]>;
}

const HEADLINES: Readonly<Record<Grade, string>> = {
  well: "WELL",
  trouble: "TROUBLE",
  down: "DOWN",
};

/** The lines of the screen, and how the farm is. */
export function statusScreen(seen: Seen): { readonly lines: string[]; readonly grade: Grade } {
  const { place, at, summary, pools } = seen;
  const findings = findingsOf(summary, pools, at);
  const grade = gradeOf(findings);
  const up = `up ${formatDuration(summary.uptime_seconds)}`;
  const more = findings.length - MOST_FINDINGS;
  const said = [
    ...findings.slice(0, MOST_FINDINGS).map(({ text }) => text),
    ...more > 0 ? [`${formatCount(more)} more`] : [],
  ];
  if (said.length === 0) said.push(calmWords(summary));
  return {
    grade,
    lines: [
      fitted(`btcagent ${summary.version} at ${place}, ${up}`, COLUMNS),
      ...said.flatMap((text, i) => labelled(i === 0 ? HEADLINES[grade] : "", text)),
      "",
      ...labelled("Hashrate", hashrateWords(summary)),
      ...labelled("Miners", minerWords(summary)),
      ...labelled("Lost", lossWords(summary)),
      ...poolLines(pools),
      ...troubleLines(seen),
    ],
  };
}

function calmWords(summary: Summary): string {
  const count = workersIn(summary);
  if (count === 0) return "A pool serves; no worker was seen in the last day";
  return count === 1
    ? "The only worker is working"
    : `All ${formatCount(count)} workers are working`;
}

/** The hashrate against what it should be. */
function hashrateWords({ hashrate, attention }: Summary): string {
  const { minutes_1: minute, minutes_15: quarter, minutes_60: hour } = hashrate;
  const { expected_hashrate: usual, nominal_hashrate: nominal } = attention;
  const [expected, why] = nominal !== null ? [nominal, "nominal"] : [usual, "expected"];
  const part = expected === null || expected <= 0
    ? ""
    : `, ${formatPercent(quarter / expected)} of ${formatHashrate(expected)} ${why}`;
  return `${formatHashrate(quarter)}${part} (1 min ${formatHashrate(minute)}, ` +
    `1 h ${formatHashrate(hour)})`;
}

function minerWords({ miners, attention: { workers } }: Summary): string {
  return `${formatCount(miners.connected)} connected, ${formatCount(miners.states.working)} with ` +
    `work; ${formatCount(workers.working)} workers without trouble`;
}

function lossWords({ attention: { losses, outage } }: Summary): string {
  const { hour, day } = losses;
  const parts = hour.good + hour.lost + day.good + day.lost === 0
    ? "no share was judged yet"
    : `${formatPercent(hour.part)} of the work in the last hour, ${
      formatPercent(day.part)
    } in 24 h`;
  const { today_seconds: today } = outage;
  const without = today >= 1 ? `. Without any pool for ${formatDuration(today)} today` : "";
  return `${parts}${without}${hour.sentence === "" ? "" : `. ${hour.sentence}`}`;
}

function poolLines(pools: readonly Pool[]): string[] {
  const lines = pools.slice(0, MOST_POOLS).map((pool) => {
    const age = pool.job_age_seconds;
    const notes = [
      ...pool.miners > 0 ? [counted(pool.miners, "miner")] : [],
      ...age === null ? [] : [`job ${formatAge(age)} old`],
      ...pool.pinned ? ["pinned"] : [],
      ...pool.reason === "" ? [] : [pool.reason],
    ];
    return `${padded(String(pool.position), 2)} ${padded(poolState(pool), 8)} ` +
      `${padded(pool.address, 28)} ${notes.join(", ")}`;
  });
  if (pools.length > MOST_POOLS) lines.push(`${pools.length - MOST_POOLS} more`);
  return lines.map((text, i) => fitted(padded(i === 0 ? "Pools" : "", LABEL) + text, COLUMNS));
}

function troubleLines({ summary, troubled }: Seen): string[] {
  const { workers } = summary.attention;
  const states = TROUBLES.filter((state) => workers[state] > 0);
  return states.map((state, i) => {
    const head = padded(i === 0 ? "Trouble" : "", LABEL) +
      padded(formatCount(workers[state]), 6, true) + ` ${padded(state, 9)}`;
    const names = nameList(
      troubled.get(state) ?? [],
      workers[state],
      COLUMNS - widthOf(head),
    );
    return (head + names).trimEnd();
  });
}

/** As many names as there is room for, and that there are more. */
function nameList(workers: readonly Worker[], total: number, columns: number): string {
  const names = workers.map((worker) => fitted(nameOf(worker), Math.min(24, columns - 2)));
  for (let count = names.length; count > 0; count--) {
    const text = names.slice(0, count).join(", ") + (count < total ? ", …" : "");
    if (widthOf(text) <= columns) return text;
  }
  return "";
}

/** The whole name of a worker. */
export function nameOf({ account, worker }: Pick<Worker, "account" | "worker">): string {
  return account === "" ? worker : `${account}.${worker}`;
}

/** A text after its label, in as many lines as it takes. */
function labelled(label: string, text: string): string[] {
  return wrapped(text, COLUMNS - LABEL)
    .map((line, i) => (padded(i === 0 ? label : "", LABEL) + line).trimEnd());
}
