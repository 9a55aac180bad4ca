/**
 * Texts that many records have in common, each kept once, for as long as a record names it.
 */

/** Most different texts at a time; what is over it is kept as the empty text. */
const MOST_TEXTS = 65_535;

/** Texts by a number of 16 bits; 0 is the empty text, which is never given back. */
export class KeptTexts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [""];
  readonly #uses: number[] = [0];
  readonly #free: number[] = [];

  /** The number of a text, for one more use of it. */
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

  /** The number of a text if it is kept; for comparing only. */
  find(text: string): number | undefined {
    return text === "" ? 0 : this.#numbers.get(text);
  }

  /** The text of a number. */
  of(number: number): string {
    return this.#texts[number]!;
  }

  /** Ends one use. */
  drop(number: number): void {
    if (number === 0 || --this.#uses[number]! > 0) return;
    this.#numbers.delete(this.#texts[number]!);
    this.#texts[number] = "";
    this.#free.push(number);
  }
}
