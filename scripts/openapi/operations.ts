/**
 * Every operation of the status server's API, for the OpenAPI document. A test holds them to the
 * server's own paths.
 */

import { WORKER_STATES } from "../../lib/base/worker_state.ts";
import { LOG_AREAS, LOG_LEVELS } from "../../lib/observe/log_record.ts";
import { ASICBOOST, MINER_SORTS, MINER_STATES } from "../../lib/observe/status/miner_query.ts";
import { SPANS } from "../../lib/observe/status/spans.ts";
import { PAST_WORKER_SORTS } from "../../lib/observe/status/past_workers.ts";
import { TROUBLE, WORKER_SORTS } from "../../lib/observe/status/worker_query.ts";
import type { JsonObject } from "./schemas.ts";

/** What can be asked for at a path. */
export interface Operation {
  /** How it is asked for. */
  readonly method: "get" | "post";
  /** Where, as in the server's own list. */
  readonly path: string;
  /** Its name in generated clients. */
  readonly id: string;
  /** What it does. */
  readonly about: string;
  /** Parameters of its query. */
  readonly query?: readonly QueryParameter[];
  /** What stands for `{id}` in its path. */
  readonly place?: JsonObject & { readonly description: string };
  /** The body it takes: a schema; none if left out. */
  readonly body?: JsonObject;
  /** What it answers: the name of a schema, of one of several, or texts by their types. */
  readonly answer: string | { readonly oneOf: readonly string[] } | readonly string[];
}

/** A parameter of a query; none is required. */
export interface QueryParameter {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly about: string;
  /** What it may be. */
  readonly schema: JsonObject;
}

const text = { type: "string" };

/** The order and the page of a list. */
function page(sorts: readonly string[], usual: string): QueryParameter[] {
  return [
    {
      name: "sort",
      about: "The order; with `-` in front descending.",
      schema: {
        type: "string",
        enum: sorts.flatMap((sort) => [sort, `-${sort}`]),
        default: usual,
      },
    },
    {
      name: "offset",
      about: "Rows before the page.",
      schema: { type: "integer", minimum: 0, maximum: 1_000_000, default: 0 },
    },
    {
      name: "limit",
      about: "The most rows of the page.",
      schema: { type: "integer", minimum: 1, maximum: 1000, default: 100 },
    },
  ];
}

const SESSION_ID = {
  description: "The session id of a miner: 8 hex digits.",
  type: "string",
  pattern: "^[0-9a-f]{8}$",
};
const WORKER_ID = {
  description: "The number of a worker.",
  type: "string",
  pattern: "^[1-9][0-9]{0,9}$",
};
const POSITION = {
  description: "The position of a pool in the list, from 1.",
  type: "string",
  pattern: "^[1-9][0-9]{0,4}$",
};

const CSV = ["text/csv; charset=utf-8"];

const SPAN: QueryParameter = {
  name: "span",
  about: "How far back; `week` and `month` need a history that is kept.",
  schema: { type: "string", enum: Object.keys(SPANS) },
};
const ACCOUNT: QueryParameter = { name: "account", about: "The sub-account.", schema: text };

/** What a history may be of; of the farm if none is given. */
const SUBJECT: readonly QueryParameter[] = [
  SPAN,
  { name: "pool", about: "The pool, `host:port`.", schema: text },
  ACCOUNT,
  { name: "worker", about: "The number of the worker.", schema: text },
  {
    name: "worker_name",
    about:
      "The name of the worker, `account.worker`, or without its sub-account if only one has it; " +
      "also of one that has been gone for long.",
    schema: text,
  },
];

/** All of them, in the order of the server's own list. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: "get",
    path: "/metrics",
    id: "getMetrics",
    about: "Metrics for Prometheus, as OpenMetrics if asked for.",
    answer: ["text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text"],
  },
  {
    method: "get",
    path: "/healthz",
    id: "getHealth",
    about: "200 while miners have a pool to work for, else 503. Needs no token.",
    answer: "Health",
  },
  {
    method: "get",
    path: "/api/v1/openapi.json",
    id: "getOpenapi",
    about: "This document.",
    answer: ["application/json"],
  },
  {
    method: "get",
    path: "/api/v1/summary",
    id: "getSummary",
    about: "The totals of the program, and whether anything is wrong.",
    answer: "Summary",
  },
  {
    method: "get",
    path: "/api/v1/miners",
    id: "listMiners",
    about: "A page of miners.",
    query: [
      { name: "q", about: "Part of worker, user, address or client agent.", schema: text },
      {
        name: "state",
        about: "The state of the connection.",
        schema: { type: "string", enum: MINER_STATES },
      },
      {
        name: "asicboost",
        about: "Whether it rolls versions.",
        schema: { type: "string", enum: ASICBOOST },
      },
      ...page(MINER_SORTS, "id"),
    ],
    answer: "Miners",
  },
  {
    method: "get",
    path: "/api/v1/miners/{id}",
    id: "getMiner",
    about: "One miner.",
    place: SESSION_ID,
    answer: "Miner",
  },
  {
    method: "get",
    path: "/api/v1/miner-table",
    id: "getMinerTable",
    about: "Every miner in a compact list.",
    answer: "MinerTable",
  },
  {
    method: "get",
    path: "/api/v1/workers",
    id: "listWorkers",
    about: "A page of workers, connected or not.",
    query: [
      { name: "q", about: "Part of worker, sub-account, address or client agent.", schema: text },
      {
        name: "state",
        about: `The state; \`${TROUBLE}\` for every one but \`working\`.`,
        schema: { type: "string", enum: [...WORKER_STATES, TROUBLE] },
      },
      ACCOUNT,
      { name: "subnet", about: "The network.", schema: text },
      { name: "client_agent", about: "The software.", schema: text },
      ...page(WORKER_SORTS, "trouble"),
    ],
    answer: "Workers",
  },
  {
    method: "get",
    path: "/api/v1/workers/{id}",
    id: "getWorker",
    about: "One worker.",
    place: WORKER_ID,
    answer: "Worker",
  },
  {
    method: "get",
    path: "/api/v1/worker-table",
    id: "getWorkerTable",
    about: "Every worker in a compact list.",
    answer: "WorkerTable",
  },
  {
    method: "get",
    path: "/api/v1/workers.csv",
    id: "getWorkersCsv",
    about: "Every worker as a table for spreadsheets.",
    answer: CSV,
  },
  {
    method: "get",
    path: "/api/v1/upstreams",
    id: "getUpstreams",
    about: "Pools and sub-accounts.",
    answer: "Upstreams",
  },
  {
    method: "get",
    path: "/api/v1/pools",
    id: "getPools",
    about: "Pools without sub-accounts.",
    answer: "Pools",
  },
  {
    method: "get",
    path: "/api/v1/causes",
    id: "getCauses",
    about: "What was lost in the last hour and day, by cause; with `span`, in that one.",
    query: [SPAN],
    answer: { oneOf: ["Causes", "LossesByCause"] },
  },
  {
    method: "get",
    path: "/api/v1/causes.csv",
    id: "getCausesCsv",
    about: "The same as a table, with all causes.",
    answer: CSV,
  },
  {
    method: "get",
    path: "/api/v1/events",
    id: "getEvents",
    about: "The last lines of the log.",
    answer: "Events",
  },
  {
    method: "get",
    path: "/api/v1/history",
    id: "getHistory",
    about: "The last day in samples; with `span`, that one in rows.",
    query: SUBJECT,
    answer: { oneOf: ["History", "Span"] },
  },
  {
    method: "get",
    path: "/api/v1/history/farm.csv",
    id: "getHistoryCsv",
    about: "The same rows as a table.",
    query: SUBJECT,
    answer: CSV,
  },
  {
    method: "get",
    path: "/api/v1/history/workers",
    id: "getWorkersHistory",
    about: "The workers of a span; also those that have been gone for long.",
    query: [
      SPAN,
      { name: "q", about: "A part of the whole name, `account.worker`.", schema: text },
      ACCOUNT,
      ...page(PAST_WORKER_SORTS, "-last_seen"),
    ],
    answer: "PastWorkers",
  },
  {
    method: "get",
    path: "/api/v1/history/workers.csv",
    id: "getWorkersHistoryCsv",
    about: "What each worker did in a span, as a table.",
    query: [SPAN],
    answer: CSV,
  },
  {
    method: "get",
    path: "/api/v1/history/causes.csv",
    id: "getCausesHistoryCsv",
    about: "What was lost in a span by cause, as a table.",
    query: [SPAN],
    answer: CSV,
  },
  {
    method: "get",
    path: "/api/v1/stream",
    id: "watch",
    about:
      "Server-sent events: `state` (StreamState) every 2 s, `events` (as in Events) with new " +
      "lines of the log, `sample` (a row as in History), `marks` (as in History). A reader that " +
      "sends `Last-Event-ID` gets what it missed first, or `missed` (Missed).",
    answer: ["text/event-stream; charset=utf-8"],
  },
  {
    method: "get",
    path: "/api/v1/config",
    id: "getConfig",
    about: "The settings in force, without secrets.",
    answer: "ConfigAnswer",
  },
  {
    method: "get",
    path: "/api/v1/log-level",
    id: "getLogLevels",
    about: "The log level of each area.",
    answer: "LogLevels",
  },
  {
    method: "post",
    path: "/api/v1/log-level",
    id: "setLogLevel",
    about: "Sets the log level of one area, or of all.",
    body: {
      type: "object",
      properties: {
        level: { type: "string", enum: LOG_LEVELS },
        area: { type: "string", enum: LOG_AREAS },
      },
      required: ["level"],
      additionalProperties: false,
    },
    answer: "LogLevels",
  },
  {
    method: "post",
    path: "/api/v1/reload",
    id: "reload",
    about: "Reads the configuration again; 422 with all problems if it cannot be used.",
    answer: "Reload",
  },
  {
    method: "post",
    path: "/api/v1/notify/test",
    id: "testNotify",
    about: "Sends a test message to every channel of alarms.",
    answer: "NotifyTest",
  },
  {
    method: "post",
    path: "/api/v1/pools/{id}/pin",
    id: "pinPool",
    about: "Pins a pool.",
    place: POSITION,
    answer: "Done",
  },
  {
    method: "post",
    path: "/api/v1/pools/auto",
    id: "unpinPool",
    about: "Ends the pin: the configured order applies.",
    answer: "Done",
  },
  {
    method: "post",
    path: "/api/v1/miners/{id}/disconnect",
    id: "disconnectMiner",
    about: "Disconnects a miner.",
    place: SESSION_ID,
    answer: "Done",
  },
  {
    method: "post",
    path: "/api/v1/workers/{id}/forget",
    id: "forgetWorker",
    about: "Forgets a worker that has no connection; 409 if it has one.",
    place: WORKER_ID,
    answer: "Done",
  },
];
