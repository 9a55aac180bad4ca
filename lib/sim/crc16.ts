/**
 * CRC-16 with the polynomial 0x1021, which Avalon uses to tell jobs apart.
 */

/** Returns the checksum of an ASCII text: 0..65535. */
export function crc16(text: string): number {
  let crc = 0;
  for (let i = 0; i < text.length; i++) {
    crc ^= text.charCodeAt(i) << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x8000) === 0 ? crc << 1 : crc << 1 ^ 0x1021;
    }
    crc &= 0xffff;
  }
  return crc;
}
