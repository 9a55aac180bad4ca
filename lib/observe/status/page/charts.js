/**
 * The four trends of the farm, a pool or a sub-account. An hour and a day of the farm are drawn
 * from the samples that the agent sends; all else from the history that it keeps on its disk.
 */

/** @import { Agent } from "./agent.js" */
/** @import { MarkShape } from "../worker_shapes.ts" */
/** @import { Kept } from "./history_words.js" */
/** @import { Series } from "./chart_data.js" */
import { Chart } from "./chart.js";
import { hashrateBefore, isClockSet, seriesOf } from "./chart_data.js";
import { h, setText } from "./dom.js";
import { downloadLink } from "./download.js";
import { formatBytes, formatCount, formatHashrate } from "./format.js";
import {
  before,
  historyPath,
  joined,
  linesOf,
  NO_HISTORY,
  rangeOf,
  SUM_LINES,
} from "./history_data.js";
import { isKept, problemOf, spansOf, uptimeText } from "./history_words.js";
import { Past } from "./past.js";
import { SPAN_SECONDS, SpanSwitch } from "./spans.js";
import { SubjectChoice } from "./subject_choice.js";
import { t } from "./texts.js";

/** How far apart samples are, over how many the hashrate is a mean, and how many are kept. */
const SAMPLES = {
  hour: { step: 10, smooth: 6, most: 360 },
  day: { step: 60, smooth: 5, most: 1440 },
};

export class Charts {
  /** @type {Agent} */
  #agent;
  /** @type {string[]} */
  #columns = [];
  /** @type {Record<"hour" | "day", number[][]>} */
  #samples = { hour: [], day: [] };
  #minute = 0;
  /** @type {Promise<void> | undefined} */
  #loading;
  #isDrawing = false;
  /** When the newest samples came, by a clock that nobody sets. */
  #heardAt = 0;
  /** @type {MarkShape[]} */
  #marks = [];
  /** @type {number | null} */
  #expected = null;
  /** @type {Kept} */
  #kept;
  /** @type {Past} */
  #past;
  #span = new SpanSwitch(t("range"), "hour", () => this.#draw());
  #subject = new SubjectChoice(() => this.#draw());
  #said = h("span");
  #downloads = h("span", { class: "downloads", hidden: true });

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

  /** @type {HTMLElement} */
  element;

  /** @param {Agent} agent */
  constructor(agent) {
    this.#agent = agent;
    this.#past = new Past(agent, () => this.#draw());
    for (const what of /** @type {const} */ (["farm", "workers"])) {
      this.#downloads.append(
        downloadLink(
          agent,
          () => `api/v1/history/${what}.csv?span=${this.#span.span}`,
          `history_${what}.csv`,
          t(what === "farm" ? "csvFarm" : "csvWorkerSpans"),
        ),
      );
    }
    this.element = h(
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
        this.#subject.element,
        this.#span.element,
      ),
      h("div", { class: "span-line muted small" }, this.#said, this.#downloads),
      h("div", { class: "charts" }, ...this.#all.map(({ element }) => element)),
    );
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

  /**
   * What history there is, and whose.
   *
   * @param {Kept} kept
   * @param {readonly string[]} pools
   * @param {readonly string[]} accounts
   */
  know(kept, pools, accounts) {
    this.#kept = kept;
    this.#subject.offer(isKept(kept) ? pools : [], isKept(kept) ? accounts : []);
    this.#span.allow(spansOf(kept), problemOf(kept));
    this.#downloads.hidden = !isKept(kept);
    this.#ask();
    this.#say();
  }

  /** Asks for all samples, once for all that want them meanwhile. */
  load() {
    return this.#loading ??= this.#load().finally(() => this.#loading = undefined);
  }

  async #load() {
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
    if (hour.length > SAMPLES.hour.most) hour.shift();
    // The day's samples are made by the agent: one more each minute.
    const minute = Math.floor((sample[0] ?? 0) / 60);
    const isNew = this.#minute !== 0 && minute !== this.#minute;
    this.#minute = minute;
    if (isNew && this.#span.span === "day") this.load().catch(() => undefined);
    else if (this.#sampled !== undefined) this.#drawSoon();
  }

  /** All moments of the last day to be marked, the oldest first. @param {MarkShape[]} marks */
  mark(marks) {
    this.#marks = marks;
    this.#draw();
  }

  /** Draws once for all samples that come together, as after a break. */
  #drawSoon() {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #choose() {
    for (const [place, { element }] of this.#all.entries()) {
      element.classList.toggle("chosen", String(place) === this.#chosen.value);
    }
  }

  recolour() {
    for (const chart of this.#all) chart.recolour();
  }

  /** The samples that are drawn; `undefined` if it is the history. */
  get #sampled() {
    const { span } = this.#span;
    const isSampled = this.#subject.chosen.kind === "farm" && (span === "hour" || span === "day");
    return isSampled ? span : undefined;
  }

  /** Asks for the history of what is shown, if there is one and it is looked at. */
  #ask() {
    if (!isKept(this.#kept) || !this.element.isConnected) return;
    this.#past.want(historyPath(this.#subject.chosen, this.#span.span));
  }

  /** What is said above the charts. */
  #say() {
    const uptime = uptimeText(this.#subject.chosen.kind, this.#past.answer?.uptime_part);
    const said = [uptime, problemOf(this.#kept)].filter((text) => text !== "");
    setText(this.#said, said.join(" · "));
  }

  #draw() {
    this.#ask();
    this.#say();
    const sampled = this.#sampled;
    if (sampled === undefined) this.#drawPast(SPAN_SECONDS[this.#span.span]);
    else this.#drawSamples(sampled);
  }

  /** @param {"hour" | "day"} span */
  #drawSamples(span) {
    const { step, smooth } = SAMPLES[span];
    const samples = this.#samples[span];
    let series = seriesOf(this.#columns, samples, step, smooth, this.#marks);
    let marks = this.#marks;
    // By the agent's clock, which may be another than this browser's.
    const newest = this.#samples.hour.at(-1)?.[0] ?? series.times.at(-1);
    const now = newest === undefined
      ? Date.now() / 1000
      : newest + (performance.now() - this.#heardAt) / 1000;
    const { answer } = this.#past;
    const first = series.times[0] ?? now;
    // Samples begin with this run of the agent, its history does not.
    if (answer !== undefined && first > now - SPAN_SECONDS[span] + step) {
      const older = before(answer, first);
      series = joined(linesOf(older, SUM_LINES), series, answer.step_seconds);
      const [known] = marks;
      marks = [...answer.marks.filter(({ time }) => time < (known?.time ?? Infinity)), ...marks];
    }
    const expected = series.hashrate.map((value) => value === null ? null : this.#expected);
    for (const chart of this.#all) chart.say(t("filling"));
    this.#show(series, expected, now, SPAN_SECONDS[span], marks);
  }

  /** @param {number} span in seconds */
  #drawPast(span) {
    const { answer, problem } = this.#past;
    // Until the answer is there, what was drawn before it stays.
    if (answer === undefined && problem === "") return;
    for (const chart of this.#all) chart.say(problem === "" ? t("historyBegins") : problem);
    const series = linesOf(answer ?? NO_HISTORY, SUM_LINES);
    const expected = series.hashrate.map(() => null);
    const now = answer?.to ?? Date.now() / 1000;
    this.#show(series, expected, now, span, answer?.marks ?? []);
  }

  /**
   * @param {Series} series
   * @param {(number | null)[]} expected
   * @param {number} now
   * @param {number} span in seconds
   * @param {readonly MarkShape[]} marks
   */
  #show(series, expected, now, span, marks) {
    const range = rangeOf(series.times, now, span);
    this.#hashrate.show([series.times, series.hashrate, expected], range, marks);
    this.#miners.show([series.times, series.miners], range, marks);
    this.#shares.show([series.times, series.accepted, series.rejected], range);
    this.#traffic.show([series.times, series.up, series.down], range);
  }
}
