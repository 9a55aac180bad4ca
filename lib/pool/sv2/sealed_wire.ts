/**
 * How messages are written on a sealed connection: each gets its seal, and each share its sequence
 * number, at the moment it is written, because both count what was sent before.
 */

import type { Outbox } from "../../net/pools/outbox.ts";
import type { FrameSealer } from "../../protocol/sv2/noise/frame_sealer.ts";
import { sealedFrameBytes } from "../../protocol/sv2/noise/sealed_frame.ts";
import { setSequenceNumber } from "../../protocol/sv2/share.ts";
import type { Wire } from "../outgoing.ts";
import type { Outstanding } from "./outstanding.ts";

/** Writes the frames of one connection. */
export class SealedWire implements Wire {
  /** Pools acknowledge many shares at once, some only after hundreds. */
  readonly maxUnheardBytes: number = 64 * 1024;
  readonly #sealer: FrameSealer;
  readonly #outstanding: Pick<Outstanding, "sent">;

  /** Numbers shares by `outstanding`. */
  constructor(sealer: FrameSealer, outstanding: Pick<Outstanding, "sent">) {
    this.#sealer = sealer;
    this.#outstanding = outstanding;
  }

  sizeOf(frame: Uint8Array): number {
    return sealedFrameBytes(frame.length);
  }

  append(outbox: Outbox, frame: Uint8Array, serial: number | undefined): void {
    if (serial !== undefined) setSequenceNumber(frame, this.#outstanding.sent(serial));
    const at = outbox.reserve(sealedFrameBytes(frame.length));
    this.#sealer.seal(frame, outbox.view, at);
  }
}
