/**
 * SHA-256 over 32-bit words, for mining in one process: it allocates nothing per hash and exposes
 * the state between two blocks, so that a nonce search hashes a header's first block only once.
 */

/** Bytes of one block. */
const BLOCK_BYTES = 64;

/** The constants of the 64 rounds. */
export const ROUND_CONSTANTS: readonly number[] = roundConstants(64);

const K = Int32Array.from(ROUND_CONSTANTS);

/** The 8 words of the state before the first block. */
export const INITIAL_STATE: readonly number[] = [
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
];

const INITIAL = Int32Array.from(INITIAL_STATE);

/** The message schedule of the current block; used only within {@linkcode compress}. */
const schedule = new Int32Array(64);

/** A new state for the first block: 8 words. */
export function initialState(): Int32Array {
  return INITIAL.slice();
}

/**
 * Mixes one block into `state`.
 *
 * @param block 16 words, each the big-endian number of 4 message bytes.
 */
export function compress(state: Int32Array, block: Int32Array): void {
  const w = schedule;
  for (let i = 0; i < 16; i++) w[i] = block[i]!;
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w[i] = w[i - 16]! + w[i - 7]! +
        ((x >>> 7 | x << 25) ^ (x >>> 18 | x << 14) ^ x >>> 3) +
        ((y >>> 17 | y << 15) ^ (y >>> 19 | y << 13) ^ y >>> 10) | 0;
  }
  let a = state[0]!, b = state[1]!, c = state[2]!, d = state[3]!;
  let e = state[4]!, f = state[5]!, g = state[6]!, h = state[7]!;
  for (let i = 0; i < 64; i++) {
    const t = h + ((e >>> 6 | e << 26) ^ (e >>> 11 | e << 21) ^ (e >>> 25 | e << 7)) +
        (g ^ e & (f ^ g)) + K[i]! + w[i]! | 0;
    const u = ((a >>> 2 | a << 30) ^ (a >>> 13 | a << 19) ^ (a >>> 22 | a << 10)) +
        (a & b | c & (a | b)) | 0;
    h = g;
    g = f;
    f = e;
    e = d + t | 0;
    d = c;
    c = b;
    b = a;
    a = t + u | 0;
  }
  state[0] = state[0]! + a;
  state[1] = state[1]! + b;
  state[2] = state[2]! + c;
  state[3] = state[3]! + d;
  state[4] = state[4]! + e;
  state[5] = state[5]! + f;
  state[6] = state[6]! + g;
  state[7] = state[7]! + h;
}

/** SHA-256 of SHA-256 of `bytes`: 32 bytes in Bitcoin's memory order. */
export function doubleSha256(bytes: Uint8Array): Uint8Array {
  return sha256(sha256(bytes));
}

function sha256(bytes: Uint8Array): Uint8Array {
  const state = initialState();
  const padded = new Uint8Array(Math.ceil((bytes.length + 9) / BLOCK_BYTES) * BLOCK_BYTES);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, bytes.length * 8);
  const block = new Int32Array(16);
  for (let at = 0; at < padded.length; at += BLOCK_BYTES) {
    for (let i = 0; i < 16; i++) block[i] = view.getInt32(at + i * 4);
    compress(state, block);
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let i = 0; i < 8; i++) out.setInt32(i * 4, state[i]!);
  return digest;
}

/** The first 32 fraction bits of the cube roots of the first `count` primes. */
function roundConstants(count: number): number[] {
  const constants: number[] = [];
  for (let n = 2; constants.length < count; n++) {
    let isPrime = true;
    for (let d = 2; d * d <= n; d++) isPrime &&= n % d !== 0;
    if (!isPrime) continue;
    // Exact: the integer cube root of n * 2^96, whose low 32 bits are the fraction.
    let root = BigInt(Math.floor(Math.cbrt(n) * 2 ** 32));
    const cube = BigInt(n) << 96n;
    while (root ** 3n > cube) root--;
    while ((root + 1n) ** 3n <= cube) root++;
    constants.push(Number(BigInt.asIntN(32, root)));
  }
  return constants;
}
