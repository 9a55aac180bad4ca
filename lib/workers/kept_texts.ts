/**
 * Stores texts that many records share: each text once, for as long as a record uses it.
 */

/** The most different texts at a time; a further one is stored as the empty text. */
const MOST_TEXTS = 65_535;

/** Texts with a 16-bit number each; 0 is the empty text, which always exists. */
export class KeptTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [""];
  readonly #uses: number[] = [0];
  readonly #free: number[] = [];

  /** Stores a text if it is new, and counts one more use. @returns its number. */
  keep(text: string): number {
    if (text === "") return 0;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      if (this.#numbers.size >= MOST_TEXTS) return 0;
      number = this.#free.pop() ?? this.#texts.length;
      this.#numbers.set(text, number);
      this.#texts[number] = text;
      this.#uses[number] = 0;
    }
    this.#uses[number]!++;
    return number;
  }

  /** The number of a text, if it is stored. Counts no use: for comparing only. */
  find(text: string): number | undefined {
    return text === "" ? 0 : this.#numbers.get(text);
  }

  /** The text with this number. */
  of(number: number): string {
    return this.#texts[number]!;
  }

  /** Ends one use; the last one frees the text. */
  drop(number: number): void {
    if (number === 0 || --this.#uses[number]! > 0) return;
    this.#numbers.delete(this.#texts[number]!);
    this.#texts[number] = "";
    this.#free.push(number);
  }
}
