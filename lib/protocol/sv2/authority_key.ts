/**
 * The key by which a pool proves who it is, as it stands in the pool's address: base58 of a 2-byte
 * version, the 32-byte x coordinate of a point on secp256k1, and a 4-byte checksum.
 *
 * Only read at configuration time, so plain big integers are fast enough and no library is needed.
 */

import { doubleSha256 } from "../../bitcoin/sha256.ts";

/** Version 1 as 16 bits, the low byte first. */
const VERSION = Uint8Array.of(0x01, 0x00);

const KEY_BYTES = 32;
const CHECKSUM_BYTES = 4;
const ALL_BYTES = VERSION.length + KEY_BYTES + CHECKSUM_BYTES;

const BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** With this version in front, every key has as many characters and begins with a 9. */
const KEY_CHARACTERS = 51;

/** secp256k1's prime: points have y² = x³ + 7 modulo it. */
const FIELD_PRIME = 2n ** 256n - 2n ** 32n - 977n;

/** A key, or what is wrong with the text. */
export type AuthorityKeyResult =
  | {
    readonly ok: true;
    /** The point's x coordinate, 32 bytes, the most significant first. */
    readonly key: Uint8Array;
  }
  | { readonly ok: false; readonly found: string; readonly wanted: string };

/** Reads the text after the `/` of a pool's address. */
export function parseAuthorityKey(text: string): AuthorityKeyResult {
  const stray = /[^1-9A-HJ-NP-Za-km-z]/u.exec(text);
  if (stray !== null) {
    return wrong(
      `${JSON.stringify(stray[0])} in the authority key`,
      "letters and digits without 0, O, I and l",
    );
  }
  if (text.length !== KEY_CHARACTERS) {
    return wrong(`an authority key of ${text.length} characters`, `${KEY_CHARACTERS} characters`);
  }
  const bytes = fromBase58(text);
  if (bytes.length !== ALL_BYTES) {
    return wrong(`an authority key of ${bytes.length} bytes`, `${ALL_BYTES} bytes`);
  }
  const body = bytes.subarray(0, ALL_BYTES - CHECKSUM_BYTES);
  const version = body.subarray(0, VERSION.length).toHex();
  if (version !== VERSION.toHex()) {
    return wrong(
      `an authority key of version ${version}`,
      `${VERSION.toHex()}, with which a key begins with 9`,
    );
  }
  const checksum = bytes.subarray(body.length).toHex();
  const expected = checksumOf(body).toHex();
  if (checksum !== expected) {
    return wrong(
      `an authority key with checksum ${checksum}`,
      `${expected}: a character is wrong, so copy the key again`,
    );
  }
  const key = body.slice(VERSION.length);
  if (!isOnCurve(key)) {
    return wrong("an authority key that is no point of secp256k1", "a key that the pool publishes");
  }
  return { ok: true, key };
}

/**
 * Prints a key as it stands in a pool's address.
 *
 * @param key 32 bytes, the most significant first.
 */
export function formatAuthorityKey(key: Uint8Array): string {
  const bytes = new Uint8Array(ALL_BYTES);
  bytes.set(VERSION);
  bytes.set(key, VERSION.length);
  const body = bytes.subarray(0, ALL_BYTES - CHECKSUM_BYTES);
  bytes.set(checksumOf(body), body.length);
  return toBase58(bytes);
}

function wrong(found: string, wanted: string): AuthorityKeyResult {
  return { ok: false, found, wanted };
}

function checksumOf(body: Uint8Array): Uint8Array {
  return doubleSha256(body).subarray(0, CHECKSUM_BYTES);
}

/** Of a text of base58 characters only; a leading 1 is a leading byte 0. */
function fromBase58(text: string): Uint8Array {
  let number = 0n;
  for (const character of text) number = number * 58n + BigInt(BASE58.indexOf(character));
  const digits = number === 0n ? "" : number.toString(16);
  const zeros = /^1*/.exec(text)![0].length;
  return Uint8Array.fromHex("00".repeat(zeros) + (digits.length % 2 === 0 ? "" : "0") + digits);
}

/** Of bytes of which the first is not 0. */
function toBase58(bytes: Uint8Array): string {
  let text = "";
  for (let number = BigInt(`0x${bytes.toHex()}`); number > 0n; number /= 58n) {
    text = BASE58[Number(number % 58n)] + text;
  }
  return text;
}

/** Euler's criterion: whether x³ + 7 is a square modulo the prime. */
function isOnCurve(key: Uint8Array): boolean {
  const x = BigInt(`0x${key.toHex()}`);
  if (x >= FIELD_PRIME) return false;
  let base = (x ** 3n + 7n) % FIELD_PRIME;
  let power = 1n;
  for (let exponent = (FIELD_PRIME - 1n) / 2n; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) power = power * base % FIELD_PRIME;
    base = base * base % FIELD_PRIME;
  }
  return power === 1n;
}
