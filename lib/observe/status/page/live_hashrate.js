/**
 * The hashrate of one worker or connection since its page was opened, gathered here.
 */

import { Chart } from "./chart.js";
import { h } from "./dom.js";
import { formatHashrate } from "./format.js";
import { t } from "./texts.js";

/** Points that are gathered: an hour, one every 2 s. */
const MAX_POINTS = 1800;

/** The chart shows this many seconds before it begins to move. */
const RANGE_SECONDS = 120;

export class LiveHashrate {
  /** @type {number[]} */
  #times = [];
  /** @type {number[]} */
  #hashrates = [];
  /** @type {(number | null)[]} */
  #usual = [];
  /** @type {Chart} */
  #chart;
  /** @type {HTMLElement} */
  element;

  /** @param {boolean} hasUsual whether there is a usual hashrate to compare with */
  constructor(hasUsual) {
    const usual = { label: t("usualHashrate"), colour: "--violet", dashed: true };
    this.#chart = new Chart(
      t("minerChart"),
      [{ label: t("hashrate"), colour: "--blue", filled: true }, ...(hasUsual ? [usual] : [])],
      formatHashrate,
    );
    this.element = h(
      "div",
      {},
      this.#chart.element,
      h("p", { class: "muted small note" }, t("sinceOpened")),
    );
  }

  /** @param {number} hashrate now @param {number | null} [usual] */
  add(hashrate, usual = null) {
    // Only forward, whatever the clock of this machine does.
    const now = (performance.timeOrigin + performance.now()) / 1000;
    this.#times.push(now);
    this.#hashrates.push(hashrate);
    this.#usual.push(usual);
    if (this.#times.length > MAX_POINTS) {
      for (const values of [this.#times, this.#hashrates, this.#usual]) values.shift();
    }
    const start = Math.min(this.#times[0] ?? now, now - RANGE_SECONDS);
    this.#chart.show([this.#times, this.#hashrates, this.#usual], [start, now]);
  }

  recolour() {
    this.#chart.recolour();
  }
}
