/**
 * Writes the tables of `conf/docs/api.md` from the schemas of its answers, between
 * `<!-- answers:begin -->` and `<!-- answers:end -->`. Run it after a change to
 * `lib/observe/status/shapes.ts`: `deno task docs`. A test fails if that was forgotten.
 */

import type { GenericSchema } from "valibot";
import * as minerShapes from "../lib/observe/status/miner_shapes.ts";
import * as poolShapes from "../lib/observe/status/pool_shapes.ts";
import * as shapes from "../lib/observe/status/shapes.ts";
import { PastWorkersSchema, SpanSchema } from "../lib/observe/status/history_shapes.ts";
import { NotifyTestSchema } from "../lib/observe/status/notify_shapes.ts";
import * as workerShapes from "../lib/observe/status/worker_shapes.ts";

const BEGIN = "<!-- answers:begin -->";
const END = "<!-- answers:end -->";

/** Each answer with its path and schema, in the order of the page. */
const ANSWERS: readonly (readonly [title: string, schema: GenericSchema])[] = [
  ["GET /healthz", shapes.HealthSchema],
  ["GET /api/v1/summary", shapes.SummarySchema],
  ["GET /api/v1/miners", minerShapes.MinersSchema],
  ["GET /api/v1/miners/{id}", minerShapes.MinerSchema],
  ["GET /api/v1/miner-table", minerShapes.MinerTableSchema],
  ["GET /api/v1/workers", workerShapes.WorkersSchema],
  ["GET /api/v1/workers/{id}", workerShapes.WorkerSchema],
  ["GET /api/v1/worker-table", workerShapes.WorkerTableSchema],
  ["GET /api/v1/upstreams", poolShapes.UpstreamsSchema],
  ["GET /api/v1/pools", poolShapes.PoolsSchema],
  ["GET /api/v1/causes", workerShapes.CausesSchema],
  ["GET /api/v1/events", shapes.EventsSchema],
  ["GET /api/v1/causes?span=…", workerShapes.LossesByCauseSchema],
  ["GET /api/v1/history", shapes.HistorySchema],
  ["GET /api/v1/history?span=…", SpanSchema],
  ["GET /api/v1/history/workers", PastWorkersSchema],
  ["GET /api/v1/config", shapes.ConfigAnswerSchema],
  ["GET and POST /api/v1/log-level", shapes.LogLevelsSchema],
  ["POST /api/v1/reload", shapes.ReloadSchema],
  ["POST /api/v1/notify/test", NotifyTestSchema],
  [
    "POST /api/v1/pools/{position}/pin, /pools/auto, /miners/{id}/disconnect, /workers/{id}/forget",
    shapes.DoneSchema,
  ],
  ["Errors", shapes.ProblemSchema],
];

/** All of valibot's own structure that matters here. */
interface Structure {
  readonly type: string;
  readonly pipe?: readonly Structure[];
  readonly description?: string;
  readonly entries?: Readonly<Record<string, Structure>>;
  readonly item?: Structure;
  readonly wrapped?: Structure;
  readonly value?: Structure;
  readonly options?: readonly string[];
}

/** A table for each answer: a row for each value in it, with its kind and meaning. */
export function answerTables(): string {
  return ANSWERS.map(([title, schema]) => {
    const rows = [...rowsOf(schema as unknown as Structure, "")];
    return [`### ${title}`, "", "| value | kind | meaning |", "| --- | --- | --- |", ...rows]
      .join("\n");
  }).join("\n\n");
}

/** `page` with the tables between the markers. */
export function withAnswerTables(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`Cannot write the tables: no ${BEGIN} and ${END}`);
  const tables =
    `<!-- deno-fmt-ignore-start -->\n\n${answerTables()}\n\n<!-- deno-fmt-ignore-end -->`;
  return `${page.slice(0, begin + BEGIN.length)}\n${tables}\n${page.slice(end)}`;
}

function* rowsOf(schema: Structure, path: string): Generator<string> {
  const { base: outer, about: outerAbout } = unpiped(schema);
  // What may be left out has what it is for, and what is in it, inside.
  const inner = outer.type === "optional" ? unpiped(outer.wrapped!) : undefined;
  const base = inner?.base ?? outer;
  const about = inner?.about ?? outerAbout;
  const list = base.item === undefined ? undefined : unpiped(base.item).base;
  const entries = base.entries ?? list?.entries;
  if (path !== "" && (entries === undefined || about !== "")) {
    yield `| \`${path}\` | ${kindOf(outer)} | ${about} |`;
  }
  const prefix = path === "" ? "" : `${path}${list === undefined ? "" : "[]"}.`;
  for (const [name, entry] of Object.entries(entries ?? {})) {
    yield* rowsOf(entry, prefix + name);
  }
}

function unpiped(schema: Structure): { base: Structure; about: string } {
  const pipe = schema.pipe ?? [];
  const about = pipe.find(({ type }) => type === "description")?.description ?? "";
  return { base: pipe[0] ?? schema, about };
}

function kindOf(schema: Structure): string {
  switch (schema.type) {
    case "optional":
      return `${kindOf(unpiped(schema.wrapped!).base)} or left out`;
    case "nullable":
      return `${kindOf(unpiped(schema.wrapped!).base)} or null`;
    case "array":
      return "list";
    case "record":
      return "object";
    case "strict_object":
      return "object";
    case "picklist":
      return schema.options!.map((option) => `\`"${option}"\``).join(", ");
    default:
      return schema.type;
  }
}

if (import.meta.main) {
  const file = new URL("../conf/docs/api.md", import.meta.url);
  Deno.writeTextFileSync(file, withAnswerTables(Deno.readTextFileSync(file)));
}
