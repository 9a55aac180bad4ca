/**
 * From the agent's samples to lines of charts: rates a second, means over a while, gaps where
 * nothing was sampled; pure.
 */

/** Hashes that a share of difficulty 1 stands for, on average. */
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** A sample that came this much later than is usual has a gap before it. */
const LATE = 2.5;

/**
 * @typedef {object} Series
 * @property {number[]} times seconds since 1970, ascending
 * @property {(number | null)[]} hashrate hashes a second, a mean over `smooth` samples
 * @property {(number | null)[]} miners
 * @property {(number | null)[]} accepted shares a minute
 * @property {(number | null)[]} rejected shares a minute
 * @property {(number | null)[]} up bytes a second
 * @property {(number | null)[]} down bytes a second
 */

/**
 * @param {readonly string[]} columns
 * @param {readonly (readonly number[])[]} samples the oldest first
 * @param {number} step the usual seconds from one to the next
 * @param {number} smooth over how many samples the hashrate, which scatters, is a mean
 * @param {readonly { time: number, kind: string }[]} [marks] of moments: no mean reaches back over
 *   the beginning or the end of an outage
 * @returns {Series}
 */
export function seriesOf(columns, samples, step, smooth, marks = []) {
  const edges = marks.filter(({ kind }) => kind === "outage" || kind === "outage_end");
  /** @type {Series} */
  const series = {
    times: [],
    hashrate: [],
    miners: [],
    accepted: [],
    rejected: [],
    up: [],
    down: [],
  };
  const at = Object.fromEntries(columns.map((name, place) => [name, place]));
  /** @param {readonly number[]} sample @param {string} name */
  const value = (sample, name) => sample[at[name] ?? -1] ?? 0;

  /** Samples since the last gap, at most `smooth`. @type {(readonly number[])[]} */
  let recent = [];
  let before = -Infinity;
  let middleBefore = -Infinity;
  for (const sample of samples) {
    const [time, seconds] = [value(sample, "time"), value(sample, "seconds")];
    if (time <= before || seconds <= 0) continue;
    if (before > -Infinity && time - before > step * LATE) {
      addGap(series, before + step);
      recent = [];
    }
    // What was found just before it is no hashrate of an outage.
    const middle = time - seconds / 2;
    if (edges.some((edge) => edge.time > middleBefore && edge.time <= middle)) recent = [];
    middleBefore = middle;
    before = time;
    recent.push(sample);
    if (recent.length > smooth) recent.shift();
    const sum = (/** @type {string} */ name) =>
      recent.reduce((total, one) => total + value(one, name), 0);
    series.times.push(time);
    series.hashrate.push(sum("difficulty") * HASHES_PER_DIFFICULTY / sum("seconds"));
    series.miners.push(value(sample, "miners"));
    series.accepted.push(value(sample, "accepted") * 60 / seconds);
    series.rejected.push(value(sample, "rejected") * 60 / seconds);
    series.up.push(value(sample, "bytes_up") / seconds);
    series.down.push(value(sample, "bytes_down") / seconds);
  }
  return series;
}

/** Samples further apart than what they cover, in seconds, by more than this: a clock was set. */
const SET_SECONDS = 5;

/**
 * Whether the agent's clock was set between two samples.
 *
 * @param {readonly string[]} columns
 * @param {readonly number[] | undefined} last
 * @param {readonly number[]} next
 */
export function isClockSet(columns, last, next) {
  if (last === undefined) return false;
  const [time, seconds] = [columns.indexOf("time"), columns.indexOf("seconds")];
  const apart = (next[time] ?? 0) - (last[time] ?? 0);
  return Math.abs(apart - (next[seconds] ?? 0)) > SET_SECONDS;
}

/** @param {Series} series @param {number} time */
function addGap(series, time) {
  series.times.push(time);
  for (
    const line of [
      series.hashrate,
      series.miners,
      series.accepted,
      series.rejected,
      series.up,
      series.down,
    ]
  ) line.push(null);
}

/** What comes before a moment, in seconds: as long as the hashrate shown is a mean over. */
const BEFORE_SECONDS = 900;

/**
 * The hashrate in the quarter of an hour before a moment; `undefined` if nothing was sampled there.
 *
 * @param {readonly string[]} columns
 * @param {readonly (readonly number[])[]} samples
 * @param {number} moment seconds since 1970
 */
export function hashrateBefore(columns, samples, moment) {
  const at = ["time", "seconds", "difficulty"].map((name) => columns.indexOf(name));
  let [seconds, difficulty] = [0, 0];
  for (const sample of samples) {
    const [time = 0, length = 0, work = 0] = at.map((place) => sample[place] ?? 0);
    if (time > moment || time <= moment - BEFORE_SECONDS) continue;
    seconds += length;
    difficulty += work;
  }
  return seconds === 0 ? undefined : difficulty * HASHES_PER_DIFFICULTY / seconds;
}
