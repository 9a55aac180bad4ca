/**
 * From the rows of the agent's history to lines of charts; pure.
 */

/** @typedef {readonly (number | string)[]} Row */

/**
 * What the agent answers for one subject over one span.
 *
 * @typedef {object} HistoryAnswer
 * @property {number} step_seconds
 * @property {number} from seconds since 1970
 * @property {number} to
 * @property {readonly string[]} columns
 * @property {readonly Row[]} rows the oldest first; each ends at its time
 * @property {import("../worker_shapes.ts").MarkShape[]} marks
 * @property {number | null} uptime_part
 * @property {boolean} is_kept
 */

/** Nothing of it. @type {HistoryAnswer} */
export const NO_HISTORY = {
  step_seconds: 1,
  from: 0,
  to: 0,
  columns: [],
  rows: [],
  marks: [],
  uptime_part: null,
  is_kept: false,
};

/** A chart shows at least this much time, in seconds. */
const SHORTEST_SECONDS = 300;

/**
 * Whose history: a worker by its number, or by its whole name.
 *
 * @typedef {{ kind: "farm" } | { kind: "pool" | "account" | "worker" | "worker_name", name: string }} Subject
 */

/** Hashes that a share of difficulty 1 stands for, on average. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** More of a step than this without a row is a gap. */
const GAP_STEPS = 0.75;

/**
 * Where a history is found.
 *
 * @param {Subject} subject
 * @param {import("./spans.js").Span} span
 */
export function historyPath(subject, span) {
  const query = new URLSearchParams({ span });
  if (subject.kind !== "farm") query.set(subject.kind, subject.name);
  return `api/v1/history?${query}`;
}

/** What a line shows of a row. @typedef {(value: (column: string) => number) => number} Reading */

/** The lines of a farm, a pool or a sub-account, as those of its samples. */
export const SUM_LINES = /** @satisfies {Record<string, Reading>} */ ({
  hashrate: (value) => value("difficulty") * HASHES_PER_DIFFICULTY / value("seconds"),
  miners: (value) => value("miners"),
  accepted: (value) => value("good") * 60 / value("seconds"),
  rejected: (value) => value("lost") * 60 / value("seconds"),
  up: (value) => value("bytes_up") / value("seconds"),
  down: (value) => value("bytes_down") / value("seconds"),
});

/** The lines of a worker. */
export const WORKER_LINES = /** @satisfies {Record<string, Reading>} */ ({
  hashrate: (value) => value("hashrate"),
  /** In percent: the upright axis wants whole steps. */
  lost: (value) => value("lost_part") * 100,
});

/**
 * Lines over time. Each row is drawn from its beginning, so that one between two gaps is seen; a
 * gap is a point without values.
 *
 * @template {string} K
 * @param {HistoryAnswer} answer
 * @param {Record<K, Reading>} readings
 * @returns {{ times: number[] } & Record<K, (number | null)[]>}
 */
export function linesOf({ columns, rows, step_seconds: step }, readings) {
  const names = /** @type {K[]} */ (Object.keys(readings));
  const at = new Map(columns.map((name, place) => [name, place]));
  /** @type {number[]} */
  const times = [];
  const lines = /** @type {Record<K, (number | null)[]>} */ ({});
  for (const name of names) lines[name] = [];
  /** @type {Row} */
  let row = [];
  const value = (/** @type {string} */ column) => Number(row[at.get(column) ?? -1] ?? 0);
  const add = (/** @type {number} */ time, /** @type {boolean} */ isGap) => {
    times.push(time);
    for (const name of names) lines[name].push(isGap ? null : readings[name](value));
  };
  let end = -Infinity;
  for (row of rows) {
    const [time, seconds] = [value("time"), value("seconds")];
    if (time <= end || seconds <= 0) continue;
    const start = time - seconds;
    if (start - end > step * GAP_STEPS) {
      if (end > -Infinity) add((start + end) / 2, true);
      add(start, false);
    }
    add(time, false);
    end = time;
  }
  return { times, ...lines };
}

/**
 * The time that a chart shows: all of the span, but no more than is known, so that an agent
 * that has just started fills its charts all the same.
 *
 * @param {readonly number[]} times
 * @param {number} now
 * @param {number} span in seconds
 * @returns {[number, number]}
 */
export function rangeOf(times, now, span) {
  return [Math.max(now - span, Math.min(now - SHORTEST_SECONDS, times[0] ?? now)), now];
}

/**
 * The rows that end before a moment: what finer samples, which begin there, do not show.
 *
 * @param {HistoryAnswer} answer
 * @param {number} moment in seconds
 * @returns {HistoryAnswer}
 */
export function before(answer, moment) {
  const time = answer.columns.indexOf("time");
  return { ...answer, rows: answer.rows.filter((row) => Number(row[time]) < moment) };
}

/**
 * One series after another, with a gap between unless they meet.
 *
 * @template {Record<string, (number | null)[]> & { times: number[] }} T
 * @param {T} older
 * @param {T} newer with the same lines
 * @param {number} meet seconds between them that are no gap
 * @returns {T}
 */
export function joined(older, newer, meet) {
  const [end = -Infinity, start = Infinity] = [older.times.at(-1), newer.times[0]];
  const isGap = Number.isFinite(start - end) && start - end > meet;
  /** @type {Record<string, (number | null)[]>} */
  const lines = {};
  for (const name of Object.keys(newer)) {
    const between = name === "times" ? (start + end) / 2 : null;
    lines[name] = [...older[name] ?? [], ...(isGap ? [between] : []), ...newer[name] ?? []];
  }
  return /** @type {T} */ (lines);
}

/**
 * How long each condition held, as stretches of time in which it did not change.
 *
 * @param {HistoryAnswer} answer
 * @returns {{ from: number, to: number, condition: string }[]}
 */
export function conditionsOf({ columns, rows, step_seconds: step }) {
  const [time, seconds, condition] = ["time", "seconds", "condition"]
    .map((name) => columns.indexOf(name));
  /** @type {{ from: number, to: number, condition: string }[]} */
  const stretches = [];
  for (const row of rows) {
    const to = Number(row[time ?? -1]);
    const from = to - Number(row[seconds ?? -1]);
    const name = String(row[condition ?? -1] ?? "");
    const last = stretches.at(-1);
    if (last?.condition === name && from - last.to <= step * GAP_STEPS) last.to = to;
    else stretches.push({ from, to, condition: name });
  }
  return stretches;
}
