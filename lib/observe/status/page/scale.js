/**
 * The upright axis of a chart; pure.
 */

/** A chart is at least this part of its highest value high, so that noise does not look like news. */
const LEAST_PART = 0.05;

/** What there is beyond the highest and lowest value, as a part of what is shown. */
const MARGIN = 0.15;

/** Lowest values from this part of the highest on need no zero in sight. */
const NEAR_PART = 0.7;

/** A dip may lie below the axis once at least this part of what is shown came after it. */
const AFTER_DIP_PART = 1 / 6;

/**
 * From where to where the axis reaches. It begins at zero unless all values are close together, or
 * have been since the last dip: then a change of 1 % is a fifth of its height. `isCut` has the
 * chart say so, `isDipBelow` that a dip is below it.
 *
 * @param {readonly (ArrayLike<number | null | undefined>)[]} lines
 * @param {boolean} mayCut
 * @returns {{ min: number, max: number, isCut: boolean, isDipBelow: boolean }}
 */
export function scaleOf(lines, mayCut) {
  const [, highest] = boundsOf(lines, 0);
  const whole = { min: 0, max: Math.max(4, highest * 1.12), isCut: false, isDipBelow: false };
  // Below a hundred the smallest change is more than 1 %.
  if (!mayCut || highest < 100) return whole;
  const length = Math.max(...lines.map((line) => line.length));
  const start = endOfDips(lines, highest * NEAR_PART);
  if (length - start < length * AFTER_DIP_PART) return whole;
  const [lowest] = boundsOf(lines, start);
  if (lowest === Infinity) return whole;
  const span = highest - lowest;
  const height = Math.max(span * (1 + 2 * MARGIN), highest * LEAST_PART);
  const min = Math.max(0, (lowest + highest - height) / 2);
  return { min, max: min + height, isCut: true, isDipBelow: start > 0 };
}

/**
 * The lowest and the highest value from a place on.
 *
 * @param {readonly (ArrayLike<number | null | undefined>)[]} lines
 * @param {number} start
 * @returns {[number, number]}
 */
function boundsOf(lines, start) {
  let [lowest, highest] = [Infinity, 0];
  for (const line of lines) {
    for (let place = start; place < line.length; place++) {
      const value = line[place];
      if (typeof value !== "number") continue;
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
  }
  return [lowest, highest];
}

/**
 * The place after the last value below `low`.
 *
 * @param {readonly (ArrayLike<number | null | undefined>)[]} lines
 * @param {number} low
 */
function endOfDips(lines, low) {
  let end = 0;
  for (const line of lines) {
    for (let place = line.length - 1; place >= end; place--) {
      const value = line[place];
      if (typeof value === "number" && value < low) end = place + 1;
    }
  }
  return end;
}

/**
 * The marks in sight that lie as far as this from each other, so that their labels can be read; the
 * later of two wins, since it is the news.
 *
 * @template {{ readonly time: number }} M
 * @param {readonly M[]} marks the oldest first
 * @param {[number, number]} range of time in sight
 * @param {number} apart in the same unit
 * @returns {{ mark: M, isLabelled: boolean }[]}
 */
export function marksIn(marks, [start, end], apart) {
  const shown = marks.filter(({ time }) => time >= start && time <= end);
  let next = Infinity;
  return shown.toReversed().map((mark) => {
    const isLabelled = next - mark.time >= apart;
    if (isLabelled) next = mark.time;
    return { mark, isLabelled };
  }).toReversed();
}
