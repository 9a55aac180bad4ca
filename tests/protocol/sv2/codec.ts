/**
 * Both sides' messages, in tests: how they are written and read.
 */

import assert from "node:assert/strict";
import { PoolFault, ProtocolViolation } from "../../../lib/base/violation.ts";
import {
  type AgentMessage,
  decodeAgentMessage,
  encodeAgentMessage,
} from "../../../lib/protocol/sv2/agent_message.ts";
import {
  type Frame,
  FRAME_HEADER_BYTES,
  readFrameHeader,
} from "../../../lib/protocol/sv2/frame.ts";
import {
  decodePoolMessage,
  encodePoolMessage,
  type KnownPoolMessage,
  type PoolMessage,
} from "../../../lib/protocol/sv2/pool_message.ts";

export type AnyMessage = PoolMessage | AgentMessage;

/** How one side's messages are written and read. */
export interface Side {
  readonly decode: (frame: Frame) => AnyMessage;
  readonly encode: (message: AnyMessage) => Uint8Array;
}

export const POOL: Side = {
  decode: decodePoolMessage,
  encode: (message) => encodePoolMessage(message as KnownPoolMessage),
};

export const AGENT: Side = {
  decode: decodeAgentMessage,
  encode: (message) => encodeAgentMessage(message as AgentMessage),
};

/** The frame in these bytes, header included; it says its own length. */
export function framed(bytes: Uint8Array): Frame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { extensionType, messageType, payloadBytes } = readFrameHeader(view, 0, PoolFault);
  assert.equal(payloadBytes, bytes.length - FRAME_HEADER_BYTES);
  return { extensionType, messageType, payload: bytes.slice(FRAME_HEADER_BYTES) };
}

/** Asserts that reading ends in the protocol's own error, and returns it. */
export function refusalOf(read: () => unknown): ProtocolViolation {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation, String(error));
    assert.equal(error.code, "bad-message");
    return error;
  }
  throw new assert.AssertionError({ message: "It was read without an error" });
}
