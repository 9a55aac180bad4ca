/**
 * Stores records of fixed size in large chunks, without an object for each. Memory is allocated
 * only for chunks in use.
 *
 * A field is an offset in the record; the owner of the table keeps the list of offsets. Numbers are
 * little-endian.
 */

/** Records in a chunk. */
const CHUNK = 256;

/** A table of records, one in each row. */
export class RecordTable {
  readonly #bytes: number;
  readonly #chunks: DataView[] = [];
  /** Free rows; the one freed last is used first. */
  readonly #free: number[] = [];
  #used = 0;

  /** Creates a table of records of `bytes` bytes each. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** One more than the highest row ever used. */
  get rows(): number {
    return this.#used;
  }

  /** Allocates a row whose bytes are all zero. */
  take(): number {
    const row = this.#free.pop() ?? this.#used++;
    if (row >> 8 === this.#chunks.length) {
      this.#chunks.push(new DataView(new ArrayBuffer(CHUNK * this.#bytes)));
    }
    return row;
  }

  /** Frees a row. */
  give(row: number): void {
    const { buffer } = this.#chunks[row >> 8]!;
    new Uint8Array(buffer, this.#start(row), this.#bytes).fill(0);
    this.#free.push(row);
  }

  /** The byte at an offset of a row. */
  uint8(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint8(this.#start(row) + at);
  }

  /** Sets that byte. */
  setUint8(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint8(this.#start(row) + at, value);
  }

  /** The 16 bits at an offset of a row. */
  uint16(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint16(this.#start(row) + at, true);
  }

  /** Sets those 16 bits to the low 16 bits of `value`. */
  setUint16(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint16(this.#start(row) + at, value, true);
  }

  /** The 32 bits at an offset of a row. */
  uint32(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint32(this.#start(row) + at, true);
  }

  /** Sets those 32 bits to the low 32 bits of `value`. */
  setUint32(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint32(this.#start(row) + at, value, true);
  }

  /** The number at an offset of a row, exact to about seven digits. */
  float32(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getFloat32(this.#start(row) + at, true);
  }

  /** Sets that number. */
  setFloat32(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setFloat32(this.#start(row) + at, value, true);
  }

  #start(row: number): number {
    return (row & (CHUNK - 1)) * this.#bytes;
  }
}
