/**
 * Texts of which thousands of miners send the same few, such as their client agent: each is kept
 * once.
 */

/** So many different texts are kept; further ones are everybody's own. */
const MOST_TEXTS = 1024;

/** See the head of this file. */
export class CommonTexts {
  readonly #texts = new Map<string, string>();

  /** `text`, as it was first seen. */
  of(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < MOST_TEXTS) this.#texts.set(text, text);
    return text;
  }
}
