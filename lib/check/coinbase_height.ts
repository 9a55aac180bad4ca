/**
 * The height of the block that a job is for, from its coinbase (BIP 34); pure.
 */

/** Bytes before the length of the input's script: version, count of inputs, the output spent. */
const SCRIPT_AT = 4 + 1 + 36;

/** Heights need no more bytes for thousands of years. */
const MAX_HEIGHT_BYTES = 4;

/**
 * The height at the start of the script in coinbase part 1, in hex; `undefined` if it cannot be
 * read, such as in a coinbase that starts differently.
 */
export function heightOf(coinbase1: string): number | undefined {
  const at = (byte: number) => parseInt(coinbase1.slice(2 * byte, 2 * byte + 2), 16);
  // One input, which spends no output.
  if (coinbase1.slice(8, 10) !== "01" || !/^0{64}f{8}$/.test(coinbase1.slice(10, 82))) {
    return undefined;
  }
  const size = at(SCRIPT_AT + 1);
  if (!(size >= 1 && size <= MAX_HEIGHT_BYTES)) return undefined;
  let height = 0;
  for (let byte = size; byte >= 1; byte--) height = height * 256 + at(SCRIPT_AT + 1 + byte);
  return Number.isNaN(height) ? undefined : height;
}
