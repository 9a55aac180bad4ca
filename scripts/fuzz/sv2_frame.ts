/**
 * Makes plain frames of Stratum V2, mostly good ones, out of the layouts of all messages.
 */

import * as channel from "../../lib/protocol/sv2/channel.ts";
import * as extension from "../../lib/protocol/sv2/extension.ts";
import {
  B0_32,
  B0_64K,
  BOOL,
  F32,
  type Field,
  OPTION_U32,
  SEQ0_255_U256,
  SEQ0_64K_U16,
  SEQ0_64K_U32,
  STR0_255,
  U16,
  U256,
  U32,
  U32_OR_ABSENT,
  U64,
  U8,
} from "../../lib/protocol/sv2/field.ts";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../lib/protocol/sv2/frame.ts";
import * as job from "../../lib/protocol/sv2/job.ts";
import type { Layout, Message } from "../../lib/protocol/sv2/layout.ts";
import * as setup from "../../lib/protocol/sv2/setup.ts";
import * as share from "../../lib/protocol/sv2/share.ts";
import { WORKER_NAME_TLV } from "../../lib/protocol/sv2/worker_name.ts";
import { type Dice, joined, mutate } from "./target.ts";

/** A layout whose message's type does not matter. */
type AnyLayout = Omit<Layout<Message>, "fields"> & {
  readonly fields: Readonly<Record<string, Field<unknown>>>;
};

/** Of every message of both sides. */
const LAYOUTS: readonly AnyLayout[] = [setup, channel, job, share, extension]
  .flatMap((module) => Object.values<unknown>(module))
  .filter((value): value is AnyLayout =>
    typeof value === "object" && value !== null && "fields" in value
  );

/** Makes bytes of a type of field; a few of them are wrong. */
const BYTES_OF: ReadonlyMap<unknown, (dice: Dice) => Uint8Array> = new Map<
  unknown,
  (dice: Dice) => Uint8Array
>([
  [BOOL, (dice) => dice.bytes(1)],
  [U8, (dice) => dice.bytes(1)],
  [U16, (dice) => number(dice, 2)],
  [U32, (dice) => number(dice, 4)],
  [U64, (dice) => number(dice, 8)],
  [U32_OR_ABSENT, (dice) => dice.oneIn(4) ? new Uint8Array(0) : number(dice, 4)],
  [F32, hashrate],
  [U256, (dice) => dice.oneIn(3) ? new Uint8Array(32).fill(0xff) : dice.bytes(32)],
  [STR0_255, text],
  [B0_32, (dice) => counted(dice, 1, 1, dice.oneIn(20) ? 40 : 32)],
  [B0_64K, (dice) => counted(dice, 2, 1, dice.oneIn(50) ? 70_000 : 120)],
  [OPTION_U32, option],
  [SEQ0_255_U256, (dice) => counted(dice, 1, 32, dice.oneIn(50) ? 255 : 14)],
  [SEQ0_64K_U16, (dice) => counted(dice, 2, 2, dice.oneIn(50) ? 3000 : 6)],
  [SEQ0_64K_U32, (dice) => counted(dice, 2, 4, dice.oneIn(50) ? 3000 : 6)],
  [WORKER_NAME_TLV, tlvs],
]);

/** A plain frame: mostly a whole message. */
export function plainFrame(dice: Dice): Uint8Array {
  const layout = dice.pick(LAYOUTS);
  const fields = Object.values(layout.fields).map((field) => BYTES_OF.get(field)!(dice));
  const payload = dice.oneIn(4) ? mutate(dice, joined(...fields)) : joined(...fields);
  const bit = layout.isChannelMessage === !dice.oneIn(8) ? 0x8000 : 0;
  const extension = dice.oneIn(20) ? dice.below(4) : layout.extension;
  const type = dice.oneIn(20) ? dice.below(256) : layout.type;
  return framed(extension | bit, type, payload);
}

/** The frame of a payload. */
function framed(extensionType: number, messageType: number, payload: Uint8Array): Uint8Array {
  const header = new Uint8Array(FRAME_HEADER_BYTES);
  writeFrameHeader(new DataView(header.buffer), 0, extensionType, messageType, payload.length);
  return joined(header, payload);
}

/** Small ones are ids that come back. */
function number(dice: Dice, size: number): Uint8Array {
  if (dice.oneIn(2)) return dice.bytes(size);
  const bytes = new Uint8Array(size);
  bytes[0] = dice.below(4);
  return bytes;
}

function hashrate(dice: Dice): Uint8Array {
  if (dice.oneIn(8)) return dice.bytes(4);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, dice.below(2 ** 32) * 10 ** dice.below(20), true);
  return bytes;
}

function text(dice: Dice): Uint8Array {
  if (dice.oneIn(6)) return counted(dice, 1, 1, 255);
  const length = dice.below(24);
  return joined(Uint8Array.of(length), new Uint8Array(length).map(() => 0x61 + dice.below(26)));
}

function option(dice: Dice): Uint8Array {
  const count = dice.oneIn(10) ? dice.below(256) : dice.below(2);
  return joined(Uint8Array.of(count), count === 1 ? number(dice, 4) : new Uint8Array(0));
}

/** A count in `size` bytes, then that number of elements; now and then another number of them. */
function counted(dice: Dice, size: 1 | 2, elementBytes: number, most: number): Uint8Array {
  const count = Math.min(dice.below(most + 1), 256 ** size - 1);
  const found = dice.oneIn(20) ? dice.below(most + 1) : count;
  const length = Uint8Array.of(count & 0xff, count >> 8).subarray(0, size);
  const elements = found > 300
    ? new Uint8Array(found * elementBytes).fill(dice.below(256))
    : dice.bytes(found * elementBytes);
  return joined(length, elements);
}

/** What may stand behind a share: nothing, a worker's name, something else. */
function tlvs(dice: Dice): Uint8Array {
  return joined(...dice.many(2, () => {
    if (dice.oneIn(8)) return dice.bytes(dice.below(12));
    const head = Uint8Array.of(dice.oneIn(4) ? dice.below(4) : 2, 0, dice.oneIn(6) ? 2 : 1);
    return joined(head, counted(dice, 2, 1, dice.oneIn(8) ? 60 : 32));
  }));
}
