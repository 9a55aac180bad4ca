/**
 * What a connection to a pool settled in its handshake, in words that every kind of pool has. The
 * mux decides by these, never by the kind.
 */

import { formatHex32 } from "../base/hex.ts";

/**
 * How miners' work is kept apart within the bytes that a pool leaves free in the coinbase: zeros, the
 * session id, most significant byte first, the miner's extranonce2, zeros.
 */
export interface ExtranonceRoom {
  /** Bytes between the coinbase parts as the pool sends them; its own extranonce1 is in part 1. */
  readonly bytes: number;
  /** Where in them the session id begins. */
  readonly offset: number;
  /** Bytes of the session id: with 1, its low byte, 256 miners fit. */
  readonly idBytes: 1 | 2;
}

/** What of those bytes a miner sees: its extranonce1, which ends with its session id, and what it rolls. */
export interface ExtranonceLayout {
  /**
   * Bytes of extranonce1, 1 to 4. With 1 a miner sees the low byte of its session id; the other is
   * its lane, and ends the coinbase part 1 that the miner gets.
   */
  readonly extranonce1Bytes: number;
  /** Bytes of extranonce2, 2 to 4. */
  readonly extranonce2Bytes: number;
}

/** How long a pool takes shares for jobs that are not its newest. */
export interface Retention {
  /** How many jobs, the newest included. */
  readonly jobs: number;
  /** How many older ones after a clean job. */
  readonly acrossClean: number;
  /** How long after a newer job came, in milliseconds; Infinity for as long as they are kept. */
  readonly ms: number;
}

/** Which verdicts of a pool that judges shares by itself are held against our own arithmetic. */
export type Verify = "off" | "sample" | "all";

/** The terms of one connection. */
export interface Terms {
  /** Where miners' extranonces go. */
  readonly extranonce: ExtranonceRoom;
  /** The most miners that sit there, as the operator wants it; Infinity for as many as fit. */
  readonly capacity: number;
  /** The difficulty that miners start at here, where it is the pool that sets theirs. */
  readonly startingDifficulty: number;
  /** What a share has to reach for the pool to want it; where shares are hashed here. */
  readonly poolDifficulty: number;
  /**
   * Who sets the difficulty of each miner: the pool; we, at most as high as the pool's own; or the
   * pool's own is passed on, since the connection is for the miners of one worker only. In the last
   * two cases a difficulty that the pool changes is its own.
   */
  readonly difficulty: "pool" | "vardiff" | "passed";
  /** Whether the pool judges shares by itself, or they are hashed here and only good ones go up. */
  readonly validation: "pool" | "here";
  /**
   * What the pool says of shares: it judges each; it takes them and says nothing; or there is no
   * pool, and shares only keep miners busy.
   */
  readonly verdicts: "given" | "assumed" | "none";
  /** Where the pool judges shares by itself: which of them are hashed here, too. Absent: none. */
  readonly verify?: Verify;
  /** Whether a share can say that its time is 0; if not, the pool would read the job's own time. */
  readonly canSayTimeZero: boolean;
  /** How long its jobs are good for. */
  readonly retention: Retention;
}

/**
 * Miners that one byte tells apart on a connection: fewer than it has values, for some of them rest
 * (short_ids.ts), and one may have the byte of another.
 */
export const MINERS_BY_BYTE = 224;

/** How many miners surely find a place on a connection with these terms; Infinity for all. */
export function placesOn({ extranonce, capacity }: Pick<Terms, "extranonce" | "capacity">): number {
  return extranonce.idBytes === 1 ? Math.min(capacity, MINERS_BY_BYTE) : capacity;
}

/** What agents give miners, and every pool with 8 bytes has room for. */
export const WIDEST_LAYOUT: ExtranonceLayout = { extranonce1Bytes: 4, extranonce2Bytes: 4 };

/** The largest size of an extranonce2 that any pool gives. */
const MAX_ROOM_BYTES = 16;

/**
 * How the bytes are used that a Stratum pool leaves free, which are its extranonce2 size.
 *
 * @param wanted Bytes of extranonce2 that the operator wants miners to have: with 2 in 4 there is
 * room for whole session ids; `undefined` for no wish.
 * @returns `undefined` for a size with which miners cannot be kept apart, and for what is no size.
 */
export function roomFor(bytes: number, wanted?: number): ExtranonceRoom | undefined {
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > MAX_ROOM_BYTES) return undefined;
  if (bytes >= 8) return { bytes, offset: 2, idBytes: 2 };
  return { bytes, offset: 0, idBytes: bytes === 4 && wanted !== 2 ? 1 : 2 };
}

/**
 * The room that a miner with this layout works in. Of 4 bytes some firmware needs 2 for itself; the
 * others then hold the whole session id, and no miner of another layout may work on that connection.
 */
export function roomOf(room: ExtranonceRoom, layout: ExtranonceLayout): ExtranonceRoom {
  return isPaired(room, layout) ? { ...room, idBytes: 2 } : room;
}

/** Whether a miner with this layout needs a connection with others of its kind only. */
export function isPaired(room: ExtranonceRoom, layout: ExtranonceLayout): boolean {
  return room.idBytes === 1 && layout.extranonce1Bytes === 2;
}

/** What goes around a miner's extranonces, in hex. */
export interface Padding {
  /** Between coinbase part 1 and the miner's extranonce1; ends with its lane if it has one. */
  readonly before: string;
  /** Between its extranonce2 and coinbase part 2. */
  readonly after: string;
}

/** Whether miners with this layout can work in this room. */
export function fits(pools: ExtranonceRoom, layout: ExtranonceLayout): boolean {
  const room = roomOf(pools, layout);
  return bytesBefore(room, layout) >= 0 && bytesAfter(room, layout) >= 0;
}

/** What goes around the extranonces of a miner; `undefined` if its layout does not fit. */
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

/** What tells apart miners that need other paddings in one room: the byte of the id they do not see. */
export function laneOf(sessionId: number, layout: ExtranonceLayout): number {
  return layout.extranonce1Bytes === 1 ? sessionId >>> 8 : 0;
}

/** The extranonce1 of a miner, in hex: zeros, then its session id, most significant byte first. */
export function extranonce1Of(sessionId: number, { extranonce1Bytes }: ExtranonceLayout): string {
  return formatHex32(sessionId).slice(-2 * extranonce1Bytes);
}

/**
 * A miner's extranonce2 as pools are given it: a 32-bit number whose first bytes are the miner's,
 * the most significant first.
 */
export function alignedExtranonce2(extranonce2: number, layout: ExtranonceLayout): number {
  return (extranonce2 << 8 * (4 - layout.extranonce2Bytes)) >>> 0;
}

/**
 * Writes the bytes between the coinbase parts, `pools.bytes` of them from the beginning of `out`, for
 * a miner and the extranonce2 that it rolled.
 */
export function writeExtranonces(
  out: Uint8Array,
  pools: ExtranonceRoom,
  { sessionId, layout }: { readonly sessionId: number; readonly layout: ExtranonceLayout },
  rolled: number,
): void {
  const room = roomOf(pools, layout);
  const extranonce2 = alignedExtranonce2(rolled, layout);
  let at = room.offset;
  out.fill(0, 0, room.bytes);
  if (room.idBytes === 2) out[at++] = sessionId >>> 8;
  out[at++] = sessionId;
  for (let shift = 24; shift >= 0 && at < room.bytes; shift -= 8) out[at++] = extranonce2 >>> shift;
}

function bytesBefore({ offset, idBytes }: ExtranonceRoom, layout: ExtranonceLayout): number {
  return offset + idBytes - layout.extranonce1Bytes;
}

function bytesAfter(room: ExtranonceRoom, { extranonce2Bytes }: ExtranonceLayout): number {
  return room.bytes - room.offset - room.idBytes - extranonce2Bytes;
}
