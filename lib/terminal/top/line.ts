/**
 * A line of the screen; pure.
 */

/** How a line looks; without colours only `title` and `cursor` differ. */
export type Tone = "plain" | "title" | "head" | "cursor" | "good" | "warn" | "bad" | "calm";

/** One line; its text is printable and no wider than the terminal. */
export interface Line {
  /** What it says. */
  readonly text: string;
  /** How it looks. */
  readonly tone: Tone;
}

/** Makes a line. */
export function line(text: string, tone: Tone = "plain"): Line {
  return { text, tone };
}
