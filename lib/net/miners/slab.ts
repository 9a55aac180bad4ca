/**
 * Read buffers for many connections, cut from large blocks: a typed array of its own for each
 * would cost more in bookkeeping than its bytes.
 */

/** Bytes of one buffer: a share is about 120, a pipelined handshake about 400. */
export const SLAB_BUFFER_BYTES = 256;

const BLOCK_BYTES = 1 << 20;

/** Lends buffers of {@linkcode SLAB_BUFFER_BYTES}; those given back are lent again first. */
export class Slab {
  readonly #free: Uint8Array[] = [];
  #block = new Uint8Array(0);
  #used = 0;

  /** A buffer, holding whatever it held before. */
  take(): Uint8Array {
    const given = this.#free.pop();
    if (given !== undefined) return given;
    if (this.#used === this.#block.length) {
      this.#block = new Uint8Array(BLOCK_BYTES);
      this.#used = 0;
    }
    this.#used += SLAB_BUFFER_BYTES;
    return this.#block.subarray(this.#used - SLAB_BUFFER_BYTES, this.#used);
  }

  /** Takes a buffer back. Nothing may read or write it afterwards. */
  give(buffer: Uint8Array): void {
    this.#free.push(buffer);
  }
}
