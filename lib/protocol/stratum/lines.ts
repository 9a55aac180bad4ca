/**
 * Cuts a byte stream into lines: an LF ends a line, and a CR before it is dropped. A blank line is
 * a line too: it means nothing, but has to be read.
 *
 * Whole lines are handed out as views of the chunk they came in; only an unfinished line at the end
 * of a chunk is copied, so an idle miner costs no buffer. No byte is searched twice.
 */

import type { FaultClass } from "../../base/violation.ts";

const LF = 0x0a;
const CR = 0x0d;
const EMPTY = new Uint8Array(0);

/**
 * A line decoder for one connection.
 *
 * Feed it with {@linkcode LineDecoder.push}, then take lines with {@linkcode LineDecoder.next}
 * until there is none, before the next push.
 */
export class LineDecoder {
  /** Longest line taken, in bytes without its end. */
  readonly maxLineBytes: number;
  readonly #fault: FaultClass;
  /** The beginning of a line whose end has not come; `#spilt` bytes of it are in use. */
  #spill: Uint8Array = EMPTY;
  #spilt = 0;
  #chunk: Uint8Array = EMPTY;
  #at = 0;

  /** A line longer than `maxLineBytes` throws `fault` with code `line-too-long`. */
  constructor(maxLineBytes: number, fault: FaultClass) {
    this.maxLineBytes = maxLineBytes;
    this.#fault = fault;
  }

  /** Whether the last line is unfinished. */
  get isInsideLine(): boolean {
    return this.#spilt > 0 || this.#at < this.#chunk.length;
  }

  /** The start of the unfinished line, once `next()` has returned `undefined`. */
  get unfinished(): Uint8Array {
    return this.#spill.subarray(0, this.#spilt);
  }

  /**
   * Takes the next bytes of the stream. They must not change until `next()` has returned
   * `undefined`.
   */
  push(chunk: Uint8Array): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  /**
   * The next whole line without its end, empty for a blank one, or `undefined` when more bytes are
   * needed. The view is valid until the next call.
   *
   * @throws the fault class given, code `line-too-long`, as soon as one byte more than allowed has
   * come that is not the line's end.
   */
  next(): Uint8Array | undefined {
    if (this.#at < this.#chunk.length) {
      const end = this.#chunk.indexOf(LF, this.#at);
      if (end < 0) {
        this.#keep(this.#chunk.subarray(this.#at));
        this.#chunk = EMPTY;
        this.#at = 0;
        return undefined;
      }
      let line = this.#chunk.subarray(this.#at, end);
      this.#at = end + 1;
      if (this.#spilt > 0) {
        this.#keep(line);
        line = this.#spill.subarray(0, this.#spilt);
        this.#spill = EMPTY;
        this.#spilt = 0;
      }
      if (line.length > 0 && line[line.length - 1] === CR) line = line.subarray(0, -1);
      if (line.length > this.maxLineBytes) this.#refuse(line.length);
      return line;
    }
    this.#chunk = EMPTY;
    this.#at = 0;
    return undefined;
  }

  /** Adds `piece` to the unfinished line, checking its length before any byte is copied. */
  #keep(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const length = this.#spilt + piece.length;
    // Only the CR of a line end may follow the last byte that is allowed.
    const isOneOver = length === this.maxLineBytes + 1;
    if (length > this.maxLineBytes && !(isOneOver && piece[piece.length - 1] === CR)) {
      this.#refuse(length);
    }
    if (length > this.#spill.length) {
      const capacity = Math.min(Math.max(length, this.#spill.length * 2), this.maxLineBytes + 1);
      const grown = new Uint8Array(capacity);
      grown.set(this.#spill.subarray(0, this.#spilt));
      this.#spill = grown;
    }
    this.#spill.set(piece, this.#spilt);
    this.#spilt = length;
  }

  #refuse(length: number): never {
    this.#spill = EMPTY;
    this.#spilt = 0;
    this.#chunk = EMPTY;
    this.#at = 0;
    throw new this.#fault(
      "line-too-long",
      `Cannot read a line: ${length} bytes have come, at most ${this.maxLineBytes} are allowed`,
    );
  }
}
