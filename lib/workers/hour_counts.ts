/**
 * Counts of the last hour in a record, in {@linkcode BUCKETS} of some minutes.
 *
 * A cell is as small as a single machine needs. What is too large for it, as of a name that
 * thousands of machines share, goes over into a map, so that sums stay exact.
 */

import type { RecordTable } from "./record_table.ts";
import { BUCKETS } from "./worker_times.ts";

/** How large the cells are, in bits. */
type CellBits = 8 | 16;

/** The same counts of every row of a table. */
export class HourCounts {
  readonly #records: RecordTable;
  readonly #at: number;
  readonly #bits: CellBits;
  /** How often a cell overflowed, by row and bucket. */
  readonly #over = new Map<number, number>();

  /** The cells are at this offset of a record. */
  constructor(records: RecordTable, at: number, bits: CellBits) {
    this.#records = records;
    this.#at = at;
    this.#bits = bits;
  }

  /** Adds to a bucket. A count that is taken back leaves no less than zero. */
  add(row: number, bucket: number, count: number): void {
    if (count === 0) return;
    const sum = Math.max(0, this.#get(row, bucket) + count);
    const over = Math.floor(sum / 2 ** this.#bits);
    const key = row * BUCKETS + bucket;
    if (over > 0) this.#over.set(key, over);
    else if (this.#over.size > 0) this.#over.delete(key);
    this.#setCell(row, bucket, sum % 2 ** this.#bits);
  }

  /** Begins a bucket at zero. */
  clear(row: number, bucket: number): void {
    this.#setCell(row, bucket, 0);
    if (this.#over.size > 0) this.#over.delete(row * BUCKETS + bucket);
  }

  /** The sum of the last `count` buckets, of which `bucket` is the newest. */
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
