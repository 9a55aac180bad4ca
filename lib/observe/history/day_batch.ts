/**
 * The packed days of a few workers until they are written, in memory that is used again: objects
 * that live that long would be kept by V8's collector for much longer.
 */

import { ByteWriter } from "./bytes.ts";
import type { Database } from "./database.ts";
import type { DaySums } from "./day_sums.ts";
import { DAY_KEY } from "./schema.ts";
import { writeWorkerDay } from "./worker_day_record.ts";

/** Sums of a worker. */
const SUMS = 4;

/** Collects days of workers and writes them. */
export class DayBatch {
  readonly #day: number;
  readonly #records = new ByteWriter();
  /** Of each: the worker, the end of its record, and its sums in the order of the table. */
  readonly #workers: Uint32Array;
  readonly #ends: Uint32Array;
  readonly #sums: Uint32Array;
  #count = 0;

  /** Of `day`, for at most `most` workers at a time. */
  constructor(day: number, most: number) {
    this.#day = day;
    this.#workers = new Uint32Array(most);
    this.#ends = new Uint32Array(most);
    this.#sums = new Uint32Array(SUMS * most);
  }

  /**
   * Adds a worker's day, whose steps are `halves` (see {@linkcode DaySums.of}).
   *
   * @returns when it was connected last, in milliseconds since 1970; 0 for never.
   */
  add(worker: number, halves: Uint16Array, sums: DaySums): number {
    const sum = sums.of(halves);
    if (sum === undefined) return 0;
    const place = this.#count++;
    writeWorkerDay(this.#records, halves);
    this.#workers[place] = worker;
    this.#ends[place] = this.#records.length;
    this.#sums[SUMS * place] = sum.seconds;
    this.#sums[SUMS * place + 1] = sum.hashrate;
    this.#sums[SUMS * place + 2] = sum.lost;
    this.#sums[SUMS * place + 3] = sum.connected;
    return sum.last;
  }

  /** Writes all of them, in the transaction under way. @throws the errors of the database. */
  write(database: Database): void {
    const sums = this.#sums;
    for (let place = 0; place < this.#count; place++) {
      database.run(
        `INSERT OR REPLACE INTO worker_day(id, seconds, hashrate, lost, connected, steps)
         VALUES (?, ?, ?, ?, ?, ?)`,
        this.#day * DAY_KEY + this.#workers[place]!,
        sums[SUMS * place]!,
        sums[SUMS * place + 1]!,
        sums[SUMS * place + 2]!,
        sums[SUMS * place + 3]!,
        this.#records.part(place === 0 ? 0 : this.#ends[place - 1]!, this.#ends[place]!),
      );
    }
  }

  /** Begins again, without any. */
  clear(): void {
    this.#count = 0;
    this.#records.clear();
  }
}
