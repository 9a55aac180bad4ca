/**
 * The four trends, over an hour or a day.
 */

/** @import { Agent } from "./agent.js" */
/** @import { MarkShape } from "../worker_shapes.ts" */
import { Chart } from "./chart.js";
import { hashrateBefore, isClockSet, seriesOf } from "./chart_data.js";
import { h, segments } from "./dom.js";
import { formatBytes, formatCount, formatHashrate } from "./format.js";
import { t } from "./texts.js";

/** How long each stretch is, how far apart its samples are, and over how many the hashrate is. */
const RANGES = {
  hour: { seconds: 3600, step: 10, smooth: 6 },
  day: { seconds: 86_400, step: 60, smooth: 5 },
};

/** A chart shows at least this much time. */
const SHORTEST_SECONDS = 300;

/** @typedef {keyof typeof RANGES} Range */

export class Charts {
  /** @type {Agent} */
  #agent;
  /** @type {string[]} */
  #columns = [];
  /** @type {Record<Range, number[][]>} */
  #samples = { hour: [], day: [] };
  /** @type {Range} */
  #range = "hour";
  #minute = 0;
  /** When the newest samples came, by a clock that nobody sets. */
  #heardAt = 0;

  /** @type {MarkShape[]} */
  #marks = [];
  /** @type {number | null} */
  #expected = null;

  #hashrate = new Chart(
    t("hashrate"),
    [
      { label: t("hashrate"), colour: "--blue", filled: true },
      { label: t("expected"), colour: "--violet", dashed: true },
    ],
    formatHashrate,
    { mayCut: true },
  );
  #miners = new Chart(
    t("workingMiners"),
    [{ label: t("workingMiners"), colour: "--green", filled: true }],
    (value) => formatCount(Math.round(value)),
    { mayCut: true },
  );
  #shares = new Chart(
    t("sharesPerMinute"),
    [{ label: t("accepted"), colour: "--blue" }, { label: t("rejected"), colour: "--red" }],
    formatCount,
  );
  #traffic = new Chart(
    t("bytesPerSecond"),
    [{ label: t("up"), colour: "--blue" }, { label: t("down"), colour: "--violet" }],
    (value) => `${formatBytes(value)}/s`,
  );
  #all = [this.#hashrate, this.#miners, this.#shares, this.#traffic];
  /** On a phone one chart is shown. */
  #chosen = h(
    "select",
    { id: "chart", change: () => this.#choose() },
    ...[t("hashrate"), t("workingMiners"), t("sharesPerMinute"), t("bytesPerSecond")]
      .map((name, place) => h("option", { value: place }, name)),
  );

  element = h(
    "section",
    { class: "trends", "aria-labelledby": "trends-title" },
    h(
      "header",
      { class: "bar bare" },
      h("h2", { id: "trends-title" }, t("trends")),
      h(
        "span",
        { class: "only-phone" },
        h("label", { for: "chart", class: "unseen" }, t("chart")),
        this.#chosen,
      ),
      segments(t("range"), /** @type {const} */ (["hour", "day"]), (range) => {
        this.#range = range;
        this.#draw();
      }),
    ),
    h("div", { class: "charts" }, ...this.#all.map(({ element }) => element)),
  );

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
    this.#choose();
  }

  /**
   * The hashrate before a moment, as far as samples reach back; `undefined` if they do not.
   *
   * @param {Date} moment
   */
  before(moment) {
    const seconds = moment.getTime() / 1000;
    const { hour, day } = this.#samples;
    return hashrateBefore(this.#columns, hour, seconds) ??
      hashrateBefore(this.#columns, day, seconds);
  }

  /** What is expected of the farm; null while that is not known. @param {number | null} hashrate */
  expect(hashrate) {
    this.#expected = hashrate;
  }

  /** Asks for all that is kept. */
  async load() {
    const { columns, hour, day, marks } = await this.#agent.get("api/v1/history");
    this.#columns = columns;
    this.#marks = marks;
    this.#samples = { hour, day };
    this.#heardAt = performance.now();
    this.#draw();
  }

  /** One more of the last hour. @param {number[]} sample */
  add(sample) {
    const { hour } = this.#samples;
    if (this.#columns.length === 0) return;
    // Asked for and sent at the same time, one may come twice.
    if (Math.abs((hour.at(-1)?.[0] ?? -Infinity) - (sample[0] ?? 0)) < 1) return;
    this.#heardAt = performance.now();
    if (isClockSet(this.#columns, hour.at(-1), sample)) {
      // The agent's clock was set, and all that it keeps has moved with it.
      this.load().catch(() => undefined);
      return;
    }
    hour.push(sample);
    if (hour.length > RANGES.hour.seconds / RANGES.hour.step) hour.shift();
    // The day's samples are made by the agent: one more each minute.
    const minute = Math.floor((sample[0] ?? 0) / 60);
    const isNew = this.#minute !== 0 && minute !== this.#minute;
    this.#minute = minute;
    if (isNew && this.#range === "day") this.load().catch(() => undefined);
    else this.#draw();
  }

  /** All moments to be marked, the oldest first. @param {MarkShape[]} marks */
  mark(marks) {
    this.#marks = marks;
    this.#draw();
  }

  #choose() {
    for (const [place, { element }] of this.#all.entries()) {
      element.classList.toggle("chosen", String(place) === this.#chosen.value);
    }
  }

  recolour() {
    for (const chart of this.#all) chart.recolour();
  }

  #draw() {
    const { seconds, step, smooth } = RANGES[this.#range];
    const samples = this.#samples[this.#range];
    const series = seriesOf(this.#columns, samples, step, smooth, this.#marks);
    // By the agent's clock, which may be another than this browser's.
    const newest = this.#samples.hour.at(-1)?.[0] ?? series.times.at(-1);
    const now = newest === undefined
      ? Date.now() / 1000
      : newest + (performance.now() - this.#heardAt) / 1000;
    // An agent that has just started fills its charts all the same.
    const start = Math.max(now - seconds, Math.min(now - SHORTEST_SECONDS, series.times[0] ?? now));
    /** @type {[number, number]} */
    const range = [start, now];
    const expected = series.hashrate.map((value) => value === null ? null : this.#expected);
    this.#hashrate.show([series.times, series.hashrate, expected], range, this.#marks);
    this.#miners.show([series.times, series.miners], range, this.#marks);
    this.#shares.show([series.times, series.accepted, series.rejected], range);
    this.#traffic.show([series.times, series.up, series.down], range);
  }
}
