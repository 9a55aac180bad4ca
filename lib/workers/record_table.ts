/**
 * Records of fixed size, in chunks: no object for each, and memory is touched only for those in use.
 *
 * A field is an offset in the record; the table of offsets is the owner's. Little-endian, since
 * `DataView` has to be told one.
 */

/** Records in a chunk. */
const CHUNK = 256;

/** A table of such records. */
export class RecordTable {
  readonly #bytes: number;
  readonly #chunks: DataView[] = [];
  /** Rows given back; the last is taken first. */
  readonly #free: number[] = [];
  #used = 0;

  /** `bytes` is the size of a record. */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** One more than the highest row that was ever taken. */
  get rows(): number {
    return this.#used;
  }

  /** A row whose bytes are all zero. */
  take(): number {
    const row = this.#free.pop() ?? this.#used++;
    if (row >> 8 === this.#chunks.length) {
      this.#chunks.push(new DataView(new ArrayBuffer(CHUNK * this.#bytes)));
    }
    return row;
  }

  /** Takes a row back. */
  give(row: number): void {
    const { buffer } = this.#chunks[row >> 8]!;
    new Uint8Array(buffer, this.#start(row), this.#bytes).fill(0);
    this.#free.push(row);
  }

  /** The byte at an offset of a row. */
  uint8(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint8(this.#start(row) + at);
  }

  /** Sets it. */
  setUint8(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint8(this.#start(row) + at, value);
  }

  /** The 16 bits at an offset of a row. */
  uint16(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint16(this.#start(row) + at, true);
  }

  /** Sets them; of a larger number the low ones. */
  setUint16(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint16(this.#start(row) + at, value, true);
  }

  /** The 32 bits at an offset of a row. */
  uint32(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getUint32(this.#start(row) + at, true);
  }

  /** Sets them. */
  setUint32(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setUint32(this.#start(row) + at, value, true);
  }

  /** The number at an offset of a row, which has seven digits. */
  float32(row: number, at: number): number {
    return this.#chunks[row >> 8]!.getFloat32(this.#start(row) + at, true);
  }

  /** Sets it. */
  setFloat32(row: number, at: number, value: number): void {
    this.#chunks[row >> 8]!.setFloat32(this.#start(row) + at, value, true);
  }

  #start(row: number): number {
    return (row & (CHUNK - 1)) * this.#bytes;
  }
}
