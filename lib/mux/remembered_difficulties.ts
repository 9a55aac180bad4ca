/**
 * Remembers the difficulties of workers that left lately, by their names.
 *
 * A whole farm comes back after a power cut, so there is room for the largest one. Names are kept
 * in two generations: the older one is dropped as a whole, so that forgetting needs no search.
 */

/** How long a name is remembered, in milliseconds. */
export const REMEMBER_MS = 3_600_000;

/** At least this many of the last names are remembered, and at most twice as many. */
export const REMEMBERED_NAMES = 32_768;

/** Longer names are not remembered: no pool accepts one, and they are foreign input. */
const MAX_NAME_CHARS = 255;

/** A value holds minutes, and the exponent in its low part. */
const EXPONENTS = 128;
const EXPONENT_OFFSET = 64;
const MS_PER_MINUTE = 60_000;

/** A worker that left. */
export interface LeftWorker {
  /** Its whole name. */
  readonly name: string;
  /** Its difficulty was 2 to the power of this. */
  readonly exponent: number;
  /** How long ago it left, in milliseconds. */
  readonly agoMs: number;
}

/** Of a packed value; one from before this process started is negative. */
function exponentOf(value: number): number {
  return value - Math.floor(value / EXPONENTS) * EXPONENTS - EXPONENT_OFFSET;
}

/** Exponents by whole worker name, shared by all accounts. */
export class RememberedDifficulties {
  readonly #names: number;
  /** When each worker left, in minutes, and its exponent, packed into one small number. */
  #young = new Map<string, number>();
  #old: ReadonlyMap<string, number> = new Map();
  #youngSince = 0;

  /** `names` is {@linkcode REMEMBERED_NAMES} unless a test wants fewer. */
  constructor(names: number = REMEMBERED_NAMES) {
    this.#names = names;
  }

  /** How many names are kept, including expired ones. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** Notes that a worker left at `now`, in milliseconds, with a difficulty of 2^`exponent`. */
  add(name: string, exponent: number, now: number): void {
    if (name.length > MAX_NAME_CHARS) return;
    this.#age(now);
    const value = Math.floor(now / MS_PER_MINUTE) * EXPONENTS + exponent + EXPONENT_OFFSET;
    this.#young.set(name, value);
  }

  /** The exponent of a worker; `undefined` if none with this name left within the hour. */
  find(name: string, now: number): number | undefined {
    const value = this.#young.get(name) ?? this.#old.get(name);
    if (value === undefined) return undefined;
    const minutes = Math.floor(now / MS_PER_MINUTE) - Math.floor(value / EXPONENTS);
    return minutes * MS_PER_MINUTE > REMEMBER_MS ? undefined : exponentOf(value);
  }

  /** Those that left within `ms` before `now`, to be kept for the next run. */
  *left(ms: number, now: number): Generator<LeftWorker> {
    for (const generation of [this.#old, this.#young]) {
      for (const [name, value] of generation) {
        const agoMs = now - Math.floor(value / EXPONENTS) * MS_PER_MINUTE;
        if (agoMs <= ms) yield { name, exponent: exponentOf(value), agoMs };
      }
    }
  }

  #age(now: number): void {
    const isOld = now - this.#youngSince > REMEMBER_MS;
    if (!isOld && this.#young.size < this.#names) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngSince = now;
  }
}
