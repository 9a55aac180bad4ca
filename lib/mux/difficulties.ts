/**
 * The difficulty of every miner on one connection, job by job.
 *
 * A pool judges a share by the difficulty its miner had when the pool sent the job. So each job
 * keeps a table of all its miners: a byte a miner, and one table for as many jobs as nothing has
 * changed between.
 */

/** Of the miners that sit on a connection: by place, which of the known difficulties each has. */
export type DifficultyTable = Uint8Array;

const INITIAL_PLACES = 16;

/** What is in a table for a miner that has the difficulty all start with. */
const STARTING = 0;

/** More difficulties than a pool can name: its frames carry powers of two up to 2^63. */
const MOST_DIFFICULTIES = 256;

/** The difficulties on one connection. */
export class Difficulties {
  /** By what is in a table. */
  readonly #known: number[];
  /** Of the job that comes next. */
  #next: DifficultyTable = new Uint8Array(INITIAL_PLACES);
  /** Of the newest job; the same object while no difficulty has changed since. */
  #latest: DifficultyTable | undefined;
  readonly #freePlaces: number[] = [];
  #places = 0;

  /** Every miner starts with `starting`. */
  constructor(starting: number) {
    this.#known = [starting];
  }

  /** A place for a miner that sits down, and has the starting difficulty for all jobs of `tables`. */
  take(tables: Iterable<DifficultyTable>): number {
    const free = this.#freePlaces.pop();
    const place = free ?? this.#places++;
    if (place >= this.#next.length) {
      const grown = new Uint8Array(this.#next.length * 2);
      grown.set(this.#next);
      this.#next = grown;
    }
    if (free !== undefined) {
      // It was another's, which has left.
      this.#next[place] = STARTING;
      for (const table of tables) table[place] = STARTING;
    }
    return place;
  }

  /** A miner that has left needs its place no more. */
  give(place: number): void {
    this.#freePlaces.push(place);
  }

  /** A miner has another difficulty, from the next job on. */
  set(place: number, difficulty: number): void {
    let at = this.#known.indexOf(difficulty);
    if (at < 0) {
      if (this.#known.length === MOST_DIFFICULTIES) {
        throw new RangeError(`Cannot note difficulty ${difficulty}: too many are known`);
      }
      at = this.#known.push(difficulty) - 1;
    }
    if (this.#next[place] === at) return;
    if (this.#next === this.#latest) this.#next = this.#next.slice();
    this.#next[place] = at;
  }

  /** The table of a job that comes now. */
  forJob(): DifficultyTable {
    return this.#latest = this.#next;
  }

  /** What the table of a job has for a miner. */
  of(table: DifficultyTable, place: number): number {
    // Beyond its end are miners that came after the job.
    return this.#known[table[place] ?? STARTING]!;
  }
}
