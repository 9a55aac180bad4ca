/**
 * 32-bit numbers as Stratum writes them: lower-case hex, most significant digit first.
 */

const DIGITS = 8;

/**
 * Prints an unsigned 32-bit number as exactly 8 lower-case hex digits.
 *
 * @param value 0..0xffffffff; other numbers are taken modulo 2^32.
 */
export function formatHex32(value: number): string {
  return (value >>> 0).toString(16).padStart(DIGITS, "0");
}

/**
 * Reads 1 to 8 hex digits of either case as an unsigned 32-bit number.
 *
 * @returns `undefined` for anything else: no digits, more than 8, a sign, a blank, `0x`.
 */
export function parseHex32(text: string): number | undefined {
  return /^[0-9a-fA-F]{1,8}$/.test(text) ? parseInt(text, 16) : undefined;
}

/** Whether `text` is `bytes` whole bytes of hex, in either case. */
export function isHexBytes(text: string, bytes: number): boolean {
  return text.length === bytes * 2 && isHex(text);
}

/** Whether `text` holds hex digits only, an even number of them. The empty text counts. */
export function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(text);
}
