/**
 * One chart: a title, what its lines are worth under the pointer or now, the lines, and the same in
 * words for who does not see them.
 */

/** @import uPlot from "uplot" */
/** @import { MarkShape } from "../worker_shapes.ts" */
/** @import { Stretch } from "./chart_band.js" */
import { minuteText, momentText, tickTexts } from "./chart_times.js";
import { drawBand } from "./chart_band.js";
import { h, setAttribute, setText } from "./dom.js";
import { marksIn, scaleOf } from "./scale.js";
import { t } from "./texts.js";

/**
 * @typedef {object} Line
 * @property {string} label
 * @property {string} colour a custom property of theme.css
 * @property {boolean} [filled]
 * @property {boolean} [dashed]
 */

/** Sizes, as parts of the page's own letters: a wall has large ones. */
const HEIGHT = 11.2;
const LETTERS = 0.8;

/** Marks are labelled as far as this from each other, and pointed at within, in letters of the page. */
const LABEL = 5.5;
const NEAR = 0.6;

/** Colours of marks: what is bad, what is good again, and the rest. */
const MARK_COLOURS = {
  failover: "--amber",
  outage: "--red",
  back: "--green",
  outage_end: "--green",
};

/** Steps of the upright axis: whole, so that no two of its values read the same. */
const STEPS = Array.from({ length: 24 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power))
  .flat();

/** Marks that are named in words: the last ones. */
const MOST_NAMED = 12;

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
  /** The height of letters that it was made for. */
  #letterOfPlot = 0;
  /** @type {uPlot.AlignedData} */
  #data = [[]];
  /** @type {[number, number] | undefined} */
  #range;
  /** @type {readonly MarkShape[]} */
  #marks = [];
  /** @type {readonly Stretch[]} */
  #band = [];
  /** Whether the axis may begin above zero. @type {boolean} */
  #mayCut;
  #axis = h("span", { class: "muted axis" });
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
   * @param {{ mayCut?: boolean }} [options] `mayCut` for what is mostly the same
   */
  constructor(title, lines, format, { mayCut = false } = {}) {
    this.#mayCut = mayCut;
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
        this.#axis,
        this.#when,
        h(
          "span",
          { class: "legend" },
          ...lines.map(({ label, colour }, place) =>
            h(
              "span",
              { class: `key ${colour.slice(2)}` },
              lines.length > 1 && label !== title ? `${label} ` : undefined,
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
   * @param {readonly MarkShape[]} [marks] of moments, the oldest first
   * @param {readonly Stretch[]} [band] coloured stretches of time at the foot
   */
  show(data, range, marks = [], band = []) {
    this.#data = data;
    this.#range = range;
    this.#marks = marks;
    this.#band = band;
    const { min, isCut, isDipBelow } = this.#scale();
    const begins = isDipBelow ? "axisAboveDip" : "axisFrom";
    setText(this.#axis, isCut ? t(begins, { value: this.#format(min) }) : "");
    this.#hint.hidden = data[0].length > 1;
    setAttribute(this.#canvas, "aria-label", this.#inWords());
    if (this.#plot) this.#plot.setData(data);
    else this.#resize();
    this.#showValues();
  }

  /** Says why it is empty. @param {string} text */
  say(text) {
    setText(this.#hint, text);
  }

  /** Takes on the colours of the page. */
  recolour() {
    this.#discard();
    this.#resize();
  }

  #discard() {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #scale() {
    return scaleOf(this.#data.slice(1), this.#mayCut);
  }

  /** The height of the page's letters, in pixels. */
  get #letter() {
    return parseFloat(getComputedStyle(document.documentElement).fontSize);
  }

  #resize() {
    const width = this.#canvas.clientWidth;
    if (width === 0 || this.#range === undefined) return;
    const height = Math.round(HEIGHT * this.#letter);
    if (this.#letterOfPlot !== this.#letter) this.#discard();
    if (this.#plot) this.#plot.setSize({ width, height });
    else this.#plot = new Plot(this.#options(width), this.#data, this.#canvas);
  }

  /** @param {number} width @returns {uPlot.Options} */
  #options(width) {
    const style = getComputedStyle(document.documentElement);
    const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
    const letter = this.#letter;
    this.#letterOfPlot = letter;
    const font = `${Math.round(LETTERS * letter)}px ${style.fontFamily}`;
    const axis = {
      stroke: colour("--muted"),
      font,
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      gap: 6,
    };
    return {
      width,
      height: Math.round(HEIGHT * letter),
      padding: [8, Math.round(1.4 * letter), 0, 0],
      legend: { show: false },
      cursor: { sync: { key: "time" }, drag: { x: false, y: false }, points: { size: 6 } },
      scales: {
        x: { time: true, range: () => this.#range ?? [0, 1] },
        y: {
          range: () => {
            const { min, max } = this.#scale();
            return [min, max];
          },
        },
      },
      axes: [
        {
          ...axis,
          size: Math.round(1.9 * letter),
          space: Math.round(4.4 * letter),
          grid: { show: false },
          values: (_, times, __, ___, step) => tickTexts(times, step, this.#range ?? [0, 0]),
        },
        {
          ...axis,
          size: Math.round(4.6 * letter),
          space: Math.round(2.4 * letter),
          incrs: STEPS,
          // Round values need no zeros behind the point.
          values: (_, values) =>
            values.map((value) => this.#format(value).replace(/\.0+(?=\s|$)/, "")),
        },
      ],
      series: [
        {},
        ...this.#lines.map(({ label, colour: name, filled, dashed }) => ({
          label,
          stroke: colour(name),
          width: dashed ? 1.25 : 1.75,
          ...(dashed ? { dash: [5, 4] } : {}),
          points: { show: false },
          spanGaps: false,
          ...(filled ? { fill: colour(`${name}-wash`) } : {}),
        })),
      ],
      hooks: {
        draw: [
          (plot) => drawBand(plot, this.#band, colour),
          (plot) => this.#drawMarks(plot, font, colour),
        ],
        setCursor: [() => this.#showValues()],
      },
    };
  }

  /**
   * A line for each mark in sight, with its name where there is room.
   *
   * @param {uPlot} plot
   * @param {string} font
   * @param {(name: string) => string} colour
   */
  #drawMarks(plot, font, colour) {
    if (this.#range === undefined || this.#marks.length === 0) return;
    const { ctx: pen, bbox } = plot;
    const ratio = devicePixelRatio;
    const apart = plot.posToVal(LABEL * this.#letter, "x") - plot.posToVal(0, "x");
    pen.save();
    pen.font = font.replace(/^\d+/, (size) => String(Math.round(Number(size) * ratio * 0.92)));
    pen.textBaseline = "top";
    pen.lineWidth = ratio;
    pen.setLineDash([3 * ratio, 3 * ratio]);
    for (const { mark, isLabelled } of marksIn(this.#marks, this.#range, apart)) {
      const at = plot.valToPos(mark.time, "x", true);
      const name = Object.entries(MARK_COLOURS).find(([kind]) => kind === mark.kind)?.[1];
      pen.strokeStyle = pen.fillStyle = colour(name ?? "--muted");
      pen.beginPath();
      pen.moveTo(at, bbox.top);
      pen.lineTo(at, bbox.top + bbox.height);
      pen.stroke();
      if (!isLabelled) continue;
      const label = t(`mark_${mark.kind}`);
      // To the left of the line near the right edge.
      const isRight = at + LABEL * this.#letter * ratio > bbox.left + bbox.width;
      pen.textAlign = isRight ? "right" : "left";
      pen.fillText(label, at + (isRight ? -4 : 4) * ratio, bbox.top);
    }
    pen.restore();
  }

  /** The mark under the pointer. */
  #pointedMark() {
    const plot = this.#plot;
    const left = plot?.cursor.left ?? -1;
    if (plot === undefined || left < 0) return undefined;
    const distance = (/** @type {MarkShape} */ { time }) =>
      Math.abs(plot.valToPos(time, "x") - left);
    return this.#marks.filter((mark) => distance(mark) <= NEAR * this.#letter)
      .sort((a, b) => distance(a) - distance(b))[0];
  }

  /** The values under the pointer, or the last ones. */
  #showValues() {
    const times = this.#data[0];
    const place = this.#plot?.cursor.idx ?? times.length - 1;
    const isPointed = typeof this.#plot?.cursor.idx === "number";
    const time = times[place];
    const mark = this.#pointedMark();
    setText(
      this.#when,
      mark
        ? this.#moment(mark.time, mark.about)
        : isPointed && time !== undefined
        ? this.#moment(time, this.#band.find(({ from, to }) => from <= time && time <= to)?.name)
        : "",
    );
    for (const [line, element] of this.#values.entries()) {
      const value = this.#data[line + 1]?.[place];
      setText(element, typeof value === "number" ? this.#format(value) : "–");
    }
  }

  /** @param {number} time @param {string} [about] */
  #moment(time, about = "") {
    const text = momentText(time, this.#range ?? [0, 0]);
    return about === "" ? text : `${text} ${about}`;
  }

  #inWords() {
    const range = this.#range;
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
    const marks = range === undefined ? [] : marksIn(this.#marks, range, 0)
      .map(({ mark }) => `${minuteText(mark.time, range)} ${mark.about}`);
    if (marks.length > 0) {
      const named = marks.slice(-MOST_NAMED).join(t("comma"));
      parts.push(t("chartMarks", { name: this.#title, marks: named }));
    }
    return parts.join("; ");
  }
}
