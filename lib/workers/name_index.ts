/**
 * Finds the row of a worker by its sub-account and name. It is a hash table of row numbers and
 * takes an eighth of the memory of a `Map` with ten thousand names.
 *
 * A search starts at the place that the name's hash gives and walks on until it finds the name or
 * an empty place. The table is never more than half full.
 */

const FIRST_PLACES = 1024;

/** Gives the sub-account and name of a row. */
export type NamesOf = (row: number) => { readonly account: string; readonly name: string };

/** Rows by name; at most 65,535. */
export class NameIndex {
  readonly #namesOf: NamesOf;
  /** One more than the row at each place; 0 for none. */
  #places = new Uint16Array(FIRST_PLACES);
  #count = 0;

  /** `namesOf` must know every row that is in the index, also during {@linkcode delete}. */
  constructor(namesOf: NamesOf) {
    this.#namesOf = namesOf;
  }

  /** The row of a worker; `undefined` if it is not in the index. */
  find(account: string, name: string): number | undefined {
    for (let place = this.#first(account, name);; place = this.#next(place)) {
      const row = this.#places[place]! - 1;
      if (row < 0) return undefined;
      const names = this.#namesOf(row);
      if (names.name === name && names.account === account) return row;
    }
  }

  /** Adds the row of a worker that is not in the index yet. */
  add(row: number): void {
    if (2 * (this.#count + 1) > this.#places.length) this.#grow();
    this.#put(row);
    this.#count++;
  }

  /** Removes a row. */
  delete(row: number): void {
    let hole = this.#homeOf(row);
    while (this.#places[hole] !== row + 1) hole = this.#next(hole);
    // Later entries move up if a search for them would end at the hole.
    for (let place = this.#next(hole); this.#places[place] !== 0; place = this.#next(place)) {
      const home = this.#homeOf(this.#places[place]! - 1);
      const mask = this.#places.length - 1;
      if (((place - home) & mask) < ((place - hole) & mask)) continue;
      this.#places[hole] = this.#places[place]!;
      hole = place;
    }
    this.#places[hole] = 0;
    this.#count--;
  }

  #put(row: number): void {
    let place = this.#homeOf(row);
    while (this.#places[place] !== 0) place = this.#next(place);
    this.#places[place] = row + 1;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Uint16Array(2 * before.length);
    for (const next of before) if (next !== 0) this.#put(next - 1);
  }

  #homeOf(row: number): number {
    const { account, name } = this.#namesOf(row);
    return this.#first(account, name);
  }

  #first(account: string, name: string): number {
    return hashOf(name, hashOf(account, 0x811c9dc5)) & (this.#places.length - 1);
  }

  #next(place: number): number {
    return (place + 1) & (this.#places.length - 1);
  }
}

/** FNV-1a, with the high bits mixed into the low ones: only the low ones are used. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ hash >>> 15;
}
