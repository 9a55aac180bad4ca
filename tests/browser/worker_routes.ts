/**
 * What the page asks for of workers, causes and marks, answered by a made-up farm.
 */

import type { FakeFarm } from "./fake_farm.ts";
import type { WorkerShape } from "../../lib/observe/status/worker_shapes.ts";

/** The values of a row of `/api/v1/worker-table`. */
const COLUMNS: Readonly<Record<string, (worker: WorkerShape) => string | number | null>> = {
  id: ({ id }) => id,
  account: ({ account }) => account,
  worker: ({ worker }) => worker,
  state: ({ condition }) => condition.state,
  reason: ({ condition }) => condition.reason,
  part: ({ condition }) => condition.part,
  connections: ({ connections }) => connections,
  usual_connections: ({ usual_connections }) => usual_connections,
  client_agent: ({ client_agent }) => client_agent,
  address: ({ address }) => address,
  subnet: ({ subnet }) => subnet,
  hashrate: ({ hashrate }) => hashrate.minutes_15,
  usual_hashrate: ({ usual_hashrate }) => usual_hashrate,
  good: ({ hour }) => hour.good,
  lost: ({ hour }) => hour.lost,
  last_share_seconds: ({ last_share_seconds }) => last_share_seconds,
  gone_seconds: ({ gone_seconds }) => gone_seconds,
  connects_hour: ({ connects_hour }) => connects_hour,
  miner: ({ miners }) => miners[0] ?? null,
  observations: ({ observations }) => observations.map(({ kind }) => kind).join(","),
};

/** The answer at `path`; `undefined` for what the status server answers itself. */
export function workerAnswer(farm: FakeFarm, method: string, path: string): Response | undefined {
  if (path === "/api/v1/worker-table") {
    const rows = farm.workers().map((worker) => Object.values(COLUMNS).map((of) => of(worker)));
    return Response.json({ columns: Object.keys(COLUMNS), rows });
  }
  if (path === "/api/v1/causes") return Response.json(farm.causes(50).next().value);
  if (path === "/api/v1/workers.csv") return new Response("worker\nrig1\n");
  if (path === "/api/v1/causes.csv") return new Response("reason\nstale\n");
  const [, id, act] = /^\/api\/v1\/workers\/(\d+)(\/forget)?$/.exec(path) ?? [];
  if (id === undefined) return undefined;
  if (method === "POST" && act !== undefined) {
    return farm.forgetWorker(Number(id))
      ? Response.json({ done: `Worker ${id} is forgotten` })
      : notFound(id);
  }
  const worker = farm.worker(Number(id));
  return worker === undefined ? notFound(id) : Response.json(worker);
}

function notFound(id: string): Response {
  return Response.json({ status: 404, title: `No worker ${id}` }, { status: 404 });
}
