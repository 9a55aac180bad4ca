/**
 * Seals the frames of one direction of one connection.
 */

import { FRAME_HEADER_BYTES } from "../frame.ts";
import { Cipher, MAC_BYTES } from "./cipher.ts";
import { MAX_PIECE_BYTES, sealedFrameBytes } from "./sealed_frame.ts";

/**
 * Seals frames in the order in which they are sent.
 *
 * Whatever was sealed must be sent, once and whole: the other side counts. If a write fails, so
 * does the connection.
 */
export class FrameSealer {
  readonly #cipher: Cipher;

  /** Copies the direction's key. */
  constructor(key: Uint8Array) {
    this.#cipher = new Cipher(key);
  }

  /**
   * Seals a frame, header included, into `out` at `at`, where `sealedFrameBytes(frame.length)`
   * bytes must be free. Several frames may follow each other in `out`.
   *
   * @returns where the next one goes.
   */
  seal(frame: Uint8Array, out: DataView, at: number): number {
    const start = out.byteOffset + at;
    const sealed = new Uint8Array(out.buffer, start, sealedFrameBytes(frame.length));
    let end = this.#sealPiece(frame.subarray(0, FRAME_HEADER_BYTES), sealed, 0);
    for (let from = FRAME_HEADER_BYTES; from < frame.length; from += MAX_PIECE_BYTES) {
      end = this.#sealPiece(frame.subarray(from, from + MAX_PIECE_BYTES), sealed, end);
    }
    return at + end;
  }

  /** Overwrites the key once the connection is over. */
  erase(): void {
    this.#cipher.erase();
  }

  #sealPiece(plain: Uint8Array, sealed: Uint8Array, at: number): number {
    const end = at + plain.length + MAC_BYTES;
    this.#cipher.seal(plain, sealed.subarray(at, end));
    return end;
  }
}
