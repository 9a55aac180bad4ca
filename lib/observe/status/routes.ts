/**
 * Every path of the status server, with its methods and answers.
 */

import type { Now } from "../../base/clock.ts";
import { printableJson } from "../../base/printable.ts";
import { LOG_AREAS, LOG_LEVELS, type LogArea, type LogLevel } from "../log_record.ts";
import { formatMetrics } from "../metrics.ts";
import { troubledWorkers } from "../trouble_metrics.ts";
import { workersOf } from "../worker_metrics.ts";
import { answer, json, JSON_TYPE, RequestProblem } from "./answers.ts";
import type { StatusBounds } from "./bounds.ts";
import { causesCsv } from "./causes_csv.ts";
import type { LongAnswers } from "./long_answers.ts";
import { CSV_TYPE } from "./csv.ts";
import type { SpanShape } from "./history_shapes.ts";
import { ListParameters, pickPage } from "./list_query.ts";
import { parseMinerQuery } from "./miner_query.ts";
import { minerTable } from "./miner_table.ts";
import type { SummaryShape } from "./shapes.ts";
import type { StatusControl, StatusSource } from "./source.ts";
import type { StatusStream } from "./stream.ts";
import type { Turns } from "./turns.ts";
import { parseWorkerQuery } from "./worker_query.ts";
import { workerCsv, workerTable } from "./worker_table.ts";

/** What the routes need. */
export interface RouteContext {
  /** The data to show. */
  readonly source: StatusSource;
  /** How to make changes; `undefined` if none are allowed. */
  readonly control: StatusControl | undefined;
  /** Events for watchers of the live page. */
  readonly stream: StatusStream;
  /** Decides when answers are made. */
  readonly turns: Turns;
  /** Answers that take long to make. */
  readonly long: LongAnswers;
  /** Counts the bounds of the server itself. */
  readonly bounds: StatusBounds;
  /** The most workers with metrics of their own. */
  readonly workerSeriesMax: number;
  /** The time of day, in milliseconds since 1970. */
  readonly wallNow: Now;
}

/** The most causes of each dimension in one answer. */
const MOST_CAUSES = 50;

/** A request that passed the checks in door.ts. */
export interface StatusRequest {
  /** Its method; `HEAD` comes as `GET`. */
  readonly method: string;
  /** Its path, in the form of {@linkcode PATHS}. */
  readonly path: string;
  /** Its query parameters. */
  readonly query: URLSearchParams;
  /** Its `Accept` header; empty for none. */
  readonly accept: string;
  /** Its `Content-Type` header; empty for none. */
  readonly contentType: string;
  /** Its body; empty for none. */
  readonly body: Uint8Array;
  /** Whether its token is good for changes, too. */
  readonly mayChange: boolean;
  /** Its `Last-Event-ID` header; empty for none. */
  readonly lastEventId: string;
}

/** What can be done at a path; `id` is the text in the place of `{id}`. */
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

/** The path for probes; everybody gets the yes or no. */
export const HEALTH_PATH = "/healthz";

/** Every path, in the order of conf/docs/api.md. */
const ROUTES: readonly (readonly [path: string, route: Route])[] = [
  ["/metrics", { GET: metrics }],
  [HEALTH_PATH, { GET: ({ source }) => health(source, true) }],
  ["/api/v1/openapi.json", {
    GET: async () => answer((await import("./openapi.ts")).OPENAPI, JSON_TYPE),
  }],
  ["/api/v1/summary", {
    GET: async (context) => json(await summaryOf(context)),
  }],
  ["/api/v1/miners", {
    GET: async ({ source, long }, { query: asked }) => {
      const query = parseMinerQuery(asked);
      const { total, offset, rows } = await long.gather(pickPage(source.miners(), query));
      const head = `{"total":${total},"offset":${offset},"miners":[`;
      return long.answer(JSON_TYPE, jsonList(head, rows));
    },
  }],
  ["/api/v1/miners/{id}", {
    GET: ({ source }, _request, id) => {
      const miner = source.miner(sessionIdOf(id));
      if (miner === undefined) throw noMiner(id);
      return json(miner);
    },
  }],
  ["/api/v1/miner-table", {
    GET: ({ source, long }) => long.answer(JSON_TYPE, minerTable(source.miners())),
  }],
  ["/api/v1/workers", {
    GET: async ({ source, long }, { query: asked }) => {
      const query = parseWorkerQuery(asked);
      const { total, offset, rows } = await long.gather(pickPage(source.workers(), query));
      const head = `{"total":${total},"offset":${offset},"workers":[`;
      return long.answer(JSON_TYPE, jsonList(head, rows));
    },
  }],
  ["/api/v1/workers/{id}", {
    GET: ({ source }, _request, id) => {
      const worker = source.worker(workerIdOf(id));
      if (worker === undefined) throw noWorker(id);
      return json(worker);
    },
  }],
  ["/api/v1/worker-table", {
    GET: ({ source, long }) => long.answer(JSON_TYPE, workerTable(source.workers())),
  }],
  ["/api/v1/workers.csv", {
    GET: ({ source, long }) => long.answer(CSV_TYPE, workerCsv(source.workers())),
  }],
  ["/api/v1/upstreams", {
    GET: async ({ source, turns, long }) => {
      const head = `{"pools":${printableJson(await turns.run(source.pools()))},"accounts":[`;
      return long.answer(JSON_TYPE, jsonList(head, source.accounts()));
    },
  }],
  ["/api/v1/pools", {
    GET: async ({ source, turns }) => json({ pools: await turns.run(source.pools()) }),
  }],
  ["/api/v1/causes", {
    GET: async (context, { query }) => {
      const { source, turns } = context;
      if (!query.has("span")) return json(await turns.run(source.causes(MOST_CAUSES)));
      const { causesAnswer } = await import("./history_answers.ts");
      return json((await turns.run(causesAnswer(source, query, MOST_CAUSES))).causes);
    },
  }],
  ["/api/v1/causes.csv", {
    GET: async ({ source, turns, long }) => {
      const causes = await turns.run(source.causes(Infinity));
      return long.answer(CSV_TYPE, causesCsv(causes));
    },
  }],
  ["/api/v1/events", {
    GET: ({ source, long }) => long.answer(JSON_TYPE, jsonList('{"events":[', source.events())),
  }],
  ["/api/v1/history", {
    GET: async (context, { query }) =>
      json(query.has("span") ? await spanOf(context, query) : context.stream.history),
  }],
  ["/api/v1/history/farm.csv", {
    GET: async (context, { query }) => {
      const { spanCsv } = await import("./history_csv.ts");
      return context.long.answer(CSV_TYPE, spanCsv(await spanOf(context, query)));
    },
  }],
  ["/api/v1/history/workers", {
    GET: async ({ source, long, wallNow }, { query }) => {
      const { pastWorkers } = await import("./past_workers.ts");
      const { total, offset, rows } = await long.gather(pastWorkers(source, query, wallNow()));
      return long.answer(
        JSON_TYPE,
        jsonList(`{"total":${total},"offset":${offset},"workers":[`, rows),
      );
    },
  }],
  ["/api/v1/history/workers.csv", {
    GET: async ({ source, long, wallNow }, { query }) => {
      const [{ workersOver }, { workersCsv }] = await Promise.all([
        import("./history_answers.ts"),
        import("./history_csv.ts"),
      ]);
      const given = new ListParameters(query, ["span"]);
      return long.answer(CSV_TYPE, workersCsv(workersOver(source, given, wallNow())));
    },
  }],
  ["/api/v1/history/causes.csv", {
    GET: async ({ source, turns, long }, { query }) => {
      const { causesAnswer } = await import("./history_answers.ts");
      const { span, causes } = await turns.run(causesAnswer(source, query, Infinity));
      return long.answer(CSV_TYPE, causesCsv({ [span]: causes }));
    },
  }],
  ["/api/v1/stream", { GET: ({ stream }, request) => stream.watch(request) }],
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
  ["/api/v1/notify/test", { POST: async (control) => json(await control.testNotify()) }],
  ["/api/v1/pools/{id}/pin", {
    POST: (control, id) => {
      const position = /^[1-9]\d{0,4}$/.test(id) ? Number(id) : undefined;
      const address = position === undefined ? undefined : control.pin(position);
      if (address === undefined) {
        throw new RequestProblem(404, "Unknown pool, wanted a position as in /api/v1/upstreams");
      }
      return json({ done: `Pool ${address} is pinned` });
    },
  }],
  ["/api/v1/pools/auto", {
    POST: (control) => {
      control.pin(undefined);
      return json({ done: "No pool is pinned: the configured order applies" });
    },
  }],
  ["/api/v1/miners/{id}/disconnect", {
    POST: (control, id) => {
      if (!control.disconnect(sessionIdOf(id))) throw noMiner(id);
      return json({ done: `Miner ${id} was disconnected` });
    },
  }],
  ["/api/v1/workers/{id}/forget", {
    POST: (control, id) => {
      const isForgotten = control.forgetWorker(workerIdOf(id));
      if (isForgotten === undefined) throw noWorker(id);
      if (!isForgotten) {
        throw new RequestProblem(409, `Worker ${id} is connected and cannot be forgotten`);
      }
      return json({ done: `Worker ${id} is forgotten` });
    },
  }],
];

/** All paths, for the documentation. */
export const PATHS: readonly string[] = ROUTES.map(([path]) => path);

/** All paths with their methods. */
export const ROUTE_METHODS: readonly (readonly [path: string, methods: ("GET" | "POST")[]])[] =
  ROUTES.map(([path, { GET: get, POST: post }]) => [
    path,
    [...get === undefined ? [] : ["GET" as const], ...post === undefined ? [] : ["POST" as const]],
  ]);

/**
 * Answers a request.
 *
 * @throws RequestProblem for an unknown path, a method the path does not have, or a request that
 * cannot be served.
 */
export async function route(context: RouteContext, request: StatusRequest): Promise<Response> {
  const { method, path } = request;
  for (const [pattern, found] of ROUTES) {
    const id = match(pattern, path);
    if (id === undefined) continue;
    const { GET: get } = found;
    if (method === "GET" && get !== undefined) {
      return await context.turns.take(() => get(context, request, id));
    }
    if (method === "POST" && found.POST !== undefined) {
      if (context.control === undefined) {
        throw new RequestProblem(403, "Changes are not allowed: status.control is false");
      }
      if (!request.mayChange) {
        throw new RequestProblem(403, "This token only reads: changes need that of status.token");
      }
      return await found.POST(context.control, id, request, context);
    }
    const allow = [
      ...(found.GET === undefined ? [] : ["GET", "HEAD"]),
      ...(found.POST === undefined ? [] : ["POST"]),
    ].join(", ");
    throw new RequestProblem(405, `Unknown method for this path, wanted ${allow}`, { allow });
  }
  throw new RequestProblem(404, `Unknown path, wanted one of ${PATHS.join(", ")}`);
}

/**
 * Returns the text in the place of `{id}` in `path`; empty if the pattern has none; `undefined` for
 * no match.
 */
function match(pattern: string, path: string): string | undefined {
  const [before, after] = pattern.split("{id}");
  if (after === undefined) return path === pattern ? "" : undefined;
  if (!path.startsWith(before!) || !path.endsWith(after)) return undefined;
  const id = path.slice(before!.length, path.length - after.length);
  return /^[\w-]{1,64}$/.test(id) ? id : undefined;
}

/** Answers whether miners have a pool; the reason is only for requests with the token. */
export function health(source: StatusSource, mayKnowWhy: boolean): Response {
  const { serving, reason } = source.health();
  return json(mayKnowWhy ? { serving, reason } : { serving }, serving ? 200 : 503);
}

/** Parses the body of a request, which must be a JSON object. */
function jsonObject({ contentType, body }: StatusRequest): Readonly<Record<string, unknown>> {
  // Browsers send this type for other origins only after a preflight request, which is refused.
  if (!/^application\/json\s*(?:;|$)/i.test(contentType)) {
    throw new RequestProblem(415, "Wrong type of body, wanted application/json");
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

function workerIdOf(id: string): number {
  if (/^[1-9]\d{0,9}$/.test(id)) return Number(id);
  throw new RequestProblem(400, "Cannot use this id, wanted a number as in the list of workers");
}

function noWorker(id: string): RequestProblem {
  return new RequestProblem(404, `No worker ${id} was seen recently`);
}

function noMiner(id: string): RequestProblem {
  return new RequestProblem(404, `No miner ${id} is connected`);
}

/**
 * Yields the JSON text of an object whose last member is a list, in steps: `head` ends with the
 * list's bracket.
 */
function* jsonList(head: string, rows: Iterable<unknown>): Generator<string, void> {
  yield head;
  let separator = "";
  for (const row of rows) {
    yield separator + printableJson(row);
    separator = ",";
  }
  yield "]}\n";
}

/**
 * A span of the past. What makes it is loaded with the first request for one: where nobody asks, it
 * takes no memory.
 */
async function spanOf(
  { source, stream, long, wallNow }: RouteContext,
  query: URLSearchParams,
): Promise<SpanShape> {
  const { spanAnswer } = await import("./history_answers.ts");
  return await long.gather(spanAnswer({ source, samples: stream.history, now: wallNow() }, query));
}

/** Returns the program's summary, with the counts of this server added. */
async function summaryOf({ source, turns, bounds }: RouteContext): Promise<SummaryShape> {
  const summary = await turns.run(source.summary());
  return { ...summary, limits: { ...summary.limits, ...bounds.counts } };
}

async function metrics(
  context: RouteContext,
  { accept }: StatusRequest,
): Promise<Response> {
  const { source, turns, long, workerSeriesMax } = context;
  const isOpen = /application\/openmetrics-text/i.test(accept);
  const summary = await summaryOf(context);
  const pools = await turns.run(source.pools());
  const workers = workerSeriesMax === 0
    ? []
    : await long.gather(workersOf(source.miners(), workerSeriesMax));
  const troubled = workerSeriesMax === 0
    ? []
    : await long.gather(troubledWorkers(source.workers(), workerSeriesMax));
  const type = isOpen
    ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
    : "text/plain; version=0.0.4; charset=utf-8";
  const input = { summary, pools, accounts: source.accounts(), workers, troubled };
  return long.answer(type, formatMetrics(input, isOpen ? "openmetrics" : "prometheus"));
}
