/**
 * What a coinbase transaction pays, as far as it can be read; pure.
 *
 * Pools send the transaction without its witness: version (4 bytes), the one input (36 bytes of
 * previous output, script with its length, 4 bytes of sequence), outputs (8 bytes of value, script
 * with its length), lock time (4 bytes). Counts and lengths are Bitcoin's "compact sizes".
 */

/** One output. */
export interface CoinbaseOutput {
  /** In satoshi. */
  readonly value: bigint;
  /** Whom it pays: the script, in hex. */
  readonly script: string;
}

/** Bytes of an output with an empty script: no transaction has more outputs than fit. */
const MIN_OUTPUT_BYTES = 9;
const VERSION_BYTES = 4;
const PREVIOUS_OUTPUT_BYTES = 36;
const SEQUENCE_BYTES = 4;
const LOCK_TIME_BYTES = 4;

/** A script that begins with this byte (OP_RETURN) can be spent by nobody. */
const UNSPENDABLE = "6a";

/**
 * The outputs of a coinbase transaction, in order.
 *
 * @param coinbase all of its bytes; those of the extranonces may be any.
 * @returns `undefined` unless the bytes are one such transaction, to the last of them.
 */
export function coinbaseOutputs(coinbase: Uint8Array): readonly CoinbaseOutput[] | undefined {
  const reader = new Reader(coinbase);
  reader.skip(VERSION_BYTES);
  if (reader.size() !== 1) return undefined;
  reader.skip(PREVIOUS_OUTPUT_BYTES);
  reader.skip(reader.size());
  reader.skip(SEQUENCE_BYTES);
  const count = reader.size();
  if (count * MIN_OUTPUT_BYTES > reader.left) return undefined;
  const outputs: CoinbaseOutput[] = [];
  while (outputs.length < count && reader.left > 0) {
    outputs.push({ value: reader.value(), script: reader.take(reader.size()).toHex() });
  }
  reader.skip(LOCK_TIME_BYTES);
  return outputs.length === count && reader.left === 0 ? outputs : undefined;
}

/** The scripts that a coinbase pays, each once; `undefined` as above. */
export function paidScripts(coinbase: Uint8Array): ReadonlySet<string> | undefined {
  const outputs = coinbaseOutputs(coinbase);
  if (outputs === undefined) return undefined;
  const paid = outputs.filter(({ value, script }) => value > 0n && !script.startsWith(UNSPENDABLE));
  return new Set(paid.map(({ script }) => script));
}

/** Reads on from byte to byte; after the end there is nothing, and `left` is below 0. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes that were not read yet; below 0 once more were wanted than there are. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  skip(count: number): void {
    this.#at += count;
  }

  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  value(): bigint {
    return this.#has(8) ? this.#view.getBigUint64(this.#at - 8, true) : 0n;
  }

  /** A compact size. What is too large for any transaction stays larger than what is left. */
  size(): number {
    if (!this.#has(1)) return 0;
    const first = this.#bytes[this.#at - 1]!;
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#has(2) ? this.#view.getUint16(this.#at - 2, true) : 0;
    if (first === 0xfe) return this.#has(4) ? this.#view.getUint32(this.#at - 4, true) : 0;
    return this.#has(8) ? Number(this.#view.getBigUint64(this.#at - 8, true)) : 0;
  }

  /** Goes on by `count` bytes. @returns whether there were as many. */
  #has(count: number): boolean {
    this.#at += count;
    return this.left >= 0;
  }
}
