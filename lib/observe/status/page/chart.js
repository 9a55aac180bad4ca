/**
 * One chart: a title, what its lines are worth under the pointer or now, the lines, and the same in
 * words for who does not see them.
 */

/** @import uPlot from "uplot" */
import { h, setAttribute, setText } from "./dom.js";
import { LOCALE, t } from "./texts.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour a custom property of theme.css
 * @property {boolean} [filled]
 */

const HEIGHT = 168;

/** Steps of the upright axis: whole, so that no two of its values read the same. */
const STEPS = Array.from({ length: 24 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power))
  .flat();

const hours = new Intl.DateTimeFormat(LOCALE, {
  hour: "2-digit",
  minute: "2-digit",
  hourCycle: "h23",
});
const seconds = new Intl.DateTimeFormat(LOCALE, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** uPlot is a classic script, loaded before. */
const Plot = /** @type {typeof uPlot} */ (Reflect.get(globalThis, "uPlot"));

export class Chart {
  /** @type {string} */
  #title;
  /** @type {(value: number) => string} */
  #format;
  /** @type {readonly Line[]} */
  #lines;
  /** @type {uPlot | undefined} */
  #plot;
  /** @type {uPlot.AlignedData} */
  #data = [[]];
  /** @type {[number, number] | undefined} */
  #range;
  /** @type {HTMLElement[]} */
  #values;
  #when = h("span", { class: "muted when" });
  #canvas = h("div", { class: "plot", role: "img" });
  #hint = h("p", { class: "plot-hint muted", hidden: true }, t("filling"));

  /** @type {HTMLElement} */
  element;

  /**
   * @param {string} title
   * @param {readonly Line[]} lines
   * @param {(value: number) => string} format
   */
  constructor(title, lines, format) {
    this.#title = title;
    this.#lines = lines;
    this.#format = format;
    this.#values = lines.map(() => h("b"));
    this.element = h(
      "figure",
      { class: "card chart" },
      h(
        "figcaption",
        {},
        h("h3", {}, title),
        this.#when,
        h(
          "span",
          { class: "legend" },
          ...lines.map(({ label, colour }, place) =>
            h(
              "span",
              { class: `key ${colour.slice(2)}` },
              lines.length > 1 ? `${label} ` : undefined,
              this.#values[place],
            )
          ),
        ),
      ),
      h("div", { class: "plot-frame" }, this.#canvas, this.#hint),
    );
    new ResizeObserver(() => this.#resize()).observe(this.#canvas);
  }

  /**
   * @param {uPlot.AlignedData} data times, then the values of each line
   * @param {[number, number]} range of time that is shown
   */
  show(data, range) {
    this.#data = data;
    this.#range = range;
    this.#hint.hidden = data[0].length > 1;
    setAttribute(this.#canvas, "aria-label", this.#inWords());
    if (this.#plot) this.#plot.setData(data);
    else this.#resize();
    this.#showValues();
  }

  /** Takes on the colours of the page. */
  recolour() {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#resize();
  }

  #resize() {
    const width = this.#canvas.clientWidth;
    if (width === 0 || this.#range === undefined) return;
    if (this.#plot) this.#plot.setSize({ width, height: HEIGHT });
    else this.#plot = new Plot(this.#options(width), this.#data, this.#canvas);
  }

  /** @param {number} width @returns {uPlot.Options} */
  #options(width) {
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const font = `12px ${style.fontFamily}`;
    const axis = {
      stroke: colour("--muted"),
      font,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      gap: 6,
    };
    return {
      width,
      height: HEIGHT,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "time" }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => this.#range ?? [0, 1] },
        // From zero, so that a small change does not look like a great one.
        y: { range: (_, __, max) => [0, Math.max(4, max * 1.12)] },
      },
      axes: [
        {
          ...axis,
          size: 28,
          space: 64,
          grid: { show: false },
          values: (_, times, __, ___, step) =>
            times.map((time) => (step < 60 ? seconds : hours).format(time * 1000)),
        },
        {
          ...axis,
          size: 68,
          space: 36,
          incrs: STEPS,
          // Round values need no zeros behind the point.
          values: (_, values) =>
            values.map((value) => this.#format(value).replace(/\.0+(?=\s|$)/, "")),
        },
      ],
      series: [
        {},
        ...this.#lines.map(({ label, colour: name, filled }) => ({
          label,
          stroke: colour(name),
          width: 1.75,
          points: { show: false },
          spanGaps: false,
          ...(filled ? { fill: colour(`${name}-wash`) } : {}),
        })),
      ],
      hooks: { setCursor: [() => this.#showValues()] },
    };
  }

  /** The values under the pointer, or the last ones. */
  #showValues() {
    const times = this.#data[0];
    const place = this.#plot?.cursor.idx ?? times.length - 1;
    const isPointed = typeof this.#plot?.cursor.idx === "number";
    const time = times[place];
    setText(this.#when, isPointed && time !== undefined ? seconds.format(time * 1000) : "");
    for (const [line, element] of this.#values.entries()) {
      const value = this.#data[line + 1]?.[place];
      setText(element, typeof value === "number" ? this.#format(value) : "–");
    }
  }

  #inWords() {
    const parts = this.#lines.map(({ label }, line) => {
      const values = [...(this.#data[line + 1] ?? [])].filter((value) => typeof value === "number");
      const last = values.at(-1);
      const name = this.#lines.length > 1 ? `${this.#title}, ${label}` : this.#title;
      if (last === undefined) return t("chartEmpty", { name });
      return t("chartAbout", {
        name,
        last: this.#format(last),
        min: this.#format(Math.min(...values)),
        max: this.#format(Math.max(...values)),
      });
    });
    return parts.join("; ");
  }
}
