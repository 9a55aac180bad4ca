/**
 * ChaCha20-Poly1305 as Noise uses it: a key with a counter, which is the nonce.
 *
 * `node:crypto` has it too: 5 µs a seal in place of 9 under our start flags, but loading it stops
 * everything for 30 to 60 ms and takes 3 MB more.
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";

/** How much longer sealed bytes are than plain ones. */
export const MAC_BYTES = 16;

/** Where the counter begins in the nonce of 12 bytes. */
const COUNTER_AT = 4;

const NONCE_BYTES = 12;

/** Either half of the last counter, which Noise reserves: here it stands for a key that is over. */
const RESERVED_HALF = 0xffff_ffff;

const NOTHING = new Uint8Array(0);

/** One key and how often it was used. No counter serves twice: that would give the key away. */
export class Cipher {
  readonly #key: Uint8Array;
  readonly #nonce = new Uint8Array(NONCE_BYTES);
  /** The counter, as two halves: a number loses its last digits before 2^64. */
  #low: number;
  #high: number;

  /** Copies `key`, 32 bytes. Tests let the counter start elsewhere than at 0. */
  constructor(key: Uint8Array, counter: bigint = 0n) {
    this.#key = key.slice();
    this.#low = Number(counter & 0xffff_ffffn);
    this.#high = Number(counter >> 32n);
  }

  /**
   * Seals `plain` into `sealed`, which must be exactly {@linkcode MAC_BYTES} longer.
   *
   * @throws RangeError if the key was erased or all counters are used up.
   */
  seal(plain: Uint8Array, sealed: Uint8Array, associated: Uint8Array = NOTHING): void {
    chacha20poly1305(this.#key, this.#nextNonce(), associated).encrypt(plain, sealed);
  }

  /**
   * Opens `sealed` into `plain`, which must be exactly {@linkcode MAC_BYTES} shorter.
   *
   * @returns whether the bytes are those that were sealed with this key, counter and `associated`.
   * If not, the key is erased: nothing that follows can be opened.
   * @throws RangeError if the key was erased or all counters are used up.
   */
  open(sealed: Uint8Array, plain: Uint8Array, associated: Uint8Array = NOTHING): boolean {
    const cipher = chacha20poly1305(this.#key, this.#nextNonce(), associated);
    try {
      cipher.decrypt(sealed, plain);
      return true;
    } catch {
      this.erase();
      return false;
    }
  }

  /** Overwrites the key. Afterwards this cipher refuses its service. */
  erase(): void {
    this.#key.fill(0);
    this.#low = this.#high = RESERVED_HALF;
  }

  #nextNonce(): Uint8Array {
    if (this.#low === RESERVED_HALF && this.#high === RESERVED_HALF) {
      throw new RangeError(
        "Cannot use a key of Noise: it was erased, or all its counters are used up",
      );
    }
    const nonce = this.#nonce;
    for (let i = 0; i < 4; i++) {
      nonce[COUNTER_AT + i] = this.#low >>> 8 * i;
      nonce[COUNTER_AT + 4 + i] = this.#high >>> 8 * i;
    }
    this.#low = (this.#low + 1) >>> 0;
    if (this.#low === 0) this.#high++;
    return nonce;
  }
}
