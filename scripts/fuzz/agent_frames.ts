/** Fuzz target: frames of the agent protocol, both directions, however they are cut. */

import assert from "node:assert/strict";
import {
  type AgentMessage,
  decodeAgentFrame,
  decodePoolFrame,
  encodeRegister,
  encodeSetDifficulty,
  encodeVerdict,
  MAX_REGISTER_BYTES,
  MAX_SUBMIT_BYTES,
  UNREGISTER_BYTES,
  writeSubmit,
  writeUnregister,
} from "../../lib/protocol/agent/message.ts";
import { PoolStreamDecoder } from "../../lib/protocol/agent/stream.ts";
import { PoolFault, ProtocolViolation } from "../../lib/base/violation.ts";
import { chunksOf, type Dice, type FuzzTarget, joined, mutate } from "./target.ts";

/** Longer lines are refused; the bound is low so that inputs reach it. */
const MAX_LINE_BYTES = 60;

const COMMANDS = [0x00, 0x01, 0x01, 0x02, 0x03, 0x04, 0x05, 0x05, 0x10, 0x12, 0x13, 0x33, 0x7f];

function frame(dice: Dice): Uint8Array {
  const number = () => dice.below(2 ** 32);
  switch (dice.below(7)) {
    case 0:
      return encodeVerdict(dice.below(65536), number());
    case 1:
      return encodeSetDifficulty(dice.below(64), dice.many(8, () => dice.below(65535)));
    case 2:
      return encodeRegister(
        dice.below(65535),
        "a".repeat(dice.below(31)),
        "w".repeat(dice.below(51)),
      );
    case 3: {
      const bytes = new Uint8Array(MAX_SUBMIT_BYTES);
      const end = writeSubmit(new DataView(bytes.buffer), 0, {
        jobId: dice.below(256),
        sessionId: dice.below(65535),
        extranonce2: number(),
        nonce: number(),
        ntime: dice.oneIn(2) ? undefined : number(),
        versionBits: dice.oneIn(2) ? 0 : number(),
      });
      return bytes.subarray(0, end);
    }
    case 4: {
      const bytes = new Uint8Array(UNREGISTER_BYTES);
      writeUnregister(new DataView(bytes.buffer), 0, dice.below(65535));
      return bytes;
    }
    case 5:
      return Uint8Array.from("x".repeat(dice.below(70)) + "\r\n", (char) => char.charCodeAt(0));
    default: {
      const body = dice.bytes(dice.below(30));
      const length = dice.oneIn(2) ? body.length + 4 : dice.below(40);
      return joined(Uint8Array.of(0x7f, dice.pick(COMMANDS), length & 0xff, length >> 8), body);
    }
  }
}

/** Frames of the agent protocol. */
export const AGENT_FRAMES: FuzzTarget = {
  name: "agent-frames",

  generate(dice) {
    return mutate(dice, joined(...dice.many(5, () => frame(dice))));
  },

  run(input) {
    const whole = [...piecesOf([input])];
    const cut = [...piecesOf(chunksOf(input))];
    assert.deepEqual(cut, whole, "cuts change nothing");
    for (const piece of whole) if (typeof piece !== "string" && piece[0] === 0x7f) decode(piece);
  },
};

/** The frames and lines of a stream, copied, and the code of what ended it. */
function* piecesOf(chunks: Iterable<Uint8Array>): Generator<Uint8Array | string> {
  const decoder = new PoolStreamDecoder(PoolFault, MAX_LINE_BYTES);
  try {
    for (const chunk of chunks) {
      decoder.push(chunk);
      for (let piece = decoder.next(); piece; piece = decoder.next()) yield piece.bytes.slice();
    }
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error;
    yield error.code;
  }
}

/** Both directions; every decoded message must encode to the same bytes. */
function decode(frame: Uint8Array): void {
  const fromPool = orViolation(() => decodePoolFrame(frame));
  if (fromPool?.kind === "verdict") {
    assert.deepEqual(encodeVerdict(fromPool.index, fromPool.status), frame);
  } else if (fromPool?.kind === "setDifficulty") {
    assert.deepEqual(encodeSetDifficulty(fromPool.exponent, fromPool.sessionIds), frame);
  }
  const fromAgent = orViolation(() => decodeAgentFrame(frame));
  if (fromAgent !== undefined) encodeAgain(fromAgent, frame);
}

function encodeAgain(message: AgentMessage, frame: Uint8Array): void {
  const bytes = new Uint8Array(MAX_REGISTER_BYTES);
  const view = new DataView(bytes.buffer);
  switch (message.kind) {
    case "register":
      assert.ok(message.clientAgent.length + message.workerName.length < frame.length);
      return;
    case "unregister":
      writeUnregister(view, 0, message.sessionId);
      assert.deepEqual(bytes.subarray(0, frame.length), frame);
      return;
    case "submit": {
      // Bits that are all 0 may be written out by others; we leave them out.
      if (message.versionBits === 0 && (frame[1]! & 0x10) !== 0) return;
      const end = writeSubmit(view, 0, message);
      assert.deepEqual(bytes.subarray(0, end), frame);
    }
  }
}

function orViolation<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof ProtocolViolation) return undefined;
    throw error;
  }
}
