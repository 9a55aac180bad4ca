/**
 * Cuts one direction of a sealed connection into frames, and opens them.
 */

import type { FaultClass } from "../../../base/violation.ts";
import { type Frame, FRAME_HEADER_BYTES, type FrameHeader, readFrameHeader } from "../frame.ts";
import { Cipher, MAC_BYTES } from "./cipher.ts";
import { MAX_PIECE_BYTES, SEALED_HEADER_BYTES, sealedPayloadBytes } from "./sealed_frame.ts";

const INITIAL_BYTES = 4096;
/** A buffer that grew beyond this is not kept. */
const KEPT_BYTES = 32 * 1024;

/** Opener of one direction of one connection. */
export class FrameOpener {
  readonly #cipher: Cipher;
  readonly #fault: FaultClass;
  /** Sealed bytes that have come and were not opened, from `#start` to `#end`. */
  #sealed = new Uint8Array(INITIAL_BYTES);
  #start = 0;
  #end = 0;
  readonly #headerView = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES));
  readonly #headerBytes = new Uint8Array(this.#headerView.buffer);
  /** The header of the frame whose payload is awaited. */
  #header: FrameHeader | undefined;
  /** Where payloads are opened into. */
  #plain = new Uint8Array(INITIAL_BYTES);

  /** Copies the direction's key. Throws `fault` if the other side breaks the protocol. */
  constructor(key: Uint8Array, fault: FaultClass) {
    this.#cipher = new Cipher(key);
    this.#fault = fault;
  }

  /**
   * Copies the next bytes of the stream in. Call {@linkcode FrameOpener.next} until it has no more
   * before the next bytes: then less than one frame waits here.
   */
  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#sealed.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * The next whole frame, or `undefined` when more bytes are needed. Its payload is a view, valid
   * until the next call.
   *
   * @throws the fault class given: `bad-seal` for bytes that the other side did not seal so,
   * `frame-too-long` for a payload over the limit, before any of it is kept. No call may follow:
   * the stream is lost.
   */
  next(): Frame | undefined {
    if (this.#header === undefined) {
      if (this.#end - this.#start < SEALED_HEADER_BYTES) return undefined;
      this.#open(this.#headerBytes, "header");
      this.#header = readFrameHeader(this.#headerView, 0, this.#fault);
    }
    const { extensionType, messageType, payloadBytes } = this.#header;
    if (this.#end - this.#start < sealedPayloadBytes(payloadBytes)) return undefined;
    this.#header = undefined;
    const payload = this.#plainOf(payloadBytes);
    for (let at = 0; at < payloadBytes; at += MAX_PIECE_BYTES) {
      this.#open(payload.subarray(at, at + MAX_PIECE_BYTES), "payload");
    }
    return { extensionType, messageType, payload };
  }

  /** Overwrites the key once the connection is over. */
  erase(): void {
    this.#cipher.erase();
  }

  /** Opens as many bytes as `plain` takes. */
  #open(plain: Uint8Array, part: string): void {
    const end = this.#start + plain.length + MAC_BYTES;
    if (!this.#cipher.open(this.#sealed.subarray(this.#start, end), plain)) {
      throw new this.#fault(
        "bad-seal",
        `Cannot open the ${part} of a Stratum V2 frame: it was damaged on the way, or a frame ` +
          "before it is missing",
      );
    }
    this.#start = end;
  }

  #plainOf(length: number): Uint8Array {
    const isKept = this.#plain.length <= KEPT_BYTES;
    if (length > this.#plain.length) this.#plain = new Uint8Array(length);
    else if (!isKept && length <= KEPT_BYTES) this.#plain = new Uint8Array(INITIAL_BYTES);
    return this.#plain.subarray(0, length);
  }

  #makeRoom(length: number): void {
    if (this.#start === this.#end) {
      this.#start = this.#end = 0;
      // One long job must not hold its memory for the life of the connection.
      if (this.#sealed.length > KEPT_BYTES) this.#sealed = new Uint8Array(INITIAL_BYTES);
    }
    if (this.#end + length <= this.#sealed.length) return;
    const held = this.#end - this.#start;
    const fits = held + length <= this.#sealed.length;
    const target = fits
      ? this.#sealed
      : new Uint8Array(Math.max(held + length, this.#sealed.length * 2));
    target.set(this.#sealed.subarray(this.#start, this.#end));
    this.#sealed = target;
    this.#start = 0;
    this.#end = held;
  }
}
