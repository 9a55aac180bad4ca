/**
 * A line that is overwritten in a terminal; elsewhere, as in a file, a new line from time to time.
 */

import { printable, printableLines } from "../base/printable.ts";

/** What a line is printed to: `Deno.stdout` fits. */
export interface LiveTarget {
  /** Writes some or all of the bytes. */
  writeSync(bytes: Uint8Array): number;
  /** Whether a line can be overwritten. */
  isTerminal(): boolean;
}

/** Where a line cannot be overwritten, one of this number of lines is printed. */
const KEPT_ONE_OF = 5;

const encoder = new TextEncoder();

/** Shows a text in one line that the next text replaces. */
export class LiveLine {
  readonly #target: LiveTarget;
  readonly #isTerminal: boolean;
  #shown = 0;
  #isOpen = false;

  /** Remembers `target` and prints nothing yet. */
  constructor(target: LiveTarget) {
    this.#target = target;
    this.#isTerminal = target.isTerminal();
  }

  /** Prints a line that stays. */
  print(text: string): void {
    this.#write(`${this.#isOpen ? "\n" : ""}${printableLines(text)}\n`);
    this.#isOpen = false;
  }

  /** Shows `text` in place of what was shown before. */
  show(text: string): void {
    const line = printable(text);
    if (this.#isTerminal) {
      this.#write(`\r${line}\x1b[K`);
      this.#isOpen = true;
    } else if (this.#shown++ % KEPT_ONE_OF === 0) {
      this.#write(`${line}\n`);
    }
  }

  #write(text: string): void {
    let bytes = encoder.encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(this.#target.writeSync(bytes));
  }
}
