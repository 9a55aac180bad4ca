/**
 * A band along the foot of a chart: how a worker was over time, trouble in its colour.
 */

/** @import uPlot from "uplot" */
/** @import { Tone } from "./condition_words.js" */

/**
 * @typedef {object} Stretch
 * @property {number} from seconds since 1970
 * @property {number} to
 * @property {string} name
 * @property {Tone} tone what is good or calm is not coloured
 */

/** Its height in pixels of the page. */
const HEIGHT = 5;

/** @type {Partial<Record<Tone, string>>} */
const COLOURS = { bad: "--red", warn: "--amber" };

/**
 * @param {uPlot} plot
 * @param {readonly Stretch[]} band the earliest first
 * @param {(name: string) => string} colour of the page, by its name
 */
export function drawBand({ ctx: pen, bbox, valToPos }, band, colour) {
  const height = HEIGHT * devicePixelRatio;
  const right = bbox.left + bbox.width;
  pen.save();
  for (const { from, to, tone } of band) {
    const name = COLOURS[tone];
    if (name === undefined) continue;
    const start = Math.max(bbox.left, valToPos(from, "x", true));
    const end = Math.min(right, valToPos(to, "x", true));
    if (end <= bbox.left || start >= right) continue;
    pen.fillStyle = colour(name);
    // The shortest trouble is seen, too.
    pen.fillRect(
      start,
      bbox.top + bbox.height - height,
      Math.max(devicePixelRatio, end - start),
      height,
    );
  }
  pen.restore();
}
