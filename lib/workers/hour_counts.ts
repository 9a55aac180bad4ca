/**
 * Counts events of the last hour, in {@linkcode BUCKETS} buckets inside a record.
 *
 * A cell is just large enough for one machine. If thousands of machines share a worker name, the
 * cell overflows into a map, so that sums stay exact.
 */

import type { RecordTable } from "./record_table.ts";
import { BUCKETS } from "./worker_times.ts";

/** The size of a cell, in bits. */
type CellBits = 8 | 16;

/** One kind of count, for every row of a table. */
export class HourCounts {
  readonly #records: RecordTable;
  readonly #at: number;
  readonly #bits: CellBits;
  /** How often a cell overflowed, by row and bucket. */
  readonly #over = new Map<number, number>();

  /** `at` is the offset of the cells in a record. */
  constructor(records: RecordTable, at: number, bits: CellBits) {
    this.#records = records;
    this.#at = at;
    this.#bits = bits;
  }

  /** Adds to a bucket. `count` may be negative; the bucket does not fall below zero. */
  add(row: number, bucket: number, count: number): void {
    if (count === 0) return;
    const sum = Math.max(0, this.#get(row, bucket) + count);
    const over = Math.floor(sum / 2 ** this.#bits);
    const key = row * BUCKETS + bucket;
    if (over > 0) this.#over.set(key, over);
    else if (this.#over.size > 0) this.#over.delete(key);
    this.#setCell(row, bucket, sum % 2 ** this.#bits);
  }

  /** Sets a bucket to zero. */
  clear(row: number, bucket: number): void {
    this.#setCell(row, bucket, 0);
    if (this.#over.size > 0) this.#over.delete(row * BUCKETS + bucket);
  }

  /** The sum of the newest `count` buckets; `bucket` is the newest of all. */
  sum(row: number, bucket: number, count: number): number {
    let sum = 0;
    for (let back = 0; back < count; back++) {
      sum += this.#get(row, (bucket + BUCKETS - back) % BUCKETS);
    }
    return sum;
  }

  #get(row: number, bucket: number): number {
    const cell = this.#bits === 8
      ? this.#records.uint8(row, this.#at + bucket)
      : this.#records.uint16(row, this.#at + 2 * bucket);
    if (this.#over.size === 0) return cell;
    return cell + (this.#over.get(row * BUCKETS + bucket) ?? 0) * 2 ** this.#bits;
  }

  #setCell(row: number, bucket: number, value: number): void {
    if (this.#bits === 8) this.#records.setUint8(row, this.#at + bucket, value);
    else this.#records.setUint16(row, this.#at + 2 * bucket, value);
  }
}
