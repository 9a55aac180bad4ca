/**
 * How a frame of Stratum V2 is sealed: its header by itself, then its payload in pieces.
 *
 * Each seal takes the next counter of its direction and adds 16 bytes. A payload of no bytes has no
 * piece.
 */

import { FRAME_HEADER_BYTES } from "../frame.ts";
import { MAC_BYTES } from "./cipher.ts";

/** The longest piece of a payload before it is sealed, in bytes. */
export const MAX_PIECE_BYTES: number = 0xffff - MAC_BYTES;

/** The length of a sealed header. */
export const SEALED_HEADER_BYTES: number = FRAME_HEADER_BYTES + MAC_BYTES;

/** The length of a payload of `payloadBytes` once it is sealed. */
export function sealedPayloadBytes(payloadBytes: number): number {
  return payloadBytes + MAC_BYTES * Math.ceil(payloadBytes / MAX_PIECE_BYTES);
}

/** The length of a frame of `frameBytes`, header included, once it is sealed. */
export function sealedFrameBytes(frameBytes: number): number {
  return SEALED_HEADER_BYTES + sealedPayloadBytes(frameBytes - FRAME_HEADER_BYTES);
}
