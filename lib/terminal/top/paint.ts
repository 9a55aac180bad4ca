/**
 * Lines → what a terminal is sent: only those that differ from what it shows; pure.
 */

import type { Line, Tone } from "./line.ts";

/** Takes the whole terminal, and hides the cursor. */
export const ENTER = "\x1b[?1049h\x1b[?25l\x1b[2J";

/** Gives the terminal back as it was. */
export const LEAVE = "\x1b[0m\x1b[?25h\x1b[?1049l";

const PLAIN = "\x1b[0m";

/** Without colours: reversed and bold are none. */
const STYLES: Readonly<Record<Tone, string>> = {
  plain: "",
  title: "\x1b[7m",
  head: "\x1b[1m",
  cursor: "\x1b[7m",
  good: "",
  warn: "",
  bad: "\x1b[1m",
  calm: "",
};

const COLOURS: Readonly<Record<Tone, string>> = {
  ...STYLES,
  good: "\x1b[32m",
  warn: "\x1b[33m",
  bad: "\x1b[1;31m",
  calm: "\x1b[2m",
};

/** Remembers what a terminal shows. */
export class Painter {
  readonly #styles: Readonly<Record<Tone, string>>;
  #shown: readonly string[] = [];

  /** Of a terminal that shows nothing. */
  constructor(hasColour: boolean) {
    this.#styles = hasColour ? COLOURS : STYLES;
  }

  /** Forgets what is shown: the next lines are all sent. */
  reset(): void {
    this.#shown = [];
  }

  /** What has to be sent so that these lines are shown. */
  paint(lines: readonly Line[]): string {
    const wanted = lines.map(({ text, tone }) => {
      const style = this.#styles[tone];
      return style === "" ? text : `${style}${text}${PLAIN}`;
    });
    let out = this.#shown.length === 0 ? `${PLAIN}\x1b[2J` : "";
    for (const [row, text] of wanted.entries()) {
      if (text === this.#shown[row]) continue;
      // The line is cleared first: clearing after its last column would take that away.
      out += `\x1b[${row + 1};1H\x1b[2K${text}`;
    }
    for (let row = wanted.length; row < this.#shown.length; row++) {
      out += `\x1b[${row + 1};1H\x1b[2K`;
    }
    this.#shown = wanted;
    return out;
  }
}
