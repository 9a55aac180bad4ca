/**
 * What one worker did over an hour, a day, a week or a month: its hashrate, what it lost, and the
 * trouble it was in.
 */

/** @import { Agent } from "./agent.js" */
/** @import { Kept } from "./history_words.js" */
/** @import { HistoryAnswer, Subject } from "./history_data.js" */
/** @import { Stretch } from "./chart_band.js" */
/** @import { WorkerState } from "../../../base/worker_state.ts" */
import { Chart } from "./chart.js";
import { stateTone } from "./condition_words.js";
import { h, setText } from "./dom.js";
import { formatDuration, formatHashrate, formatPercent } from "./format.js";
import {
  conditionsOf,
  historyPath,
  linesOf,
  NO_HISTORY,
  rangeOf,
  WORKER_LINES,
} from "./history_data.js";
import { isKept, problemOf, spansOf, uptimeText } from "./history_words.js";
import { Past } from "./past.js";
import { SPAN_SECONDS, SpanSwitch } from "./spans.js";
import { t, word } from "./texts.js";

export class WorkerHistory {
  /** @type {Subject} */
  #worker;
  /** @type {Past} */
  #past;
  /** @type {Kept} */
  #kept;
  /** @type {number | null} */
  #usual = null;
  /** The answer that is drawn. @type {HistoryAnswer | undefined} */
  #drawn;
  #span = new SpanSwitch(t("range"), "month", () => this.#draw());
  #said = h("span");
  #hashrate = new Chart(
    t("hashrate"),
    [
      { label: t("hashrate"), colour: "--blue", filled: true },
      { label: t("usualHashrate"), colour: "--violet", dashed: true },
    ],
    formatHashrate,
  );
  #lost = new Chart(
    t("lost"),
    [{ label: t("lost"), colour: "--red", filled: true }],
    (value) => formatPercent(value / 100),
  );
  #charts = h("div", { class: "charts" }, this.#hashrate.element, this.#lost.element);

  /** @type {HTMLElement} */
  element;

  /** @param {Agent} agent @param {Subject} worker by its number or its name @param {Kept} kept */
  constructor(agent, worker, kept) {
    this.#worker = worker;
    this.#past = new Past(agent, () => this.#draw());
    this.element = h(
      "section",
      { class: "trends", "aria-labelledby": "worker-trends" },
      h(
        "header",
        { class: "bar bare" },
        h("h3", { id: "worker-trends" }, t("trends")),
        this.#span.element,
      ),
      h("div", { class: "span-line muted small" }, this.#said),
      this.#charts,
    );
    // Both are shown on a phone.
    for (const chart of [this.#hashrate, this.#lost]) chart.element.classList.add("chosen");
    this.know(kept);
  }

  /** What history there is. @param {Kept} kept */
  know(kept) {
    this.#kept = kept;
    // Of a worker there are no samples: without a history there is nothing.
    this.#span.allow(isKept(kept) ? spansOf(kept) : [], problemOf(kept));
    this.#charts.hidden = kept !== undefined && !isKept(kept);
    this.#draw();
  }

  /** What it usually does; null while that is not known. @param {number | null} usual */
  expect(usual) {
    if (usual === this.#usual) return;
    this.#usual = usual;
    this.#drawn = undefined;
    this.#draw();
  }

  recolour() {
    this.#hashrate.recolour();
    this.#lost.recolour();
  }

  #draw() {
    if (!isKept(this.#kept)) {
      setText(this.#said, problemOf(this.#kept));
      return;
    }
    const { span } = this.#span;
    this.#past.want(historyPath(this.#worker, span));
    const { answer, problem } = this.#past;
    // Until the answer is there, what was drawn before it stays.
    if (answer === undefined && problem === "" || answer === this.#drawn) return;
    this.#drawn = answer;
    const band = bandOf(answer ?? NO_HISTORY);
    const said = [
      uptimeText("worker", answer?.uptime_part),
      troubleText(band),
      problemOf(this.#kept),
    ];
    setText(this.#said, said.filter((text) => text !== "").join(" · "));
    for (const chart of [this.#hashrate, this.#lost]) {
      chart.say(problem === "" ? t("historyBegins") : problem);
    }
    const { times, hashrate, lost } = linesOf(answer ?? NO_HISTORY, WORKER_LINES);
    const usual = hashrate.map((value) => value === null ? null : this.#usual);
    const range = rangeOf(times, answer?.to ?? Date.now() / 1000, SPAN_SECONDS[span]);
    this.#hashrate.show([times, hashrate, usual], range, answer?.marks ?? [], band);
    this.#lost.show([times, lost], range);
  }
}

/** How it was, over time. @param {HistoryAnswer} answer @returns {Stretch[]} */
function bandOf(answer) {
  return conditionsOf(answer).map(({ from, to, condition }) => ({
    from,
    to,
    name: word(condition),
    tone: stateTone(/** @type {WorkerState} */ (condition)),
  }));
}

/** How long it was in trouble, the longest trouble first. @param {readonly Stretch[]} band */
function troubleText(band) {
  /** @type {Map<string, number>} */
  const seconds = new Map();
  for (const { from, to, name, tone } of band) {
    if (tone !== "good") seconds.set(name, (seconds.get(name) ?? 0) + to - from);
  }
  return [...seconds].sort(([, a], [, b]) => b - a)
    .map(([name, sum]) => t("troubleFor", { name, time: formatDuration(sum) })).join(t("comma"));
}
