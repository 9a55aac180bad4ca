/**
 * The two acts of the handshake: their lengths, where their parts stand, and how they are read.
 */

import { MAC_BYTES } from "./cipher.ts";
import { CERTIFICATE_BYTES } from "./certificate.ts";
import { ENCODED_KEY_BYTES } from "./curve.ts";

/** Act 1, from the initiator: its key of this connection. */
export const ACT1_BYTES: number = ENCODED_KEY_BYTES;

/** Where the parts of act 2 begin, and how long it is. */
export const ACT2 = {
  /** The responder's key of this connection, in clear. */
  ephemeral: 0,
  /** Its static key, sealed. */
  static: ENCODED_KEY_BYTES,
  /** Its certificate, sealed. */
  certificate: 2 * ENCODED_KEY_BYTES + MAC_BYTES,
  /** The whole of it: 234 bytes. */
  bytes: 2 * ENCODED_KEY_BYTES + CERTIFICATE_BYTES + 2 * MAC_BYTES,
} as const;

/** From this many bytes on, text is taken for text: one act in five million looks so by chance. */
const LEAST_TEXT_BYTES = 16;

/** Collects the bytes of one act, however they are cut. */
export class ActReader {
  readonly #bytes: Uint8Array;
  #length = 0;

  /** Reads an act of {@linkcode ACT1_BYTES} or `ACT2.bytes`. */
  constructor(actBytes: number) {
    this.#bytes = new Uint8Array(actBytes);
  }

  /**
   * Copies the next bytes of the stream in.
   *
   * @returns those after the act, which belong to the transport; a view of `chunk`.
   */
  push(chunk: Uint8Array): Uint8Array {
    const taken = chunk.subarray(0, this.#bytes.length - this.#length);
    this.#bytes.set(taken, this.#length);
    this.#length += taken.length;
    return chunk.subarray(taken.length);
  }

  /** The act, once it is whole. */
  get act(): Uint8Array | undefined {
    return this.#length === this.#bytes.length ? this.#bytes : undefined;
  }

  /**
   * What has come, if it is the text of another protocol: a pool of Stratum V1 may answer with an
   * error line, which is shorter than an act, and wait. `undefined` for an act, and at first.
   */
  get text(): Uint8Array | undefined {
    const come = this.#bytes.subarray(0, this.#length);
    return come.length >= LEAST_TEXT_BYTES && come.every(isOfText) ? come : undefined;
  }
}

/** Whether a byte is printable ASCII, a tab or the end of a line. */
function isOfText(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f || byte === 0x09 || byte === 0x0a || byte === 0x0d;
}
