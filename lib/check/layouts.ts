/**
 * What the bytes that pools leave for extranonce2 mean to miners, in words (stratum.md has how they
 * are shared out); pure.
 */

import type { Row } from "./report.ts";

/** What miners see of a pool's bytes. */
export interface MinersLayout {
  /** Bytes of a miner's extranonce1. */
  readonly extranonce1Bytes: number;
  /** Bytes that a miner rolls. */
  readonly extranonce2Bytes: number;
  /** Miners that one connection holds. */
  readonly miners: number;
}

/** Session ids are 16-bit numbers, and 0 is none. */
const ALL_MINERS = 65_535;

/** What a pool with `bytes` of extranonce2 means; `undefined` if miners cannot share it. */
export function layoutFor(bytes: number): MinersLayout | undefined {
  if (!Number.isInteger(bytes) || bytes < 4 || bytes > 16) return undefined;
  if (bytes >= 8) return { extranonce1Bytes: 4, extranonce2Bytes: 4, miners: ALL_MINERS };
  if (bytes >= 6) return { extranonce1Bytes: 2, extranonce2Bytes: 4, miners: ALL_MINERS };
  if (bytes === 5) return { extranonce1Bytes: 2, extranonce2Bytes: 3, miners: ALL_MINERS };
  return { extranonce1Bytes: 1, extranonce2Bytes: 3, miners: 240 };
}

/** The row on the bytes of one pool that can be used. */
export function layoutRow(bytes: number): Row {
  const subject = "extranonce";
  const layout = layoutFor(bytes);
  const values = {
    extranonce2_bytes: bytes,
    miners_per_connection: layout?.miners ?? 0,
    miner_extranonce2_bytes: layout?.extranonce2Bytes ?? 0,
  };
  if (layout === undefined) {
    const found = `${bytes} bytes, which miners cannot share: 4 to 16 are needed`;
    return { level: "failure", subject, found, advice: "use another pool", values };
  }
  const miners = layout.miners === ALL_MINERS
    ? `one connection holds every miner (up to ${ALL_MINERS})`
    : `one connection holds ${layout.miners} miners, and more are opened as they come`;
  const found = `${bytes} bytes: ${miners}; each miner rolls ${layout.extranonce2Bytes} of them`;
  return { level: layout.miners === ALL_MINERS ? "ok" : "note", subject, found, values };
}

/** A pool of the list that can be used, by its place from 1. */
export interface PoolWidth {
  /** From 1. */
  readonly place: number;
  /** Bytes of extranonce2. */
  readonly bytes: number;
}

/**
 * The row on a list whose pools leave different numbers of bytes: none where all miners see the same
 * at each of them.
 */
export function mixedRows(pools: readonly PoolWidth[]): Row[] {
  const narrowest = Math.min(...pools.map(({ bytes }) => bytes));
  const layout = layoutFor(narrowest);
  if (layout === undefined) return [];
  const { extranonce1Bytes, extranonce2Bytes } = layout;
  const isSame = ({ bytes }: PoolWidth) =>
    layoutFor(bytes)?.extranonce1Bytes === extranonce1Bytes &&
    layoutFor(bytes)?.extranonce2Bytes === extranonce2Bytes;
  if (pools.every(isSame)) return [];
  const own = extranonce1Bytes === 1 ? "1 byte" : `${extranonce1Bytes} bytes`;
  const sizes = pools.map(({ place, bytes }) => `pool ${place} has ${bytes}`).join(", ");
  return [{
    level: "note",
    subject: "extranonce",
    found: `bytes differ: ${sizes}. The narrowest decides for all: every miner gets ` +
      `${own} of extranonce1 and rolls ${extranonce2Bytes}, wherever it works, ` +
      "so that it can move among these pools without reconnecting",
    ...extranonce2Bytes < 4
      ? { advice: "a pool with 6 bytes or more in place of the narrow one would suit all miners" }
      : {},
    values: { narrowest_extranonce2_bytes: narrowest, miner_extranonce2_bytes: extranonce2Bytes },
  }];
}
