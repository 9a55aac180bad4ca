/**
 * The four trends, over an hour or a day.
 */

/** @import { Agent } from "./agent.js" */
import { Chart } from "./chart.js";
import { isClockSet, seriesOf } from "./chart_data.js";
import { h } from "./dom.js";
import { formatBytes, formatCount, formatHashrate } from "./format.js";
import { t } from "./texts.js";

/** How long each stretch is, how far apart its samples are, and over how many the hashrate is. */
const RANGES = {
  hour: { seconds: 3600, step: 10, smooth: 6 },
  day: { seconds: 86_400, step: 60, smooth: 5 },
};

/** A chart is at least so long. */
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

  #hashrate = new Chart(
    t("hashrate"),
    [{ label: t("hashrate"), colour: "--blue", filled: true }],
    formatHashrate,
  );
  #miners = new Chart(
    t("workingMiners"),
    [{ label: t("workingMiners"), colour: "--green", filled: true }],
    (value) => formatCount(Math.round(value)),
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

  element = h(
    "section",
    { "aria-labelledby": "trends-title" },
    h(
      "header",
      { class: "bar bare" },
      h("h2", { id: "trends-title" }, t("trends")),
      h(
        "div",
        { class: "segments", role: "group", "aria-label": t("range") },
        ...(/** @type {Range[]} */ (["hour", "day"])).map((range) => {
          const button = h("button", {
            "aria-pressed": String(range === this.#range),
            click: () => {
              for (const other of button.parentElement?.children ?? []) {
                other.setAttribute("aria-pressed", String(other === button));
              }
              this.#range = range;
              this.#draw();
            },
          }, t(range));
          return button;
        }),
      ),
    ),
    h("div", { class: "charts" }, ...this.#all.map(({ element }) => element)),
  );

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
  }

  /** What the last hour's samples hold, with the names of their columns. */
  get lastHour() {
    return { columns: this.#columns, samples: this.#samples.hour };
  }

  /** Asks for all that is kept. */
  async load() {
    const { columns, hour, day } = await this.#agent.get("api/v1/history");
    this.#columns = columns;
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

  recolour() {
    for (const chart of this.#all) chart.recolour();
  }

  #draw() {
    const { seconds, step, smooth } = RANGES[this.#range];
    const series = seriesOf(this.#columns, this.#samples[this.#range], step, smooth);
    // By the agent's clock, which may be another than this browser's.
    const newest = this.#samples.hour.at(-1)?.[0] ?? series.times.at(-1);
    const now = newest === undefined
      ? Date.now() / 1000
      : newest + (performance.now() - this.#heardAt) / 1000;
    // An agent that has just started fills its charts all the same.
    const start = Math.max(now - seconds, Math.min(now - SHORTEST_SECONDS, series.times[0] ?? now));
    /** @type {[number, number]} */
    const range = [start, now];
    this.#hashrate.show([series.times, series.hashrate], range);
    this.#miners.show([series.times, series.miners], range);
    this.#shares.show([series.times, series.accepted, series.rejected], range);
    this.#traffic.show([series.times, series.up, series.down], range);
  }
}
