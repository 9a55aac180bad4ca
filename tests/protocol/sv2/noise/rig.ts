/** What tests of the handshake and of sealed frames share. */

import type { Timers } from "../../../../lib/base/clock.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../../../lib/protocol/sv2/frame.ts";
import type { FrameOpener } from "../../../../lib/protocol/sv2/noise/frame_opener.ts";
import type { FrameSealer } from "../../../../lib/protocol/sv2/noise/frame_sealer.ts";
import { sealedFrameBytes } from "../../../../lib/protocol/sv2/noise/sealed_frame.ts";

/** Turns without a wait. */
export const AT_ONCE: Pick<Timers, "after"> = {
  after: (_, act) => {
    act();
    return {};
  },
};

/** A frame of extension 0 with a payload of `length` bytes, each told from its neighbours. */
export function plainFrame(messageType: number, length: number): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + length);
  writeFrameHeader(new DataView(frame.buffer), 0, 0, messageType, length);
  for (let i = 0; i < length; i++) frame[FRAME_HEADER_BYTES + i] = i % 251;
  return frame;
}

/** The stream that a sealer makes of `frames`, in one buffer. */
export function sealAll(sealer: FrameSealer, frames: readonly Uint8Array[]): Uint8Array {
  const length = frames.reduce((sum, frame) => sum + sealedFrameBytes(frame.length), 0);
  const out = new DataView(new ArrayBuffer(length));
  frames.reduce((at, frame) => sealer.seal(frame, out, at), 0);
  return new Uint8Array(out.buffer);
}

/** A frame that was opened as the bytes it was before it was sealed. */
export function plainOf(
  { extensionType, messageType, payload }: NonNullable<ReturnType<FrameOpener["next"]>>,
): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
  writeFrameHeader(
    new DataView(frame.buffer),
    0,
    extensionType,
    messageType,
    payload.length,
  );
  frame.set(payload, FRAME_HEADER_BYTES);
  return frame;
}

/** The one frame in `stream`. */
export function openOne(opener: FrameOpener, stream: Uint8Array): Uint8Array {
  opener.push(stream);
  const frame = opener.next();
  if (frame === undefined) throw new Error("The stream holds less than a frame");
  const plain = plainOf(frame);
  if (opener.next() !== undefined) throw new Error("The stream holds more than a frame");
  return plain;
}
