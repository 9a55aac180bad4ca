/**
 * The difficulties that workers had which left lately, by their names.
 *
 * A farm comes back whole after a power cut, so there is room for the largest. Names are kept in two
 * generations: the older one is dropped as a whole, so that forgetting costs no search.
 */

/** How long a name is remembered, in milliseconds. */
export const REMEMBER_MS = 3_600_000;

/** At least the last of these are remembered, and at most twice that number. */
export const REMEMBERED_NAMES = 32_768;

/** Longer names are not remembered: no pool takes one, and these are others' words. */
const MAX_NAME_CHARS = 255;

/** A value holds minutes, and below them the exponent. */
const EXPONENTS = 128;
const EXPONENT_OFFSET = 64;
const MS_PER_MINUTE = 60_000;

/** Shared by all accounts, by whole worker names. */
export class RememberedDifficulties {
  readonly #names: number;
  /** When a worker left, in minutes, and its exponent, in one small number. */
  #young = new Map<string, number>();
  #old: ReadonlyMap<string, number> = new Map();
  #youngSince = 0;

  /** `names` is {@linkcode REMEMBERED_NAMES} unless a test wants fewer. */
  constructor(names: number = REMEMBERED_NAMES) {
    this.#names = names;
  }

  /** How many are kept, those that nobody will ask for any more among them. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** A worker left at `now`, a time in milliseconds, with a difficulty of 2^`exponent`. */
  add(name: string, exponent: number, now: number): void {
    if (name.length > MAX_NAME_CHARS) return;
    this.#age(now);
    const value = Math.floor(now / MS_PER_MINUTE) * EXPONENTS + exponent + EXPONENT_OFFSET;
    this.#young.set(name, value);
  }

  /** The exponent a worker had; `undefined` if none left under this name within the hour. */
  find(name: string, now: number): number | undefined {
    const value = this.#young.get(name) ?? this.#old.get(name);
    if (value === undefined) return undefined;
    const minutes = Math.floor(now / MS_PER_MINUTE) - Math.floor(value / EXPONENTS);
    return minutes * MS_PER_MINUTE > REMEMBER_MS ? undefined : value % EXPONENTS - EXPONENT_OFFSET;
  }

  #age(now: number): void {
    const isOld = now - this.#youngSince > REMEMBER_MS;
    if (!isOld && this.#young.size < this.#names) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSince = now;
  }
}
