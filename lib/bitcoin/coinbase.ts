/**
 * Reads the outputs of a coinbase transaction; pure.
 *
 * Pools send the transaction without its witness: version (4 bytes), a single input (36 bytes of
 * previous output, script with its length, 4 bytes of sequence), outputs (8 bytes of value, script
 * with its length), lock time (4 bytes). Counts and lengths are Bitcoin's "compact sizes".
 */

/** One output. */
export interface CoinbaseOutput {
  /** In satoshi. */
  readonly value: bigint;
  /** Its script in hex, which says who is paid. */
  readonly script: string;
}

/** Bytes of an output with an empty script: bounds the number of outputs that can fit. */
const MIN_OUTPUT_BYTES = 9;
const VERSION_BYTES = 4;
const PREVIOUS_OUTPUT_BYTES = 36;
const SEQUENCE_BYTES = 4;
const LOCK_TIME_BYTES = 4;

/** An output whose script begins with this byte (OP_RETURN) cannot be spent. */
const UNSPENDABLE = "6a";

/**
 * The outputs of a coinbase transaction, in order.
 *
 * @param coinbase all of its bytes; the extranonces may have any value.
 * @returns `undefined` unless the bytes are exactly one such transaction.
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

/** The lengths that a coinbase's input script may have by consensus, in bytes. */
const MIN_SCRIPT_BYTES = 2;
const MAX_SCRIPT_BYTES = 100;

/** The previous output of a coinbase: none. */
const NO_PREVIOUS_OUTPUT = "00".repeat(32) + "ffffffff";

/**
 * Where the input script of a coinbase transaction is in its bytes.
 *
 * @returns `undefined` unless the bytes are one whole coinbase transaction that a node would accept
 * as far as its form goes: a single input without a previous output, a script of 2 to 100 bytes, at
 * least one output.
 */
export function coinbaseScript(
  coinbase: Uint8Array,
): { readonly start: number; readonly end: number } | undefined {
  const outputs = coinbaseOutputs(coinbase);
  if (outputs === undefined || outputs.length === 0) return undefined;
  // Exactly one input, so its count took one byte; a script of at most 100 bytes has a length of
  // one byte.
  const previous = VERSION_BYTES + 1;
  const start = previous + PREVIOUS_OUTPUT_BYTES + 1;
  const bytes = coinbase[start - 1]!;
  const isCoinbase = coinbase[VERSION_BYTES] === 1 &&
    coinbase.subarray(previous, previous + PREVIOUS_OUTPUT_BYTES).toHex() === NO_PREVIOUS_OUTPUT;
  if (!isCoinbase || bytes < MIN_SCRIPT_BYTES || bytes > MAX_SCRIPT_BYTES) return undefined;
  return { start, end: start + bytes };
}

/** The scripts that a coinbase pays, each once; `undefined` like {@linkcode coinbaseOutputs}. */
export function paidScripts(coinbase: Uint8Array): ReadonlySet<string> | undefined {
  const outputs = coinbaseOutputs(coinbase);
  if (outputs === undefined) return undefined;
  const paid = outputs.filter(({ value, script }) => value > 0n && !script.startsWith(UNSPENDABLE));
  return new Set(paid.map(({ script }) => script));
}

/** Reads the bytes in order; a read past the end returns nothing and makes `left` negative. */
class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Bytes not read yet; negative after a read past the end. */
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

  /** A compact size. A value too large for any transaction stays larger than `left`. */
  size(): number {
    if (!this.#has(1)) return 0;
    const first = this.#bytes[this.#at - 1]!;
    if (first < 0xfd) return first;
    if (first === 0xfd) return this.#has(2) ? this.#view.getUint16(this.#at - 2, true) : 0;
    if (first === 0xfe) return this.#has(4) ? this.#view.getUint32(this.#at - 4, true) : 0;
    return this.#has(8) ? Number(this.#view.getBigUint64(this.#at - 8, true)) : 0;
  }

  /** Moves on by `count` bytes. @returns whether there were enough bytes. */
  #has(count: number): boolean {
    this.#at += count;
    return this.left >= 0;
  }
}
