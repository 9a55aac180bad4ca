/**
 * The frame of the agent protocol: a 4-byte header, then the body its command says.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 1 | 0x7F |
 * | 1 | 1 | command |
 * | 2 | 2 | length of the whole frame, little-endian |
 *
 * See agent.md.
 */

/** First byte of every frame; no line begins with it. */
export const FRAME_MAGIC = 0x7f;

/** Bytes of the header; no frame is shorter. */
export const FRAME_HEADER_BYTES = 4;

/** The longest frame a 16-bit length can state. */
export const MAX_FRAME_BYTES = 0xffff;

/** The commands a Bitcoin agent and its pool use. */
export const COMMAND = {
  register: 0x01,
  submit: 0x02,
  submitWithTime: 0x03,
  unregister: 0x04,
  setDifficulty: 0x05,
  verdict: 0x10,
  submitWithVersion: 0x12,
  submitWithTimeAndVersion: 0x13,
} as const;

/** Writes a header at `at`. */
export function writeFrameHeader(
  out: DataView,
  at: number,
  command: number,
  length: number,
): void {
  out.setUint8(at, FRAME_MAGIC);
  out.setUint8(at + 1, command);
  out.setUint16(at + 2, length, true);
}

/** A `DataView` over the same bytes as `bytes`. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
