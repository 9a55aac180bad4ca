/**
 * Whether anything is wrong with a farm, in sentences for a terminal; pure.
 */

import { WORKER_STATES } from "../base/worker_state.ts";
import type { Pool, Summary } from "./answers.ts";
import { counted, formatCount, formatDuration, formatPercent } from "./figures.ts";

/** How a farm is: the exit codes of `btcagent status`. */
export const GRADES = ["well", "trouble", "down"] as const;

/** One of them. */
export type Grade = typeof GRADES[number];

/** One thing that is wrong. */
export interface Finding {
  /** How bad it is. */
  readonly grade: Exclude<Grade, "well">;
  /** It in a sentence without a full stop; may have foreign text. */
  readonly text: string;
}

/** From this part of the work on, what was lost in the last hour is trouble. */
const MUCH_LOST = 0.05;

/** Certificates that expire sooner are trouble. */
const CERTIFICATE_DAYS = 14;

/** Every worker that was seen in the last day. */
export function workersIn({ attention: { workers } }: Summary): number {
  return WORKER_STATES.reduce((sum, state) => sum + workers[state], 0);
}

/** Workers that need attention. */
export function troubledIn(summary: Summary): number {
  return workersIn(summary) - summary.attention.workers.working;
}

/** What is wrong, the worst first; empty if all is well. `at` is the wall clock. */
export function findingsOf(
  summary: Summary,
  pools: readonly Pool[],
  at: number,
): readonly Finding[] {
  const { serving, reason, attention, reloads, certificates } = summary;
  const { backup, outage, losses: { hour } } = attention;
  const findings: Finding[] = [];
  const trouble = (text: string) => findings.push({ grade: "trouble", text });
  if (!serving) {
    const since = outage.since === null ? "" : ` for ${ageOf(outage.since, at)}`;
    findings.push({ grade: "down", text: `No pool serves${since}: nothing is mined. ${reason}` });
  }
  const troubled = troubledIn(summary);
  if (troubled > 0) {
    trouble(`${formatCount(troubled)} of ${counted(workersIn(summary), "worker")} need attention`);
  }
  if (serving && backup !== null) {
    const why = backup.reason === "" ? "" : `: ${backup.reason}`;
    trouble(
      `On the backup pool ${backup.pool} for ${ageOf(backup.since, at)}, instead of ` +
        `${backup.instead_of}${why}`,
    );
  }
  for (const pool of pools) {
    if (isDown(pool) && pool.address !== backup?.instead_of && serving) {
      trouble(`Pool ${pool.address} cannot be used: ${pool.reason}`);
    }
  }
  if (hour.part >= MUCH_LOST) {
    trouble(`${formatPercent(hour.part)} of the work was lost in the last hour`);
  }
  if (!reloads.last_went_well) {
    trouble("The last reload failed: the configuration before it is in force; see the log");
  }
  for (const { file, days_left: days } of certificates) {
    if (days >= CERTIFICATE_DAYS) continue;
    trouble(
      days < 0
        ? `The certificate ${file} has expired`
        : `The certificate ${file} expires in ${formatDuration(days * 86_400)}`,
    );
  }
  return findings;
}

/** The worst of them. */
export function gradeOf(findings: readonly Finding[]): Grade {
  if (findings.length === 0) return "well";
  return findings.some(({ grade }) => grade === "down") ? "down" : "trouble";
}

/** What a pool does now. */
export function poolState(pool: Pool): string {
  const { serving, spare, opening, cold } = pool.accounts;
  if (serving > 0) return "serving";
  if (spare > 0) return "spare";
  if (opening > 0) return "opening";
  return cold > 0 ? "cold" : pool.reason === "" ? "waiting" : "down";
}

function isDown(pool: Pool): boolean {
  return poolState(pool) === "down" || poolState(pool) === "opening" && pool.reason !== "";
}

/** How long ago an ISO time was. */
function ageOf(time: string, at: number): string {
  const seconds = (at - Date.parse(time)) / 1000;
  return Number.isFinite(seconds) ? formatDuration(Math.max(0, seconds)) : "some time";
}
