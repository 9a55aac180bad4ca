/**
 * `/api/v1/history?span=…`: an hour, a day, a week or a month of the farm, a pool, a sub-account or
 * a worker. Loaded with the first request for one.
 *
 * What is on the disk comes first; of the farm the samples in memory follow, which are newer and
 * finer. Where nothing is kept, they are all there is, for an hour or a day.
 */

import { printable } from "../../base/printable.ts";
import { SAMPLE_COLUMNS } from "../chart_samples.ts";
import { fullNameOf } from "../history/find_worker.ts";
import type { KeptHistory } from "../history/kept_history.ts";
import type { Subject, WorkerSpan } from "../history/steps.ts";
import { uptimeOf } from "../history/uptime.ts";
import { RequestProblem } from "./answers.ts";
import type { SpanShape } from "./history_shapes.ts";
import { ListParameters } from "./list_query.ts";
import type { HistoryShape } from "./shapes.ts";
import { type Span, SPANS } from "./spans.ts";
import type { StatusSource } from "./source.ts";
import type { LossesByCauseShape, MarkShape } from "./worker_shapes.ts";

/** Columns of the farm, a pool or a sub-account. */
const SUM_COLUMNS = [
  "time",
  "seconds",
  "miners",
  "good",
  "lost",
  "difficulty",
  "lost_difficulty",
  "outage_seconds",
  "bytes_up",
  "bytes_down",
] as const;

/** Columns of a worker. */
const WORKER_COLUMNS = [
  "time",
  "seconds",
  "hashrate",
  "lost_part",
  "connected_part",
  "condition",
] as const;

/** Each says whose past is wanted; only one of them may be given. */
const SUBJECT_PARAMETERS = ["pool", "account", "worker", "worker_name"] as const;

/** Names in an answer to one that several workers have. */
const MOST_NAMED = 5;

/** Most events in one answer, the newest. */
const MOST_MARKS = 200;

/** The two clocks of a mark in memory and on disk may differ by this, in milliseconds. */
const SAME_EVENT_MS = 1_000;

type Row = SpanShape["rows"][number];

/** What the answer is made from. */
export interface SpanContext {
  /** The program. */
  readonly source: StatusSource;
  /** The samples in memory. */
  readonly samples: HistoryShape;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Makes the answer in steps.
 *
 * @throws RequestProblem for wrong parameters, for a name of which nothing is known, and for
 * a span that is not kept.
 */
export function* spanAnswer(
  { source, samples, now }: SpanContext,
  query: URLSearchParams,
): Generator<void, SpanShape> {
  const given = new ListParameters(query, ["span", ...SUBJECT_PARAMETERS]);
  const span = spanOf(given);
  const { ms, stepMs } = SPANS[span];
  const history = source.history;
  const { subject, isKnown } = yield* named(yield* subjectOf(given, source), source);
  const isShort = span === "hour" || span === "day";
  if (history === undefined && (!isShort || subject.kind !== "farm")) throw notKept();
  const from = now - ms;
  const past = history === undefined
    ? { columns: SUM_COLUMNS, rows: [], uptimePart: null }
    : subject.kind === "worker"
    ? yield* workerPast(history, subject, from, now, stepMs)
    : yield* sumsPast(history, subject, from, now, stepMs);
  if (past.rows.length === 0 && !isKnown) throw unknown(subject.kind);
  const rows = [...past.rows];
  if (subject.kind === "farm" && isShort) {
    // Those of a day end with the last whole minute, those of an hour with the last ten seconds.
    for (const finer of span === "day" ? [samples.day, samples.hour] : [samples.hour]) {
      rows.push(...samplesSince(finer, Math.max(from / 1000, lastTime(rows))));
    }
  }
  yield;
  return {
    step_seconds: stepMs / 1000,
    from: from / 1000,
    to: now / 1000,
    columns: [...past.columns],
    rows,
    marks: marksOf(history, source.marks(), from, now),
    uptime_part: past.uptimePart,
    is_kept: history !== undefined,
  };
}

/** What was lost over a span, and why; see {@linkcode spanAnswer}. */
export function* causesAnswer(
  source: StatusSource,
  query: URLSearchParams,
  most: number,
): Generator<void, { readonly span: Span; readonly causes: LossesByCauseShape }> {
  const span = spanOf(new ListParameters(query, ["span"]));
  const causes = yield* source.causesOver(span, most);
  if (causes === undefined) throw notKept();
  return { span, causes };
}

/** Every worker that was seen in a span. @throws RequestProblem where nothing is kept. */
export function workersOver(
  { history }: StatusSource,
  given: ListParameters,
  now: number,
): Iterable<WorkerSpan | undefined> {
  const { ms } = SPANS[spanOf(given)];
  if (history === undefined) throw notKept();
  return history.workers(now - ms, now);
}

/** The span that is asked for; a day if none is. @throws RequestProblem for any other word. */
function spanOf(given: ListParameters): Span {
  return (given.oneOf("span", Object.keys(SPANS)) ?? "day") as Span;
}

/** Nothing is kept of this. */
function notKept(): RequestProblem {
  return new RequestProblem(
    404,
    "No history is kept: set history.path and restart, or ask for an hour or a day of the farm",
  );
}

interface Past {
  readonly columns: readonly string[];
  readonly rows: Row[];
  readonly uptimePart: number | null;
}

function* subjectOf(given: ListParameters, source: StatusSource): Generator<void, Subject> {
  const [pool, account, worker, workerName] = SUBJECT_PARAMETERS.map((name) => given.text(name));
  if ([pool, account, worker, workerName].filter((one) => one !== undefined).length > 1) {
    throw new RequestProblem(400, `Wanted only one of ${SUBJECT_PARAMETERS.join(", ")}`);
  }
  if (pool !== undefined) return { kind: "pool", name: pool };
  if (account !== undefined) return { kind: "account", name: account };
  if (workerName !== undefined) return yield* workerCalled(workerName, source.history);
  if (worker === undefined) return { kind: "farm" };
  if (!/^[1-9]\d{0,9}$/.test(worker)) {
    throw new RequestProblem(400, "Cannot use this worker, wanted a number as in /api/v1/workers");
  }
  const known = source.worker(Number(worker));
  if (known === undefined) throw unknown(`worker ${worker}`);
  return { kind: "worker", account: known.account, name: known.worker };
}

/** The worker of a name; also one that btcagent knows only from the disk. */
function* workerCalled(name: string, history: KeptHistory | undefined): Generator<void, Subject> {
  if (history === undefined) throw notKept();
  const found = yield* history.find(name);
  const [first] = found;
  if (first === undefined) throw unknown("worker");
  if (found.length === 1) return { kind: "worker", account: first.account, name: first.name };
  const names = found.slice(0, MOST_NAMED).map(fullNameOf);
  throw new RequestProblem(
    400,
    `Several workers have this name, wanted one of ${names.join(", ")}` +
      (found.length > names.length ? ", …" : ""),
  );
}

function* sumsPast(
  history: KeptHistory,
  subject: Exclude<Subject, { readonly kind: "worker" }>,
  from: number,
  to: number,
  stepMs: number,
): Generator<void, Past> {
  const sums = yield* history.sums(subject, from, to, stepMs);
  const rows = sums.map((row): Row => [
    row.end / 1000,
    row.seconds,
    row.miners,
    row.good,
    row.lost,
    row.difficulty,
    row.lostDifficulty,
    row.outageSeconds,
    row.bytesUp,
    row.bytesDown,
  ]);
  return {
    columns: SUM_COLUMNS,
    rows,
    uptimePart: uptimeOf(history.figures, subject, sums, from, to),
  };
}

function* workerPast(
  history: KeptHistory,
  { account, name }: Extract<Subject, { readonly kind: "worker" }>,
  from: number,
  to: number,
  stepMs: number,
): Generator<void, Past> {
  const past = (yield* history.worker(account, name, from, to, stepMs)) ?? [];
  const rows = past.map((row): Row => [
    row.end / 1000,
    row.seconds,
    row.hashrate,
    row.lostPart,
    row.connectedPart,
    row.condition,
  ]);
  let [seconds, connected] = [0, 0];
  for (const row of past) {
    seconds += row.seconds;
    connected += row.seconds * row.connectedPart;
  }
  return { columns: WORKER_COLUMNS, rows, uptimePart: seconds === 0 ? null : connected / seconds };
}

function lastTime(rows: readonly Row[]): number {
  return Number(rows.at(-1)?.[0] ?? 0);
}

/** Samples that began after `time`, as rows of sums. */
function samplesSince(samples: HistoryShape["day"], time: number): Row[] {
  const place = (name: typeof SAMPLE_COLUMNS[number]) => SAMPLE_COLUMNS.indexOf(name);
  const [seconds, miners, good, lost] = ["seconds", "miners", "accepted", "rejected"] as const;
  return samples
    .filter((sample) => sample[0]! - sample[place("seconds")]! >= time)
    .map((sample): Row => [
      sample[0]!,
      sample[place(seconds)]!,
      sample[place(miners)]!,
      sample[place(good)]!,
      sample[place(lost)]!,
      sample[place("difficulty")]!,
      null,
      null,
      sample[place("bytes_up")]!,
      sample[place("bytes_down")]!,
    ]);
}

/** Events of before this program started are on the disk alone. */
function marksOf(
  history: KeptHistory | undefined,
  marks: readonly MarkShape[],
  from: number,
  to: number,
): MarkShape[] {
  const own = marks.filter(({ time }) => time * 1000 >= from);
  const before = own.length === 0 ? to : own[0]!.time * 1000 - SAME_EVENT_MS;
  const kept = history === undefined || before <= from
    ? []
    : history.events(from, before, MOST_MARKS);
  return [...kept.map(({ at, kind, text }) => ({ time: at / 1000, kind, about: text })), ...own]
    .slice(-MOST_MARKS);
}

/**
 * The same subject under its own name, and whether it is known now: what clients are shown of a name
 * has "?" for characters that cannot be printed.
 */
function* named(
  subject: Subject,
  source: StatusSource,
): Generator<void, { readonly subject: Subject; readonly isKnown: boolean }> {
  if (subject.kind !== "pool" && subject.kind !== "account") return { subject, isKnown: true };
  let found: string | undefined;
  for (const name of subject.kind === "pool" ? yield* poolNames(source) : accountNames(source)) {
    if (name === subject.name) return { subject, isKnown: true };
    if (printable(name) === subject.name) found = name;
    yield;
  }
  return { subject: { ...subject, name: found ?? subject.name }, isKnown: found !== undefined };
}

function* poolNames(source: StatusSource): Generator<void, string[]> {
  return (yield* source.pools()).map(({ address }) => address);
}

function* accountNames(source: StatusSource): Generator<string> {
  for (const { account } of source.accounts()) yield account;
}

function unknown(what: string): RequestProblem {
  return new RequestProblem(404, `No ${what} is known by this name in this span`);
}
