/**
 * Writes and reads the fields of packed records, little-endian. Whole numbers take as many bytes as
 * they need, seven bits in each.
 */

/** A record cannot be read: it is damaged, or of a version that is not known. */
export class BadRecord extends Error {
  /** Tells it from other errors. */
  override readonly name = "BadRecord";
}

const FIRST_BYTES = 256;

/** Collects the bytes of a record. */
export class ByteWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  /** How many bytes there are so far. */
  get length(): number {
    return this.#length;
  }

  /** The bytes `from`..`to` - 1, until more are written. */
  part(from: number, to: number): Uint8Array {
    return this.#bytes.subarray(from, to);
  }

  /** A copy of the bytes so far. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Starts again with an empty record, in the same memory. */
  clear(): void {
    this.#length = 0;
  }

  /** A byte. */
  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** A whole number from 0 up to 2^53; what is none becomes the nearest one. */
  whole(value: number): void {
    let left = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(value))) || 0;
    this.#room(8);
    while (left >= 0x80) {
      this.#bytes[this.#length++] = left % 0x80 + 0x80;
      left = Math.floor(left / 0x80);
    }
    this.#bytes[this.#length++] = left;
  }

  /** Any number, in 8 bytes. */
  number(value: number): void {
    this.#room(8);
    this.#view.setFloat64(this.#length, value, true);
    this.#length += 8;
  }

  /** A number to seven digits, in 4 bytes. */
  single(value: number): void {
    this.#room(4);
    this.#view.setFloat32(this.#length, value, true);
    this.#length += 4;
  }

  /** A number from 0 to 65535, in 2 bytes. */
  short(value: number): void {
    this.#room(2);
    this.#view.setUint16(this.#length, value, true);
    this.#length += 2;
  }

  #room(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** Reads a record from its start. Every method throws {@linkcode BadRecord} at its end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  /** Reads `bytes`. */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Whether all of it was read. */
  get isOver(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A byte. */
  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  /** A whole number. */
  whole(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 49; factor *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new BadRecord("a number has no end");
  }

  /** Any number. */
  number(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** A number to seven digits. */
  single(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** A number from 0 to 65535. */
  short(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  #take(count: number): number {
    const at = this.#at;
    if (at + count > this.#bytes.length) throw new BadRecord("a record ends too early");
    this.#at = at + count;
    return at;
  }
}
