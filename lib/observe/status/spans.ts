/** Stretches of the past that the API shows, and how finely. */

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A span: its length and the length of its rows, in milliseconds. */
export const SPANS = {
  hour: { ms: HOUR_MS, stepMs: 600_000 },
  day: { ms: DAY_MS, stepMs: 600_000 },
  week: { ms: 7 * DAY_MS, stepMs: 600_000 },
  month: { ms: 30 * DAY_MS, stepMs: HOUR_MS },
} as const;

/** One of them. */
export type Span = keyof typeof SPANS;
