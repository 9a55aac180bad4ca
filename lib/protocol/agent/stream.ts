/**
 * Cuts the stream between agent and pool into frames and lines.
 *
 * Only the first byte of a message shows which of the two it is: the body of a frame may contain LF
 * and 0x7F bytes. Used for both directions (the simulated pool reads agents with it).
 */

import { FRAME_HEADER_BYTES, FRAME_MAGIC } from "./frame.ts";
import type { FaultClass } from "../../base/violation.ts";

const LF = 0x0a;
const CR = 0x0d;
const INITIAL_BYTES = 4096;
const KEPT_BYTES = 32 * 1024;

/**
 * The longest line taken from a pool, in bytes: the longest job that miners are given, and room for
 * spaces.
 */
export const MAX_POOL_LINE_BYTES: number = 40 * 1024;

/** One message of the stream: a whole frame, header included, or a line without its end. */
export interface StreamPiece {
  /** Which of the two it is. */
  readonly kind: "frame" | "line";
  /** A view, valid until the next call of the decoder. */
  readonly bytes: Uint8Array;
}

/** Decoder of one direction of one connection. */
export class PoolStreamDecoder {
  readonly #fault: FaultClass;
  readonly #maxLineBytes: number;
  readonly #leastBytes: number;
  #buffer = new Uint8Array(INITIAL_BYTES);
  #start = 0;
  #end = 0;
  /**
   * Bytes after `#start` without an LF, so that a line that comes in small pieces is searched only
   * once.
   */
  #searched = 0;

  /**
   * Throws `fault` if the framing is broken. Reads nothing before `leastBytes` have come: a pool
   * waits for four, an agent accepts any line.
   */
  constructor(
    fault: FaultClass,
    maxLineBytes: number = MAX_POOL_LINE_BYTES,
    leastBytes: number = 1,
  ) {
    this.#fault = fault;
    this.#maxLineBytes = maxLineBytes;
    this.#leastBytes = leastBytes;
  }

  /** Copies the next bytes of the stream in. */
  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole frame or non-empty line, or `undefined` when more bytes are needed.
   *
   * @throws the fault class given: `frame-too-short` for a length below 4 (nothing after it can be
   * found), `line-too-long` as soon as a line is over the limit, its CR and LF not counted.
   */
  next(): StreamPiece | undefined {
    while (this.#end - this.#start >= this.#leastBytes) {
      if (this.#buffer[this.#start] === LF) {
        // A blank line. Skipping it here makes a flood of them four times cheaper.
        this.#start++;
        continue;
      }
      const bytes = this.#buffer[this.#start] === FRAME_MAGIC ? this.#frame() : this.#line();
      if (bytes === undefined) return undefined;
      if (bytes.length > 0) {
        return { kind: bytes[0] === FRAME_MAGIC ? "frame" : "line", bytes };
      }
    }
    return undefined;
  }

  #frame(): Uint8Array | undefined {
    const available = this.#end - this.#start;
    if (available < FRAME_HEADER_BYTES) return undefined;
    const length = this.#buffer[this.#start + 2]! | this.#buffer[this.#start + 3]! << 8;
    if (length < FRAME_HEADER_BYTES) {
      throw new this.#fault(
        "frame-too-short",
        `Cannot read a frame: its length is ${length}, must be at least ${FRAME_HEADER_BYTES}`,
      );
    }
    return available < length ? undefined : this.#take(length, length);
  }

  #line(): Uint8Array | undefined {
    const from = this.#start + this.#searched;
    // A search of the whole buffer would continue into old bytes.
    const found = this.#buffer.subarray(from, this.#end).indexOf(LF);
    const length = found < 0 ? this.#end - this.#start : this.#searched + found;
    const hasCr = length > 0 && this.#buffer[this.#start + length - 1] === CR;
    if ((hasCr ? length - 1 : length) > this.#maxLineBytes) {
      throw new this.#fault(
        "line-too-long",
        `Cannot read a line: ${length} bytes have come, at most ${this.#maxLineBytes} are allowed`,
      );
    }
    if (found < 0) {
      this.#searched = length;
      return undefined;
    }
    return this.#take(hasCr ? length - 1 : length, length + 1);
  }

  /** A view of the next `length` bytes; moves on by `consumed`. */
  #take(length: number, consumed: number): Uint8Array {
    const bytes = this.#buffer.subarray(this.#start, this.#start + length);
    this.#start += consumed;
    this.#searched = 0;
    return bytes;
  }

  #makeRoom(length: number): void {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      // One long line must not hold its memory for the life of the connection.
      if (this.#buffer.length > KEPT_BYTES) this.#buffer = new Uint8Array(INITIAL_BYTES);
    }
    if (this.#end + length <= this.#buffer.length) return;
    const held = this.#end - this.#start;
    const fits = held + length <= this.#buffer.length;
    const target = fits
      ? this.#buffer
      : new Uint8Array(Math.max(held + length, this.#buffer.length * 2));
    target.set(this.#buffer.subarray(this.#start, this.#end));
    this.#buffer = target;
    this.#start = 0;
    this.#end = held;
  }
}
