/**
 * The binary messages of the agent protocol: for each, its type, encoder and decoder side by side.
 *
 * Integers are little-endian. Encoders write into a buffer of the caller's and return where the
 * next message goes. See agent.md for the tables and example bytes.
 */

import { COMMAND, FRAME_MAGIC, MAX_FRAME_BYTES, viewOf, writeFrameHeader } from "./frame.ts";
import { PoolFault } from "../../base/violation.ts";

/** The highest session id an agent may give a miner; 0xffff means "no session". */
export const MAX_SESSION_ID = 0xfffe;

/** The pool silently drops a register frame longer than this. */
export const MAX_REGISTER_BYTES = 100;

/** The largest exponent a difficulty can have: 2^63 is the last a pool's 64 bits can hold. */
export const MAX_DIFFICULTY_EXPONENT = 63;

/** Bytes of an unregister frame. */
export const UNREGISTER_BYTES = 6;

const VERDICT_BYTES = 10;

// Where frames have their fields, for encoders and decoders alike: offsets from the frame's start.
const REGISTER_AT = { sessionId: 4, names: 6 } as const;
const UNREGISTER_AT = { sessionId: 4 } as const;
const SET_DIFFICULTY_AT = { exponent: 4, count: 5, sessionIds: 7 } as const;
const VERDICT_AT = { index: 4, status: 6 } as const;
const SUBMIT_AT = { jobId: 4, sessionId: 5, extranonce2: 7, nonce: 11 } as const;

const MAX_SESSIONS_A_FRAME = (MAX_FRAME_BYTES - SET_DIFFICULTY_AT.sessionIds) >> 1;

/** The fields that one kind of submit frame has after the common ones. */
interface SubmitLayout {
  readonly command: number;
  /** Offset of the time; `undefined` where it is left out. */
  readonly ntime: number | undefined;
  /** Offset of the version bits; `undefined` where they are left out. */
  readonly versionBits: number | undefined;
  /** Length of the whole frame, exactly. */
  readonly bytes: number;
}

/** Every kind of submit frame. */
const SUBMIT = {
  plain: { command: COMMAND.submit, ntime: undefined, versionBits: undefined, bytes: 15 },
  time: { command: COMMAND.submitWithTime, ntime: 15, versionBits: undefined, bytes: 19 },
  version: { command: COMMAND.submitWithVersion, ntime: undefined, versionBits: 15, bytes: 19 },
  both: { command: COMMAND.submitWithTimeAndVersion, ntime: 15, versionBits: 19, bytes: 23 },
} as const satisfies Readonly<Record<string, SubmitLayout>>;

const SUBMIT_BY_COMMAND: ReadonlyMap<number, SubmitLayout> = new Map(
  Object.values(SUBMIT).map((layout) => [layout.command, layout]),
);

/** The longest submit frame, in bytes. */
export const MAX_SUBMIT_BYTES: number = SUBMIT.both.bytes;

/** 0x01: from now on, this session id stands for this worker. */
export interface Register {
  /** Tells the messages apart. */
  readonly kind: "register";
  /** 0..0xfffe. */
  readonly sessionId: number;
  /** What the miner calls itself, ASCII. */
  readonly clientAgent: string;
  /** The worker name, without its sub-account, ASCII. */
  readonly workerName: string;
}

/** 0x04: this session id no longer stands for a worker. */
export interface Unregister {
  /** Tells the messages apart. */
  readonly kind: "unregister";
  /** 0..0xffff. */
  readonly sessionId: number;
}

/** 0x02, 0x03, 0x12, 0x13: a share. */
export interface Submit {
  /** Tells the messages apart. */
  readonly kind: "submit";
  /** The pool's job id, 0..255. */
  readonly jobId: number;
  /** 0..0xfffe. */
  readonly sessionId: number;
  /** The miner's 4 bytes of extranonce2 as a number. */
  readonly extranonce2: number;
  /** The header's nonce. */
  readonly nonce: number;
  /** The header's time; `undefined` when it is the job's own and so left out. */
  readonly ntime: number | undefined;
  /** The header's version XOR the job's; 0 when left out. */
  readonly versionBits: number;
}

/** 0x05: these sessions work at difficulty 2^exponent from the next job on. */
export interface SetDifficulty {
  /** Tells the messages apart. */
  readonly kind: "setDifficulty";
  /** 0..63. */
  readonly exponent: number;
  /** Session ids, in the pool's order. */
  readonly sessionIds: readonly number[];
}

/** 0x10: the pool's verdict on one submit. */
export interface Verdict {
  /** Tells the messages apart. */
  readonly kind: "verdict";
  /** Which submit of this connection, counted by both sides from 0, modulo 65,536. */
  readonly index: number;
  /** A status code; see status.ts. */
  readonly status: number;
}

/** What a pool sends in frames; `unknown` is a command of a newer pool, to be skipped. */
export type PoolMessage = SetDifficulty | Verdict | {
  /** Tells the messages apart. */
  readonly kind: "unknown";
  /** The command byte. */
  readonly command: number;
};

/** What an agent sends in frames. */
export type AgentMessage = Register | Unregister | Submit;

/**
 * A register frame: u16 session id, client agent, 0, worker name, 0.
 *
 * @throws RangeError when the frame would pass 100 bytes, a name is not printable ASCII or the
 * session id is above 0xfffe: the pool would drop it, and every share of that miner after it
 * (agent.md trap 2). Names from {@link file://./names.ts | names.ts} always fit.
 */
export function encodeRegister(
  sessionId: number,
  clientAgent: string,
  workerName: string,
): Uint8Array {
  const length = REGISTER_AT.names + clientAgent.length + 1 + workerName.length + 1;
  if (length > MAX_REGISTER_BYTES || !/^[\x20-\x7e]*$/.test(clientAgent + workerName)) {
    throw new RangeError(
      `Cannot register session ${sessionId}: frame of ${length} bytes, ` +
        `at most ${MAX_REGISTER_BYTES} of printable ASCII are allowed`,
    );
  }
  if (!(sessionId >= 0 && sessionId <= MAX_SESSION_ID)) {
    throw new RangeError(
      `Cannot register session ${sessionId}: ids are 0 to ${MAX_SESSION_ID}`,
    );
  }
  const bytes = new Uint8Array(length);
  const out = viewOf(bytes);
  writeFrameHeader(out, 0, COMMAND.register, length);
  out.setUint16(REGISTER_AT.sessionId, sessionId, true);
  let at: number = REGISTER_AT.names;
  for (const name of [clientAgent, workerName]) {
    for (let i = 0; i < name.length; i++) bytes[at++] = name.charCodeAt(i);
    at++;
  }
  return bytes;
}

/** Writes an unregister frame: u16 session id. */
export function writeUnregister(out: DataView, at: number, sessionId: number): number {
  writeFrameHeader(out, at, COMMAND.unregister, UNREGISTER_BYTES);
  out.setUint16(at + UNREGISTER_AT.sessionId, sessionId, true);
  return at + UNREGISTER_BYTES;
}

/** Writes a submit frame, the shortest that has room for its time and version bits. */
export function writeSubmit(out: DataView, at: number, submit: Omit<Submit, "kind">): number {
  const { ntime, versionBits } = submit;
  const layout = submitLayout(ntime !== undefined, versionBits !== 0);
  writeFrameHeader(out, at, layout.command, layout.bytes);
  out.setUint8(at + SUBMIT_AT.jobId, submit.jobId);
  out.setUint16(at + SUBMIT_AT.sessionId, submit.sessionId, true);
  out.setUint32(at + SUBMIT_AT.extranonce2, submit.extranonce2, true);
  out.setUint32(at + SUBMIT_AT.nonce, submit.nonce, true);
  if (ntime !== undefined && layout.ntime !== undefined) {
    out.setUint32(at + layout.ntime, ntime, true);
  }
  if (layout.versionBits !== undefined) out.setUint32(at + layout.versionBits, versionBits, true);
  return at + layout.bytes;
}

function submitLayout(hasTime: boolean, hasVersion: boolean): SubmitLayout {
  if (hasVersion) return hasTime ? SUBMIT.both : SUBMIT.version;
  return hasTime ? SUBMIT.time : SUBMIT.plain;
}

/**
 * A set-difficulty frame: u8 exponent, u16 count, the session ids.
 *
 * @throws RangeError for more than 32,764 session ids, whose length no header can state.
 */
export function encodeSetDifficulty(exponent: number, sessionIds: readonly number[]): Uint8Array {
  if (sessionIds.length > MAX_SESSIONS_A_FRAME) {
    throw new RangeError(
      `Cannot write a set-difficulty frame: ${sessionIds.length} session ids, ` +
        `at most ${MAX_SESSIONS_A_FRAME} fit`,
    );
  }
  const at = SET_DIFFICULTY_AT;
  const bytes = new Uint8Array(at.sessionIds + 2 * sessionIds.length);
  const out = viewOf(bytes);
  writeFrameHeader(out, 0, COMMAND.setDifficulty, bytes.length);
  out.setUint8(at.exponent, exponent);
  out.setUint16(at.count, sessionIds.length, true);
  sessionIds.forEach((id, i) => out.setUint16(at.sessionIds + 2 * i, id, true));
  return bytes;
}

/** A verdict frame: u16 index, i32 status. */
export function encodeVerdict(index: number, status: number): Uint8Array {
  const bytes = new Uint8Array(VERDICT_BYTES);
  const out = viewOf(bytes);
  writeFrameHeader(out, 0, COMMAND.verdict, VERDICT_BYTES);
  out.setUint16(VERDICT_AT.index, index, true);
  out.setInt32(VERDICT_AT.status, status, true);
  return bytes;
}

/**
 * Reads one whole frame a pool sent.
 *
 * @throws PoolFault `bad-frame` when a known command's length or content cannot be right.
 */
export function decodePoolFrame(frame: Uint8Array): PoolMessage {
  const view = viewOf(frame);
  const command = frame[1]!;
  switch (command) {
    case COMMAND.setDifficulty:
      return decodeSetDifficulty(frame, view);
    case COMMAND.verdict:
      if (frame.length !== VERDICT_BYTES) refuse(command, frame.length);
      return {
        kind: "verdict",
        index: view.getUint16(VERDICT_AT.index, true),
        status: view.getInt32(VERDICT_AT.status, true),
      };
    default:
      return { kind: "unknown", command };
  }
}

function decodeSetDifficulty(frame: Uint8Array, view: DataView): SetDifficulty {
  const at = SET_DIFFICULTY_AT;
  if (frame.length < at.sessionIds) refuse(COMMAND.setDifficulty, frame.length);
  const exponent = view.getUint8(at.exponent);
  const count = view.getUint16(at.count, true);
  if (frame.length !== at.sessionIds + 2 * count || exponent > MAX_DIFFICULTY_EXPONENT) {
    refuse(COMMAND.setDifficulty, frame.length);
  }
  const sessionIds: number[] = [];
  for (let i = 0; i < count; i++) sessionIds.push(view.getUint16(at.sessionIds + 2 * i, true));
  return { kind: "setDifficulty", exponent, sessionIds };
}

/**
 * Reads one whole frame an agent sent, as the pool reads it: `undefined` for every frame that the
 * pool silently drops (unknown command, wrong length, reserved session id).
 */
export function decodeAgentFrame(frame: Uint8Array): AgentMessage | undefined {
  const view = viewOf(frame);
  if (frame[0] !== FRAME_MAGIC || view.getUint16(2, true) !== frame.length) return undefined;
  const command = frame[1]!;
  switch (command) {
    case COMMAND.register:
      return decodeRegister(frame, view);
    case COMMAND.unregister:
      return frame.length === UNREGISTER_BYTES
        ? { kind: "unregister", sessionId: view.getUint16(UNREGISTER_AT.sessionId, true) }
        : undefined;
    default: {
      const layout = SUBMIT_BY_COMMAND.get(command);
      return frame.length === layout?.bytes ? decodeSubmit(view, layout) : undefined;
    }
  }
}

function decodeRegister(frame: Uint8Array, view: DataView): Register | undefined {
  if (frame.length < REGISTER_AT.names + 2 || frame.length > MAX_REGISTER_BYTES) return undefined;
  const sessionId = view.getUint16(REGISTER_AT.sessionId, true);
  if (sessionId > MAX_SESSION_ID) return undefined;
  // The pool forces the last byte to 0 before it looks for the ends of both texts.
  const texts = String.fromCharCode(...frame.subarray(REGISTER_AT.names, -1)).split("\0");
  return { kind: "register", sessionId, clientAgent: texts[0]!, workerName: texts[1] ?? "" };
}

function decodeSubmit(view: DataView, layout: SubmitLayout): Submit | undefined {
  const sessionId = view.getUint16(SUBMIT_AT.sessionId, true);
  if (sessionId > MAX_SESSION_ID) return undefined;
  const { ntime, versionBits } = layout;
  return {
    kind: "submit",
    jobId: view.getUint8(SUBMIT_AT.jobId),
    sessionId,
    extranonce2: view.getUint32(SUBMIT_AT.extranonce2, true),
    nonce: view.getUint32(SUBMIT_AT.nonce, true),
    ntime: ntime === undefined ? undefined : view.getUint32(ntime, true),
    versionBits: versionBits === undefined ? 0 : view.getUint32(versionBits, true),
  };
}

function refuse(command: number, length: number): never {
  throw new PoolFault(
    "bad-frame",
    `Cannot read a frame with command 0x${command.toString(16).padStart(2, "0")}: ` +
      `its ${length} bytes do not hold what that command says`,
  );
}
