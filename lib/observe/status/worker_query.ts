/**
 * The query of `/api/v1/workers?…`: a filter, an order and a page of workers; pure.
 */

import { WORKER_STATES, type WorkerState } from "../../base/worker_state.ts";
import { ListParameters, type ListQuery, type SortKey } from "./list_query.ts";
import type { WorkerShape } from "./worker_shapes.ts";

/** The keys that a list can be sorted by; `trouble` puts the worst state first. */
const KEYS: Readonly<Record<string, (worker: WorkerShape) => SortKey>> = {
  trouble: (worker) => [WORKER_STATES.indexOf(worker.condition.state), worker.worker],
  id: ({ id }) => Number(id),
  worker: ({ worker }) => worker,
  missing: ({ missing_machines: machines, gone_seconds: gone }) => [machines, gone ?? 0],
  // Those that are refused, by the part of their shares that is lost.
  refused: ({ condition: { state, part } }) => state === "refused" ? part ?? 0 : 0,
  hashrate: ({ hashrate }) => hashrate.minutes_15,
  usual_hashrate: ({ usual_hashrate }) => usual_hashrate ?? 0,
  lost: ({ hour }) => hour.lost,
  lost_part: ({ hour }) => hour.lost / Math.max(1, hour.good + hour.lost),
  last_share: ({ last_share_seconds }) => last_share_seconds ?? Infinity,
  gone: ({ gone_seconds }) => gone_seconds ?? 0,
  connects: ({ connects_hour }) => connects_hour,
};

/** The names of these keys. */
export const WORKER_SORTS: readonly string[] = Object.keys(KEYS);

/** In place of a state: every state but `working`. */
export const TROUBLE = "trouble";

/**
 * Reads the query. `q` is searched for in worker, sub-account, address and client agent; `state`,
 * `account`, `subnet` and `client_agent` filter, a state or `trouble`; `sort` is a key, with `-` in front for descending
 * order, by default the worst state first; `offset` and `limit` (1..1000) select the page.
 *
 * @throws RequestProblem for a parameter that is unknown, repeated or out of range.
 */
export function parseWorkerQuery(query: URLSearchParams): ListQuery<WorkerShape> {
  const filters = ["state", "account", "subnet", "client_agent"] as const;
  const given = new ListParameters(query, ["q", ...filters, "sort", "offset", "limit"]);
  const state = given.oneOf("state", [...WORKER_STATES, TROUBLE]);
  const [account, subnet, agent] = filters.slice(1).map((name) => given.text(name));
  const text = given.text("q")?.toLowerCase();
  return {
    wants: (worker) =>
      (state === undefined || isIn(worker.condition.state, state)) &&
      (account === undefined || worker.account === account) &&
      (subnet === undefined || worker.subnet === subnet) &&
      (agent === undefined || worker.client_agent === agent) &&
      (text === undefined || contains(worker, text)),
    ...given.page(KEYS, "trouble"),
  };
}

function isIn(state: WorkerState, wanted: string): boolean {
  return wanted === TROUBLE ? state !== "working" : state === wanted;
}

function contains({ worker, account, address, client_agent }: WorkerShape, text: string): boolean {
  return [worker, account, address, client_agent]
    .some((field) => field.toLowerCase().includes(text));
}
