/**
 * Rows of tables for the session ids in use.
 *
 * Ids rest long before they are leased again, so in a farm where miners come and go nearly all
 * 65,535 of them are in use at one time or another. Rows are used again at once: tables touch no
 * more memory than the most miners there ever were at a time need.
 */

/** See the head of this file. */
export class Rows {
  /** By id: 0 for none, else one more than its row. */
  readonly #rowOf: Uint16Array;
  /** Rows given back; the last is taken first. */
  readonly #free: Uint16Array;
  #freeCount = 0;
  #used = 0;

  /** `ids` is one more than the highest id, and how many rows there can be: at most 65,535. */
  constructor(ids: number) {
    this.#rowOf = new Uint16Array(ids);
    this.#free = new Uint16Array(ids);
  }

  /** The row of an id, or `undefined` if it has none. */
  of(id: number): number | undefined {
    const next = this.#rowOf[id] ?? 0;
    return next === 0 ? undefined : next - 1;
  }

  /** A row for an id, holding whatever it held before. @throws RangeError if the id has one. */
  take(id: number): number {
    if (this.#rowOf[id] !== 0) throw new RangeError(`Cannot take a row for id ${id}: it has one`);
    const row = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#used++;
    this.#rowOf[id] = row + 1;
    return row;
  }

  /** Takes the row of an id back. @throws RangeError if it has none: two would get the same row. */
  give(id: number): void {
    const row = this.of(id);
    if (row === undefined) throw new RangeError(`Cannot take back the row of id ${id}: none`);
    this.#rowOf[id] = 0;
    this.#free[this.#freeCount++] = row;
  }
}
