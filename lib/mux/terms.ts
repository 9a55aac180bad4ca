/**
 * The terms that a connection to a pool settled in its handshake, the same for every kind of pool.
 * The mux decides by the terms, never by the kind.
 */

import { formatHex32 } from "../base/hex.ts";

/**
 * How miners' work is kept apart in the bytes that a pool leaves free in the coinbase: zeros, the
 * session id with the most significant byte first, the miner's extranonce2, zeros.
 */
export interface ExtranonceRoom {
  /** Bytes between the coinbase parts as the pool sends them; its own extranonce1 is in part 1. */
  readonly bytes: number;
  /** The offset of the session id in them. */
  readonly offset: number;
  /** Bytes of the session id; 1 means its low byte, for at most 256 miners. */
  readonly idBytes: 1 | 2;
}

/**
 * The part of those bytes that a miner sees: its extranonce1, which ends with its session id, and
 * its extranonce2.
 */
export interface ExtranonceLayout {
  /**
   * Bytes of extranonce1, 1 to 4. With 1, a miner sees the low byte of its session id; the other
   * byte is its lane, at the end of the miner's coinbase part 1.
   */
  readonly extranonce1Bytes: number;
  /** Bytes of extranonce2, 2 to 4. */
  readonly extranonce2Bytes: number;
}

/** How long a pool accepts shares for jobs that are not its newest. */
export interface Retention {
  /** How many jobs, including the newest. */
  readonly jobs: number;
  /** How many older jobs after a clean job. */
  readonly acrossClean: number;
  /** How long after a newer job came, in milliseconds; Infinity while they are kept. */
  readonly ms: number;
}

/** After this long, most pools give no verdict any more, in milliseconds. */
export const VERDICT_TIMEOUT_MS = 60_000;

/** Which verdicts of a pool that judges shares itself are compared with our own arithmetic. */
export type Verify = "off" | "sample" | "all";

/** The terms of one connection. */
export interface Terms {
  /** The room for miners' extranonces. */
  readonly extranonce: ExtranonceRoom;
  /** The most miners on it, as set by the operator; Infinity for as many as fit. */
  readonly capacity: number;
  /** The difficulty that miners start at, where the pool sets it. */
  readonly startingDifficulty: number;
  /** The difficulty that a share must reach for the pool, where shares are hashed here. */
  readonly poolDifficulty: number;
  /**
   * How each miner's difficulty is set: `pool`, by the pool; `vardiff`, by us, up to the pool's
   * own; `passed`, the pool's own is passed on, because the connection is only for the miners of
   * one worker. In the last two cases a change by the pool is a change of its own difficulty.
   */
  readonly difficulty: "pool" | "vardiff" | "passed";
  /** Whether the pool judges shares itself, or they are hashed here and only good ones are sent. */
  readonly validation: "pool" | "here";
  /**
   * The pool's verdicts: `given`, for each share; `assumed`, it accepts shares without a verdict;
   * `none`, there is no pool, and shares only keep miners busy.
   */
  readonly verdicts: "given" | "assumed" | "none";
  /**
   * How long a share waits for its verdict, in milliseconds; Infinity where the pool judges shares
   * in runs: until the connection ends. Absent: {@linkcode VERDICT_TIMEOUT_MS}.
   */
  readonly verdictTimeoutMs?: number;
  /** Which shares are hashed here, too, where the pool judges them itself. Absent: none. */
  readonly verify?: Verify;
  /**
   * Whether a job keeps the difficulty that the pool had when the job came, whatever it changes
   * later. Absent if that is not known: then it is found out.
   */
  readonly jobsKeepDifficulty?: boolean;
  /** Whether a share can have the time 0; if not, the pool would use the job's own time. */
  readonly canSayTimeZero: boolean;
  /** How long its jobs are valid. */
  readonly retention: Retention;
}

/**
 * How many miners one byte can tell apart on a connection: fewer than its values, because some rest
 * (short_ids.ts), and two ids may have the same byte.
 */
export const MINERS_BY_BYTE = 224;

/** How many miners certainly find a place on a connection with these terms; Infinity for all. */
export function placesOn({ extranonce, capacity }: Pick<Terms, "extranonce" | "capacity">): number {
  return extranonce.idBytes === 1 ? Math.min(capacity, MINERS_BY_BYTE) : capacity;
}

/** The layout that agents give miners; every pool with 8 bytes has room for it. */
export const WIDEST_LAYOUT: ExtranonceLayout = { extranonce1Bytes: 4, extranonce2Bytes: 4 };

/** The largest extranonce2 size of any Stratum V1 pool. */
const MAX_ROOM_BYTES = 16;

/** The largest size of an extranonce in Stratum V2; the pool's own prefix counts, too. */
export const MAX_EXTENDED_ROOM_BYTES = 32;

/**
 * How the free bytes of a pool, its extranonce2, are used.
 *
 * @param wanted Bytes of extranonce2 that the operator wants for miners: with 2 of 4 there is room
 * for whole session ids; `undefined` for no preference.
 * @param most The largest size that is valid for this kind of pool.
 * @returns `undefined` for a size that cannot keep miners apart, or that is not valid.
 */
export function roomFor(
  bytes: number,
  wanted?: number,
  most: number = MAX_ROOM_BYTES,
): ExtranonceRoom | undefined {
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > most) return undefined;
  if (bytes >= 8) return { bytes, offset: 2, idBytes: 2 };
  return { bytes, offset: 0, idBytes: bytes === 4 && wanted !== 2 ? 1 : 2 };
}

/**
 * The room for a miner with this layout. Some firmware needs 2 of 4 bytes for itself; the other 2
 * then hold the whole session id, and no miner with another layout may work on that connection.
 */
export function roomOf(room: ExtranonceRoom, layout: ExtranonceLayout): ExtranonceRoom {
  return isPaired(room, layout) ? { ...room, idBytes: 2 } : room;
}

/** Whether a miner with this layout needs a connection with no other layouts. */
export function isPaired(room: ExtranonceRoom, layout: ExtranonceLayout): boolean {
  return room.idBytes === 1 && layout.extranonce1Bytes === 2;
}

/** The bytes around a miner's extranonces, in hex. */
export interface Padding {
  /** Between coinbase part 1 and the miner's extranonce1; ends with its lane if it has one. */
  readonly before: string;
  /** Between its extranonce2 and coinbase part 2. */
  readonly after: string;
}

/** Whether miners with this layout fit into this room. */
export function fits(pools: ExtranonceRoom, layout: ExtranonceLayout): boolean {
  const room = roomOf(pools, layout);
  return bytesBefore(room, layout) >= 0 && bytesAfter(room, layout) >= 0;
}

/** The bytes around a miner's extranonces; `undefined` if its layout does not fit. */
export function paddingFor(
  pools: ExtranonceRoom,
  layout: ExtranonceLayout,
  sessionId: number,
): Padding | undefined {
  if (!fits(pools, layout)) return undefined;
  const room = roomOf(pools, layout);
  const hidden = bytesBefore(room, layout);
  const head = "00".repeat(room.offset) + formatHex32(sessionId).slice(-2 * room.idBytes);
  return {
    before: head.slice(0, 2 * hidden),
    after: "00".repeat(bytesAfter(room, layout)),
  };
}

/**
 * The lane of a miner: the byte of its session id that it does not see. It tells apart miners that
 * need different paddings in one room.
 */
export function laneOf(sessionId: number, layout: ExtranonceLayout): number {
  return layout.extranonce1Bytes === 1 ? sessionId >>> 8 : 0;
}

/** The extranonce1 of a miner, in hex: zeros, then its session id, most significant byte first. */
export function extranonce1Of(sessionId: number, { extranonce1Bytes }: ExtranonceLayout): string {
  return formatHex32(sessionId).slice(-2 * extranonce1Bytes);
}

/**
 * A miner's extranonce2 as pools get it: a 32-bit number whose first bytes are the miner's, the
 * most significant first.
 */
export function alignedExtranonce2(extranonce2: number, layout: ExtranonceLayout): number {
  return (extranonce2 << 8 * (4 - layout.extranonce2Bytes)) >>> 0;
}

/**
 * Writes the `pools.bytes` bytes between the coinbase parts at the beginning of `out`, for a miner
 * and the extranonce2 that it rolled.
 */
export function writeExtranonces(
  out: Uint8Array,
  pools: ExtranonceRoom,
  { sessionId, layout }: { readonly sessionId: number; readonly layout: ExtranonceLayout },
  rolled: number,
): void {
  writeRoom(out, roomOf(pools, layout), sessionId, alignedExtranonce2(rolled, layout));
}

/**
 * The same for values as {@linkcode Upstream.submit} gets them.
 *
 * @param extranonce2 From {@linkcode alignedExtranonce2}.
 */
export function writeRoom(
  out: Uint8Array,
  { bytes, offset, idBytes }: ExtranonceRoom,
  sessionId: number,
  extranonce2: number,
): void {
  let at = offset;
  out.fill(0, 0, bytes);
  if (idBytes === 2) out[at++] = sessionId >>> 8;
  out[at++] = sessionId;
  for (let shift = 24; shift >= 0 && at < bytes; shift -= 8) out[at++] = extranonce2 >>> shift;
}

function bytesBefore({ offset, idBytes }: ExtranonceRoom, layout: ExtranonceLayout): number {
  return offset + idBytes - layout.extranonce1Bytes;
}

function bytesAfter(room: ExtranonceRoom, { extranonce2Bytes }: ExtranonceLayout): number {
  return room.bytes - room.offset - room.idBytes - extranonce2Bytes;
}
