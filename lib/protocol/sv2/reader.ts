/**
 * Reads the values of a payload in order. Every length and count is held against the bytes that are
 * left before anything is allocated, so that a value never takes more memory than the payload has.
 */

import type { FaultClass } from "../../base/violation.ts";

/** 0xffff_ffff + 1. */
const HIGH = 2 ** 32;

/** Text that is not UTF-8 is no reason to end a connection: it gets replacement characters. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** A place in a payload. Each method reads the value there; `field` names it in errors. */
export class PayloadReader {
  readonly #payload: Uint8Array;
  readonly #view: DataView;
  readonly #message: string;
  readonly #fault: FaultClass;
  #at = 0;

  /** `message` is its name, for errors of the class `fault`, with code `bad-message`. */
  constructor(payload: Uint8Array, message: string, fault: FaultClass) {
    this.#payload = payload;
    this.#view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    this.#message = message;
    this.#fault = fault;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.#payload.length - this.#at;
  }

  /** 1 byte: 0..255. */
  u8(field: string): number {
    return this.#view.getUint8(this.#skip(1, field));
  }

  /** 2 bytes. */
  u16(field: string): number {
    return this.#view.getUint16(this.#skip(2, field), true);
  }

  /** 4 bytes. */
  u32(field: string): number {
    return this.#view.getUint32(this.#skip(4, field), true);
  }

  /** 8 bytes: the nearest double, exact up to 2^53. */
  u64(field: string): number {
    const at = this.#skip(8, field);
    return this.#view.getUint32(at, true) + HIGH * this.#view.getUint32(at + 4, true);
  }

  /** 4 bytes: an IEEE 754 single. */
  f32(field: string): number {
    return this.#view.getFloat32(this.#skip(4, field), true);
  }

  /** A copy of the next `length` bytes. */
  bytes(length: number, field: string): Uint8Array {
    const at = this.#skip(length, field);
    const copy = new Uint8Array(length);
    // Not slice(): a payload that node:crypto opened is a Buffer, whose slice() is a view.
    copy.set(this.#payload.subarray(at, at + length));
    return copy;
  }

  /** The text of the next `length` bytes; what is not UTF-8 becomes U+FFFD. */
  text(length: number, field: string): string {
    const at = this.#skip(length, field);
    return decoder.decode(this.#payload.subarray(at, at + length));
  }

  /** Refuses the message unless `count` elements of `elementBytes` each are left. */
  expect(count: number, elementBytes: number, field: string): void {
    const wanted = count * elementBytes;
    if (wanted <= this.left) return;
    this.refuse(field, `${this.left} of ${wanted} bytes are left`);
  }

  /** Throws: the value of `field` is wrong for the reason `found`. */
  refuse(field: string, found: string): never {
    throw new this.#fault(
      "bad-message",
      `Cannot read ${this.#message} of ${this.#payload.length} bytes: for ${field}, ${found}`,
    );
  }

  /** Moves on by `length` bytes. @returns where they begin. */
  #skip(length: number, field: string): number {
    this.expect(length, 1, field);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
