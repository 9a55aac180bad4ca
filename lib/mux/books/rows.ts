/**
 * Assigns rows of tables to the session ids in use.
 *
 * Ids rest long before they are leased again, so in a farm where miners come and go nearly all
 * 65,535 are in use at some time. Rows are reused at once: tables touch only the memory needed for
 * the most miners that were ever connected at a time.
 */

/** The rows in use and the free ones. */
export class Rows {
  /** By id: one more than its row, or 0 for none. */
  readonly #rowOf: Uint16Array;
  /** Rows given back; the last one is taken first. */
  readonly #free: Uint16Array;
  #freeCount = 0;
  #used = 0;

  /** `ids` is one more than the highest id, and the most rows: at most 65,535. */
  constructor(ids: number) {
    this.#rowOf = new Uint16Array(ids);
    this.#free = new Uint16Array(ids);
  }

  /** The row of an id, or `undefined` if it has none. */
  of(id: number): number | undefined {
    const next = this.#rowOf[id] ?? 0;
    return next === 0 ? undefined : next - 1;
  }

  /**
   * Takes a row for an id; the row still holds its old content. @throws RangeError if the id has
   * one.
   */
  take(id: number): number {
    if (this.#rowOf[id] !== 0) throw new RangeError(`Cannot take a row for id ${id}: it has one`);
    const row = this.#freeCount > 0 ? this.#free[--this.#freeCount]! : this.#used++;
    this.#rowOf[id] = row + 1;
    return row;
  }

  /**
   * Takes the row of an id back. @throws RangeError if it has none, because two ids would get the
   * same row.
   */
  give(id: number): void {
    const row = this.of(id);
    if (row === undefined) throw new RangeError(`Cannot take back the row of id ${id}: none`);
    this.#rowOf[id] = 0;
    this.#free[this.#freeCount++] = row;
  }
}
