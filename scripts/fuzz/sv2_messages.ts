/** Fuzz target: plain frames of Stratum V2, read as messages of both sides. */

import assert from "node:assert/strict";
import { PoolFault, ProtocolViolation } from "../../lib/base/violation.ts";
import {
  type AgentMessage,
  decodeAgentMessage,
  encodeAgentMessage,
} from "../../lib/protocol/sv2/agent_message.ts";
import { type Frame, FRAME_HEADER_BYTES, readFrameHeader } from "../../lib/protocol/sv2/frame.ts";
import {
  decodePoolMessage,
  encodePoolMessage,
  type KnownPoolMessage,
  type PoolMessage,
} from "../../lib/protocol/sv2/pool_message.ts";
import { MAX_SHARE_FRAME_BYTES, writeShare } from "../../lib/protocol/sv2/share.ts";
import { plainFrame } from "./sv2_frame.ts";
import { type FuzzTarget, joined, mutate, Reached } from "./target.ts";

const UNKNOWN = "an unknown message";

const reached = new Reached({ "a message": 0.5, "a refusal": 0.05, [UNKNOWN]: 0.02 });

/** Messages in frames without seals. */
export const SV2_MESSAGES: FuzzTarget = {
  name: "sv2-messages",
  reached,

  generate(dice) {
    const stream = joined(plainFrame(dice), ...dice.many(2, () => plainFrame(dice)));
    return dice.oneIn(8) ? mutate(dice, stream) : stream;
  },

  run(input) {
    reached.input();
    const stages = new Set<string>();
    for (const frame of framesIn(input)) {
      // Nearly all are messages of one side alone.
      const stage = checkPoolMessage(frame);
      const other = checkAgentMessage(frame);
      stages.add(stage === UNKNOWN ? other : stage);
    }
    for (const stage of stages) reached.count(stage);
  },
};

/** The whole frames of a stream, up to one that is too long. */
function* framesIn(stream: Uint8Array): Generator<Frame> {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  for (let at = 0; at + FRAME_HEADER_BYTES <= stream.length;) {
    const header = orFault(() => readFrameHeader(view, at, PoolFault), "frame-too-long");
    if (header === undefined) return;
    const { payloadBytes, ...types } = header;
    const start = at + FRAME_HEADER_BYTES;
    at = start + payloadBytes;
    if (at <= stream.length) yield { ...types, payload: stream.slice(start, at) };
  }
}

/** Reads a frame of a pool. @returns how far it got. */
export function checkPoolMessage(frame: Frame): string {
  const message = orFault(() => decodePoolMessage(frame), "bad-message");
  if (message === undefined) return "a refusal";
  checkSize(message, frame);
  if (message.kind === "unknown") return UNKNOWN;
  checkWrittenAgain(message, encodePoolMessage, decodePoolMessage);
  return "a message";
}

/** Reads a frame of ours, as a pool does. @returns how far it got. */
export function checkAgentMessage(frame: Frame): string {
  const message = orFault(() => decodeAgentMessage(frame), "bad-message");
  if (message === undefined) return "a refusal";
  checkSize(message, frame);
  if (message.kind === "unknown") return UNKNOWN;
  const bytes = checkWrittenAgain(message, encodeAgentMessage, decodeAgentMessage);
  if (message.kind === "submitSharesExtended" && bytes !== undefined) {
    const room = new Uint8Array(MAX_SHARE_FRAME_BYTES);
    const end = writeShare(new DataView(room.buffer), 0, message);
    assert.deepEqual(room.subarray(0, end), bytes, "both writers agree");
  }
  return "a message";
}

/**
 * What was read must be the same once it is written and read again. @returns the bytes; `undefined`
 * if a value cannot be written: texts get longer by replacement characters, names may have any
 * length, and the nearest double may be 2^64.
 */
function checkWrittenAgain<M extends KnownPoolMessage | AgentMessage>(
  message: M,
  encode: (message: M) => Uint8Array,
  decode: (frame: Frame) => unknown,
): Uint8Array | undefined {
  let bytes: Uint8Array;
  try {
    bytes = encode(message);
  } catch (error) {
    if (error instanceof RangeError && canBeUnwritable(message)) return undefined;
    throw error;
  }
  const [frame] = framesIn(bytes);
  assert.deepEqual(decode(frame!), message);
  return bytes;
}

function canBeUnwritable(message: KnownPoolMessage | AgentMessage): boolean {
  if (message.kind === "submitSharesExtended") return message.workerName !== undefined;
  if (message.kind === "submitSharesSuccess") return message.sharesSum === 2 ** 64;
  return Object.values(message).some((value) =>
    typeof value === "string" && value.includes("\ufffd")
  );
}

/** A message takes no more memory than its payload had. */
function checkSize({ kind, ...members }: PoolMessage | AgentMessage, { payload }: Frame): void {
  let bytes = 0;
  for (const value of Object.values<unknown>(members).flat()) {
    if (ArrayBuffer.isView(value)) bytes += value.buffer.byteLength;
    else if (typeof value === "string") bytes += value.length;
  }
  assert.ok(bytes <= payload.length, `${kind}: ${bytes} of ${payload.length} bytes`);
}

/** What `read` returns; `undefined` if it threw a violation with this code. */
function orFault<T>(read: () => T, code: string): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ProtocolViolation && error.code === code) return undefined;
    throw error;
  }
}
