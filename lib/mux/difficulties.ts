/**
 * The difficulty of every miner on one connection, job by job.
 *
 * A pool judges a share by the difficulty that its miner had when the pool sent the job. So each
 * job keeps a table with a byte for each miner; jobs share one table as long as no difficulty
 * changes.
 */

/** The difficulty of each miner on a connection, by place, as a number of a known difficulty. */
export interface DifficultyTable {
  /** Miners with places past its end have the starting difficulty. */
  places: Uint8Array;
  /** The difficulty of all of them, if it is the pool's own; else absent. */
  readonly passed?: number;
}

/** Keeps the difficulties of the miners on one connection, job by job. */
export interface DifficultyKeeper {
  /**
   * A place for a miner that sits down.
   *
   * @param tables of the current jobs: for all of them the miner gets `difficulty`, or the starting
   * one if that is absent.
   */
  take(tables: Iterable<DifficultyTable>, difficulty?: number): number;
  /** Gives back the place of a miner that has left. */
  give(place: number): void;
  /** Sets a miner's difficulty, from the next job on. */
  set(place: number, difficulty: number): void;
  /** The table for a job that comes now. */
  forJob(): DifficultyTable;
  /** A miner's difficulty for the next job. */
  next(place: number): number;
  /** A miner's difficulty in the table of a job. */
  of(table: DifficultyTable, place: number): number;
}

const INITIAL_PLACES = 16;

/** The entry of a miner with the starting difficulty. */
const STARTING = 0;

/** More than the powers of two that a pool or we can use, plus one. */
const MOST_DIFFICULTIES = 256;

/** The difficulties on one connection. */
export class Difficulties implements DifficultyKeeper {
  /** The difficulties, by their number in a table. */
  readonly #known: number[];
  /** The table for the next job. */
  #next: DifficultyTable = { places: new Uint8Array(INITIAL_PLACES) };
  /** The table of the newest job; the same object as long as no difficulty changes. */
  #latest: DifficultyTable | undefined;
  readonly #freePlaces: number[] = [];
  #places = 0;

  /** Every miner starts with `starting`, unless `take` gets another difficulty. */
  constructor(starting: number) {
    this.#known = [starting];
  }

  take(tables: Iterable<DifficultyTable>, difficulty?: number): number {
    const free = this.#freePlaces.pop();
    const place = free ?? this.#places++;
    const at = difficulty === undefined ? STARTING : this.#indexOf(difficulty);
    // The place may have belonged to a miner that has left.
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
