/** Offsets in a text → lines and columns, as editors count them. */

/** A place in a text. */
export interface Position {
  /** Counted from 1; \n, \r\n and \r each end a line. */
  readonly line: number;
  /** Counted from 1, in UTF-16 units. */
  readonly column: number;
  /** UTF-16 units from the start of the text. */
  readonly offset: number;
}

/** Knows where the lines of one text begin. */
export class LineMap {
  readonly #starts = [0];

  /** Finds the lines of `text`. */
  constructor(text: string) {
    for (const end of text.matchAll(/\r\n|\n|\r/g)) this.#starts.push(end.index + end[0].length);
  }

  /** Where `offset` is; an offset past the end counts on in the last line. */
  at(offset: number): Position {
    let [low, high] = [0, this.#starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1, offset };
  }
}
