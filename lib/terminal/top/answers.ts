/**
 * What the agent answers, put into the state of `btcagent top`; pure.
 */

import type { Asked } from "../agent_client.ts";
import type { Pool, Summary, Worker, WorkerPage } from "../answers.ts";
import { kept, listPath, type TopState } from "./state.ts";

/** What a round of questions brought. */
export interface Round {
  /** The totals. */
  readonly summary: Asked<Summary>;
  /** Workers, with the path they were asked by. */
  readonly list?: { readonly path: string; readonly page: Asked<WorkerPage> };
  /** All pools. */
  readonly pools?: Asked<readonly Pool[]> | undefined;
  /** One worker. */
  readonly worker?: { readonly id: string; readonly found: Asked<Worker> };
}

/** The state with what was answered at `at`, in milliseconds of the wall clock. */
export function answered(state: TopState, round: Round, at: number): TopState {
  const { summary, list, pools, worker } = round;
  const failed = [summary, list?.page, pools].find((asked) => asked?.ok === false);
  if (failed?.ok === false) return lost(state, failed.why, at);
  if (!summary.ok) return state;
  let next: TopState = { ...state, contact: { kind: "live" }, summary: summary.value };
  const before = state.summary;
  if (before !== undefined && before.started_at !== summary.value.started_at) {
    next = restarted(next);
  }
  if (pools?.ok) next = { ...next, pools: pools.value };
  // A list that is no longer wanted came too late.
  if (list?.page.ok && list.path === listPath(next)) next = { ...next, page: list.page.value };
  if (worker !== undefined && next.view.kind === "worker" && next.view.id === worker.id) {
    next = withWorker(next, worker.found, at);
  }
  return kept(next);
}

function lost(state: TopState, why: string, at: number): TopState {
  const since = state.contact.kind === "lost" ? state.contact.since : at;
  return { ...state, contact: { kind: "lost", why, since } };
}

/** The numbers of workers begin again: what had one may be another worker now. */
function restarted(state: TopState): TopState {
  const isWorker = state.view.kind === "worker";
  return {
    ...state,
    view: isWorker ? { kind: "workers" } : state.view,
    worker: undefined,
    notice: "btcagent was restarted",
  };
}

function withWorker(state: TopState, found: Asked<Worker>, at: number): TopState {
  if (found.ok) return { ...state, worker: found.value };
  if (found.status !== 404) return lost(state, found.why, at);
  return { ...state, view: { kind: "workers" }, worker: undefined, notice: "It is forgotten" };
}
