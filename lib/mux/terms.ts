/**
 * What a connection to a pool settled in its handshake, in words that every kind of pool has. The
 * mux decides by these, never by the kind.
 */

/** How miners' work is kept apart within the bytes that a pool leaves free in the coinbase. */
export interface ExtranonceRoom {
  /** Bytes between the coinbase parts as the pool sends them; its own extranonce1 is in part 1. */
  readonly bytes: number;
  /** Where in them the session id begins; before it are zeros. */
  readonly offset: number;
  /** Bytes of the session id there, its lowest: with one, 256 miners fit a connection. */
  readonly idBytes: 1 | 2;
}

/** The most bytes that a pool may leave for extranonce2. */
const MAX_ROOM_BYTES = 16;

/**
 * How the bytes that a pool leaves for extranonce2 are shared out; `undefined` for a number of bytes
 * that cannot be: below 4 too few miners fit a connection, and above 16 no pool is known to go.
 */
export function roomFor(bytes: number): ExtranonceRoom | undefined {
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > MAX_ROOM_BYTES) return undefined;
  if (bytes >= 8) return { bytes, offset: 2, idBytes: 2 };
  return { bytes, offset: 0, idBytes: bytes === 4 ? 1 : 2 };
}

/** What of those bytes a miner sees: its extranonce1, which ends with its session id, and what it rolls. */
export interface ExtranonceLayout {
  /** Bytes of extranonce1, 2 to 4. */
  readonly extranonce1Bytes: number;
  /** Bytes of extranonce2: 4, since agent pools are sent it as it stands in the share. */
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

/** The terms of one connection. */
export interface Terms {
  /** Where miners' extranonces go. */
  readonly extranonce: ExtranonceRoom;
  /** The difficulty every miner starts at here. */
  readonly startingDifficulty: number;
  /** What a share has to reach for the pool to want it; where shares are hashed here. */
  readonly poolDifficulty: number;
  /** Whether the pool sets each miner's difficulty, or it is ours to set, at most the pool's. */
  readonly difficulty: "pool" | "vardiff";
  /** Whether the pool judges shares by itself, or they are hashed here and only good ones go up. */
  readonly validation: "pool" | "here";
  /**
   * What the pool says of shares: it judges each; it takes them and says nothing; or there is no
   * pool, and shares only keep miners busy.
   */
  readonly verdicts: "given" | "assumed" | "none";
  /** Whether a share can say that its time is 0; if not, the pool would read the job's own time. */
  readonly canSayTimeZero: boolean;
  /** How long its jobs are good for. */
  readonly retention: Retention;
}

/** What goes around a miner's extranonces, in hex. */
export interface Padding {
  /** Between coinbase part 1 and the miner's extranonce1. */
  readonly before: string;
  /** Between its extranonce2 and coinbase part 2. */
  readonly after: string;
}

/** How a layout fits into a room; `undefined` if it does not. */
export function paddingFor(room: ExtranonceRoom, layout: ExtranonceLayout): Padding | undefined {
  const before = room.offset + room.idBytes - layout.extranonce1Bytes;
  const after = room.bytes - before - layout.extranonce1Bytes - layout.extranonce2Bytes;
  if (before < 0 || after < 0) return undefined;
  return { before: "00".repeat(before), after: "00".repeat(after) };
}

/** The extranonce1 of a miner, in hex: zeros, then its session id, most significant byte first. */
export function extranonce1Of(sessionId: number, layout: ExtranonceLayout): string {
  return sessionId.toString(16).padStart(2 * layout.extranonce1Bytes, "0");
}
