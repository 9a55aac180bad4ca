/**
 * Finds the row of a worker by its sub-account and name: a hash table of row numbers, an eighth of
 * what a `Map` of ten thousand names takes.
 *
 * Places follow each other from the one that a name's hash gives; the first that is empty ends the
 * search. It is never more than half full.
 */

const FIRST_PLACES = 1024;

/** The names of a row. */
export type NamesOf = (row: number) => { readonly account: string; readonly name: string };

/** Rows by name; at most 65,535. */
export class NameIndex {
  readonly #namesOf: NamesOf;
  /** One more than the row at each place; 0 for none. */
  #places = new Uint16Array(FIRST_PLACES);
  #count = 0;

  /** `namesOf` is asked for rows that are in it, and for one that is about to leave it. */
  constructor(namesOf: NamesOf) {
    this.#namesOf = namesOf;
  }

  /** The row of a name. */
  find(account: string, name: string): number | undefined {
    for (let place = this.#first(account, name);; place = this.#next(place)) {
      const row = this.#places[place]! - 1;
      if (row < 0) return undefined;
      const names = this.#namesOf(row);
      if (names.name === name && names.account === account) return row;
    }
  }

  /** Puts in a row whose names are not in it. */
  add(row: number): void {
    if (2 * (this.#count + 1) > this.#places.length) this.#grow();
    this.#put(row);
    this.#count++;
  }

  /** Takes out a row. */
  delete(row: number): void {
    let hole = this.#homeOf(row);
    while (this.#places[hole] !== row + 1) hole = this.#next(hole);
    // Those after it move up if the search for them would end at the hole.
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

/** FNV-1a, with the high bits mixed into the low ones, which alone are used. */
function hashOf(text: string, seed: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash ^ hash >>> 15;
}
