/**
 * `btcagent status`: asks a running agent how its farm is, and prints it in one screen.
 */

import { escapedJson, printableLines } from "../base/printable.ts";
import type { WorkerState } from "../base/worker_state.ts";
import type { Time } from "../base/clock.ts";
import type { StatusCommand } from "../cli/command.ts";
import { AgentClient } from "../terminal/agent_client.ts";
import {
  readPools,
  type Reads,
  readSummary,
  readWorkers,
  type Worker,
} from "../terminal/answers.ts";
import { findingsOf, gradeOf, GRADES } from "../terminal/findings.ts";
import { statusScreen, TROUBLES } from "../terminal/status_screen.ts";
import { agentPlace } from "./agent_place.ts";
import { requestDirectly } from "./direct_requests.ts";

/** What is printed, and the exit code. */
export interface StatusReport {
  /** For the operator, or a program. */
  readonly text: string;
  /** 0 for a farm that is well, 1 for one in trouble, 2 for one that is down or out of reach. */
  readonly exitCode: number;
}

/** Workers that are named for each state. */
const NAMED = 8;

/** Reads an answer, and keeps it whole: programs that read JSON get all that the agent says. */
function whole<T>(reads: Reads<T>): Reads<{ readonly read: T; readonly all: unknown }> {
  return (all) => {
    const read = reads(all);
    return read === undefined ? undefined : { read, all };
  };
}

/** Asks once. */
export async function statusReport(command: StatusCommand, time: Time): Promise<StatusReport> {
  const found = await agentPlace(command);
  if (!found.ok) return unreachable(command, found.message);
  requestDirectly();
  const { place } = found;
  const client = new AgentClient(place, time);
  const [asked, pools] = [
    await client.get("api/v1/summary", whole(readSummary)),
    await client.get("api/v1/pools", whole(readPools)),
  ];
  if (!asked.ok) return unreachable(command, asked.why);
  if (!pools.ok) return unreachable(command, pools.why);
  const troubled = new Map<WorkerState, readonly Worker[]>();
  const summary = asked.value.read;
  for (const state of TROUBLES) {
    if (summary.attention.workers[state] === 0) continue;
    const page = await client.get(`api/v1/workers?state=${state}&limit=${NAMED}`, readWorkers);
    if (page.ok) troubled.set(state, page.value.workers);
  }
  const at = time.wallNow();
  if (command.asJson) {
    const findings = findingsOf(summary, pools.value.read, at);
    const grade = gradeOf(findings);
    const names = Object.fromEntries(
      [...troubled].map(([state, workers]) => [
        state,
        workers.map(({ id, account, worker }) => ({ id, account, worker })),
      ]),
    );
    const report = {
      state: grade,
      findings,
      workers: names,
      summary: asked.value.all,
      pools: (pools.value.all as { readonly pools: unknown }).pools,
    };
    return { text: jsonText(report), exitCode: GRADES.indexOf(grade) };
  }
  const { lines, grade } = statusScreen({
    place: place.place,
    at,
    summary,
    pools: pools.value.read,
    troubled,
  });
  return { text: lines.join("\n"), exitCode: GRADES.indexOf(grade) };
}

function jsonText(value: unknown): string {
  return escapedJson(JSON.stringify(value, undefined, 2));
}

function unreachable({ asJson }: StatusCommand, why: string): StatusReport {
  const exitCode = GRADES.indexOf("down");
  if (!asJson) return { text: `DOWN: ${printableLines(why)}`, exitCode };
  const findings = [{ grade: "down", text: why }];
  return { text: jsonText({ state: "unreachable", findings }), exitCode };
}
