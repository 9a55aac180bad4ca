/**
 * Writes the values of a frame in order, into a buffer that grows.
 */

import { FRAME_HEADER_BYTES, MAX_MESSAGE_BYTES, writeFrameHeader } from "./frame.ts";

const INITIAL_BYTES = 64;

const encoder = new TextEncoder();

/** A frame in the making: header first, whose length is filled in at the end. */
export class FrameWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #end = FRAME_HEADER_BYTES;

  /** Writes the lowest `size` bytes of a whole number, the lowest first. */
  integer(value: number, size: 1 | 2 | 4 | 8): void {
    if (!(Number.isInteger(value) && value >= 0 && value < 2 ** (8 * size))) {
      throw new RangeError(`Cannot write ${value} in ${size} bytes`);
    }
    const at = this.#grow(size);
    if (size === 1) this.#view.setUint8(at, value);
    else if (size === 2) this.#view.setUint16(at, value, true);
    else this.#view.setUint32(at, value % 2 ** 32, true);
    if (size === 8) this.#view.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
  }

  /** Writes an IEEE 754 single: the nearest to `value`, which is finite and at least 0. */
  f32(value: number): void {
    const single = Math.fround(value);
    if (!(single >= 0 && single < Infinity)) throw new RangeError(`Cannot write ${value} as F32`);
    // Growing replaces the view.
    const at = this.#grow(4);
    this.#view.setFloat32(at, single, true);
  }

  /** Writes bytes as they are. */
  bytes(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  /** Writes a length in `size` bytes, then the bytes. */
  lengthAndBytes(bytes: Uint8Array, size: 1 | 2): void {
    this.integer(bytes.length, size);
    this.bytes(bytes);
  }

  /** Writes a length in one byte, then text as UTF-8. */
  text(text: string): void {
    this.lengthAndBytes(encoder.encode(text), 1);
  }

  /** Writes the header. @returns the frame, a copy. */
  finish(extensionType: number, messageType: number): Uint8Array {
    const payloadBytes = this.#end - FRAME_HEADER_BYTES;
    if (payloadBytes > MAX_MESSAGE_BYTES) {
      throw new RangeError(
        `Cannot write a frame with ${payloadBytes} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`,
      );
    }
    writeFrameHeader(this.#view, 0, extensionType, messageType, payloadBytes);
    return this.#bytes.slice(0, this.#end);
  }

  /** Makes room for `length` bytes more. @returns where they go. */
  #grow(length: number): number {
    const at = this.#end;
    this.#end += length;
    if (this.#end > this.#bytes.length) {
      const bytes = new Uint8Array(Math.max(this.#end, 2 * this.#bytes.length));
      bytes.set(this.#bytes);
      this.#bytes = bytes;
      this.#view = new DataView(bytes.buffer);
    }
    return at;
  }
}
