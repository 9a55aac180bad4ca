/**
 * The frame of Stratum V2 before it is sealed: a 6-byte header, then the payload.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | extension type; bit 15 set: the payload begins with the id of a channel |
 * | 2 | 1 | message type |
 * | 3 | 3 | bytes of the payload |
 *
 * Integers are little-endian. See sv2.md.
 */

import type { FaultClass } from "../../base/violation.ts";

/** Bytes of the header. */
export const FRAME_HEADER_BYTES = 6;

/** The longest payload accepted, in bytes. The largest one with a use, a job, has 139,253. */
export const MAX_MESSAGE_BYTES = 262_144;

/** The bit of the extension type that says: the payload begins with the id of a channel. */
export const CHANNEL_MESSAGE_BIT = 0x8000;

/** Where a header has its fields: offsets from its start. */
const AT = { extensionType: 0, messageType: 2, bytes: 3 } as const;

/** A header's fields. */
export interface FrameHeader {
  /** 16 bits, {@linkcode CHANNEL_MESSAGE_BIT} included. */
  readonly extensionType: number;
  /** 8 bits. */
  readonly messageType: number;
  /** Bytes of the payload, at most {@linkcode MAX_MESSAGE_BYTES}. */
  readonly payloadBytes: number;
}

/** A whole frame, as it is after opening the seals. */
export interface Frame {
  /** 16 bits, {@linkcode CHANNEL_MESSAGE_BIT} included. */
  readonly extensionType: number;
  /** 8 bits. */
  readonly messageType: number;
  /** Only needs to stay unchanged while the message is decoded. */
  readonly payload: Uint8Array;
}

/** Writes a header at `at`. */
export function writeFrameHeader(
  out: DataView,
  at: number,
  extensionType: number,
  messageType: number,
  payloadBytes: number,
): void {
  out.setUint16(at + AT.extensionType, extensionType, true);
  out.setUint8(at + AT.messageType, messageType);
  out.setUint16(at + AT.bytes, payloadBytes & 0xffff, true);
  out.setUint8(at + AT.bytes + 2, payloadBytes >>> 16);
}

/**
 * Reads the header at `at`.
 *
 * @throws `fault` `frame-too-long` for a payload of more than {@linkcode MAX_MESSAGE_BYTES}.
 */
export function readFrameHeader(view: DataView, at: number, fault: FaultClass): FrameHeader {
  const extensionType = view.getUint16(at + AT.extensionType, true);
  const messageType = view.getUint8(at + AT.messageType);
  const payloadBytes = view.getUint16(at + AT.bytes, true) | view.getUint8(at + AT.bytes + 2) << 16;
  if (payloadBytes > MAX_MESSAGE_BYTES) {
    throw new fault(
      "frame-too-long",
      `Cannot read a Stratum V2 frame: message 0x${messageType.toString(16).padStart(2, "0")} ` +
        `has ${payloadBytes} bytes, at most ${MAX_MESSAGE_BYTES} are allowed`,
    );
  }
  return { extensionType, messageType, payloadBytes };
}
