/**
 * Keeps texts that thousands of miners have in common, such as client agents, only once.
 */

/** The most different texts kept; other texts are not shared. */
const MOST_TEXTS = 1024;

/** Stores each different text once. */
export class CommonTexts {
  readonly #texts = new Map<string, string>();

  /** The stored copy of `text`. */
  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_TEXTS) this.#texts.set(text, text);
    return text;
  }
}
