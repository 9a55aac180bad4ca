/**
 * Every path of the status server: what may be done there and what comes back.
 */

import { SAMPLE_COLUMNS } from "../history.ts";
import { LOG_AREAS, LOG_LEVELS, type LogArea, type LogLevel } from "../log_record.ts";
import { formatMetrics } from "../metrics.ts";
import { answer, json, RequestProblem } from "./answers.ts";
import { pickMiners } from "./miner_query.ts";
import { minerTable } from "./miner_table.ts";
import type { StatusControl, StatusSource } from "./source.ts";
import type { StatusStream } from "./stream.ts";

/** What the routes need. */
export interface RouteContext {
  /** What is shown. */
  readonly source: StatusSource;
  /** What may be changed; `undefined` for nothing. */
  readonly control: StatusControl | undefined;
  /** What is sent to whoever watches. */
  readonly stream: StatusStream;
  /** Workers with metrics of their own. */
  readonly workerSeriesMax: number;
}

/** A request that came through the door. */
export interface StatusRequest {
  /** Its method; `HEAD` comes as `GET`. */
  readonly method: string;
  /** Its address. */
  readonly url: URL;
  /** Its `Accept` header; empty for none. */
  readonly accept: string;
  /** Its `Content-Type` header; empty for none. */
  readonly contentType: string;
  /** Its body; empty for none. */
  readonly body: Uint8Array;
}

/** What can be done at a path; `id` is what stands where the path has `{id}`. */
interface Route {
  readonly GET?: (
    context: RouteContext,
    request: StatusRequest,
    id: string,
  ) => Response | Promise<Response>;
  readonly POST?: (
    control: StatusControl,
    id: string,
    request: StatusRequest,
    context: RouteContext,
  ) => Response | Promise<Response>;
}

/** Every path, with what api.md says of it in the same order. */
const ROUTES: readonly (readonly [path: string, route: Route])[] = [
  ["/metrics", { GET: metrics }],
  ["/healthz", {
    GET: ({ source }) => {
      const health = source.health();
      return json(health, health.serving ? 200 : 503);
    },
  }],
  ["/api/v1/summary", { GET: ({ source }) => json(source.summary()) }],
  ["/api/v1/miners", {
    GET: ({ source }, { url }) => json(pickMiners(source.miners(), url.searchParams)),
  }],
  ["/api/v1/miners/{id}", {
    GET: ({ source }, _request, id) => {
      const miner = source.miner(sessionIdOf(id));
      if (miner === undefined) throw noMiner(id);
      return json(miner);
    },
  }],
  ["/api/v1/miner-table", { GET: ({ source }) => minerTable(source.miners()) }],
  ["/api/v1/upstreams", {
    GET: ({ source }) => json({ pools: source.pools(), accounts: source.accounts() }),
  }],
  ["/api/v1/events", { GET: ({ source }) => json({ events: source.events() }) }],
  ["/api/v1/history", {
    GET: ({ stream: { history } }) =>
      json({ columns: SAMPLE_COLUMNS, hour: history.hour(), day: history.day() }),
  }],
  ["/api/v1/stream", { GET: ({ stream }) => stream.watch() }],
  ["/api/v1/config", { GET: ({ source }) => json({ config: source.config() }) }],
  ["/api/v1/log-level", {
    GET: ({ source }) => json({ levels: source.logLevels() }),
    POST: (control, _id, request, { source }) => {
      const { area, level } = wantedLevel(jsonObject(request));
      control.setLogLevel(area, level);
      return json({ levels: source.logLevels() });
    },
  }],
  ["/api/v1/reload", { POST: async (control) => json(await control.reload()) }],
  ["/api/v1/pools/{id}/pin", {
    POST: (control, id) => {
      const position = /^[1-9]\d{0,4}$/.test(id) ? Number(id) : undefined;
      const address = position === undefined ? undefined : control.pin(position);
      if (address === undefined) {
        throw new RequestProblem(404, "No such pool, wanted a position as in /api/v1/upstreams");
      }
      return json({ done: `Pool ${address} is pinned` });
    },
  }],
  ["/api/v1/pools/auto", {
    POST: (control) => {
      control.pin(undefined);
      return json({ done: "No pool is pinned: the configured order counts" });
    },
  }],
  ["/api/v1/miners/{id}/disconnect", {
    POST: (control, id) => {
      if (!control.disconnect(sessionIdOf(id))) throw noMiner(id);
      return json({ done: `Miner ${id} was disconnected` });
    },
  }],
];

/** The paths there are, for the documentation. */
export const PATHS: readonly string[] = ROUTES.map(([path]) => path);

/**
 * Answers a request.
 *
 * @throws RequestProblem for an unknown path, a method that is not for it, or what it asks in vain.
 */
export function route(
  context: RouteContext,
  request: StatusRequest,
): Response | Promise<Response> {
  const { method, url } = request;
  for (const [pattern, found] of ROUTES) {
    const id = match(pattern, url.pathname);
    if (id === undefined) continue;
    if (method === "GET" && found.GET !== undefined) return found.GET(context, request, id);
    if (method === "POST" && found.POST !== undefined) {
      if (context.control === undefined) {
        throw new RequestProblem(403, "Nothing may be changed here: status.control is false");
      }
      return found.POST(context.control, id, request, context);
    }
    const allow = [
      ...(found.GET === undefined ? [] : ["GET", "HEAD"]),
      ...(found.POST === undefined ? [] : ["POST"]),
    ].join(", ");
    throw new RequestProblem(405, `Wanted ${allow} for this path`, { allow });
  }
  throw new RequestProblem(404, `Nothing is here, wanted one of ${PATHS.join(", ")}`);
}

/** What stands for `{id}` in `path`; empty if the pattern has none; `undefined` for no match. */
function match(pattern: string, path: string): string | undefined {
  const [before, after] = pattern.split("{id}");
  if (after === undefined) return path === pattern ? "" : undefined;
  if (!path.startsWith(before!) || !path.endsWith(after)) return undefined;
  const id = path.slice(before!.length, path.length - after.length);
  return /^[\w-]{1,64}$/.test(id) ? id : undefined;
}

/** The body of a request that must be a JSON object. */
function jsonObject({ contentType, body }: StatusRequest): Readonly<Record<string, unknown>> {
  // A type that browsers send for other origins only after they have asked, in vain.
  if (!/^application\/json\s*(?:;|$)/i.test(contentType)) {
    throw new RequestProblem(415, "Wanted a body of the type application/json");
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(body));
    if (typeof value === "object" && value !== null) return { ...value };
  } catch {
    // Said below.
  }
  throw new RequestProblem(400, "Cannot read the body, wanted a JSON object");
}

function wantedLevel(
  { area, level, ...rest }: Readonly<Record<string, unknown>>,
): { readonly area: LogArea | undefined; readonly level: LogLevel } {
  const isArea = area === undefined || (LOG_AREAS as readonly unknown[]).includes(area);
  const isLevel = (LOG_LEVELS as readonly unknown[]).includes(level);
  if (isArea && isLevel && Object.keys(rest).length === 0) {
    return { area: area as LogArea | undefined, level: level as LogLevel };
  }
  const wanted = `"level", one of ${LOG_LEVELS.join(", ")}, and perhaps "area", one of ` +
    LOG_AREAS.join(", ");
  throw new RequestProblem(400, `Cannot use these, wanted ${wanted}`);
}

function sessionIdOf(id: string): number {
  if (/^[0-9a-f]{8}$/.test(id)) return parseInt(id, 16);
  throw new RequestProblem(400, "Cannot use this id, wanted 8 hex digits as in the list of miners");
}

function noMiner(id: string): RequestProblem {
  return new RequestProblem(404, `No miner ${id} is connected`);
}

async function metrics(
  { source, workerSeriesMax }: RouteContext,
  { accept }: StatusRequest,
): Promise<Response> {
  const isOpen = accept.includes("application/openmetrics-text");
  const pieces = formatMetrics({
    summary: source.summary(),
    pools: source.pools(),
    accounts: source.accounts(),
    miners: workerSeriesMax > 0 ? source.miners() : [],
    workerSeriesMax,
  }, isOpen ? "openmetrics" : "prometheus");
  let piece = pieces.next();
  let text = "";
  while (piece.done !== true) {
    text += piece.value;
    piece = pieces.next();
    // Only a timer lets others in: shares of ten thousand miners do not wait for all of this.
    if (piece.done !== true) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const type = isOpen
    ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
    : "text/plain; version=0.0.4; charset=utf-8";
  return answer(text, type);
}
