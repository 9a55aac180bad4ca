/**
 * The difficulty of every miner on one connection, job by job.
 *
 * A pool judges a share by the difficulty its miner had when the pool sent the job. So each job
 * keeps a table of all its miners: a byte a miner, and one table for as many jobs as nothing has
 * changed between.
 */

/** Of the miners that sit on a connection: by place, which of the known difficulties each has. */
export interface DifficultyTable {
  /** Beyond its end are miners that have the starting difficulty. */
  places: Uint8Array;
  /** What all of them have, where that is the pool's own; absent elsewhere. */
  readonly passed?: number;
}

/** Keeps the difficulties of the miners on one connection, job by job. */
export interface DifficultyKeeper {
  /**
   * A place for a miner that sits down.
   *
   * @param tables of the jobs there are: for all of them it has `difficulty`, the starting one if that
   * is absent.
   */
  take(tables: Iterable<DifficultyTable>, difficulty?: number): number;
  /** A miner that has left needs its place no more. */
  give(place: number): void;
  /** A miner has another difficulty, from the next job on. */
  set(place: number, difficulty: number): void;
  /** The table of a job that comes now. */
  forJob(): DifficultyTable;
  /** What a miner has for the job that comes next. */
  next(place: number): number;
  /** What the table of a job has for a miner. */
  of(table: DifficultyTable, place: number): number;
}

const INITIAL_PLACES = 16;

/** What is in a table for a miner that has the difficulty all start with. */
const STARTING = 0;

/** More difficulties than there are powers of two that a pool or we can name, and one more. */
const MOST_DIFFICULTIES = 256;

/** The difficulties on one connection. */
export class Difficulties implements DifficultyKeeper {
  /** By what is in a table. */
  readonly #known: number[];
  /** Of the job that comes next. */
  #next: DifficultyTable = { places: new Uint8Array(INITIAL_PLACES) };
  /** Of the newest job; the same object while no difficulty has changed since. */
  #latest: DifficultyTable | undefined;
  readonly #freePlaces: number[] = [];
  #places = 0;

  /** Every miner starts with `starting`, unless it is said otherwise. */
  constructor(starting: number) {
    this.#known = [starting];
  }

  take(tables: Iterable<DifficultyTable>, difficulty?: number): number {
    const free = this.#freePlaces.pop();
    const place = free ?? this.#places++;
    const at = difficulty === undefined ? STARTING : this.#indexOf(difficulty);
    // It may have been another's, which has left.
    if (free === undefined && at === STARTING) return place;
    put(this.#next, place, at);
    for (const table of tables) put(table, place, at);
    return place;
  }

  give(place: number): void {
    this.#freePlaces.push(place);
  }

  set(place: number, difficulty: number): void {
    const at = this.#indexOf(difficulty);
    if ((this.#next.places[place] ?? STARTING) === at) return;
    if (this.#next === this.#latest) this.#next = { places: this.#next.places.slice() };
    put(this.#next, place, at);
  }

  forJob(): DifficultyTable {
    return this.#latest = this.#next;
  }

  next(place: number): number {
    return this.of(this.#next, place);
  }

  of({ places }: DifficultyTable, place: number): number {
    return this.#known[places[place] ?? STARTING]!;
  }

  #indexOf(difficulty: number): number {
    const at = this.#known.indexOf(difficulty);
    if (at >= 0) return at;
    if (this.#known.length === MOST_DIFFICULTIES) {
      throw new RangeError(`Cannot note difficulty ${difficulty}: too many are known`);
    }
    return this.#known.push(difficulty) - 1;
  }
}

function put(table: DifficultyTable, place: number, at: number): void {
  if (place >= table.places.length) {
    if (at === STARTING) return;
    const grown = new Uint8Array(Math.max(place + 1, table.places.length * 2));
    grown.set(table.places);
    table.places = grown;
  }
  table.places[place] = at;
}
