/**
 * What the bytes that pools leave for extranonce2 mean for miners, in words (stratum.md shows how
 * they are divided); pure.
 */

import { counted } from "../base/counted.ts";
import type { StratumAgreement } from "../pool/stratum/handshake.ts";
import type { Row } from "./report.ts";

/** How miners' bytes follow from those that pools leave: the rules of a running proxy. */
export interface LayoutRules {
  /** As `extranonce2_bytes`. */
  readonly wanted: number | undefined;
  /** What most miners get if the pools of the list leave these bytes. */
  readonly layoutOf: (sizes: readonly number[]) => MinersLayout;
}

/** The bytes of a pool as miners see them. */
export interface MinersLayout {
  /** Bytes of a miner's extranonce1. */
  readonly extranonce1Bytes: number;
  /** Bytes that a miner rolls. */
  readonly extranonce2Bytes: number;
}

/** The number of session ids: they have 16 bits, and 0 is not used. */
const ALL_MINERS = 65_535;

/** How many miners one connection holds if a single byte tells them apart. */
const MINERS_BY_BYTE = 240;

/** With this many bytes a pool lets every miner roll 4. */
const BYTES_FOR_ALL = 6;

/** The row about what one usable pool leaves for miners. */
export function layoutRow(
  { bytes, idBytes }: StratumAgreement["room"],
  { wanted, layoutOf }: LayoutRules,
): Row {
  const { extranonce2Bytes } = layoutOf([bytes]);
  const most = idBytes === 2 ? ALL_MINERS : MINERS_BY_BYTE;
  const miners = idBytes === 2
    ? `one connection holds every miner (up to ${most})`
    : `one connection holds ${most} miners, and more are opened as they come`;
  const isTooNarrow = wanted !== undefined && wanted > extranonce2Bytes;
  return {
    level: idBytes === 2 && !isTooNarrow ? "ok" : "note",
    subject: "extranonce",
    found: `${counted(bytes, "byte")}: ${miners}; each miner rolls ${extranonce2Bytes} of them` +
      (isTooNarrow ? `, though extranonce2_bytes is ${wanted}` : ""),
    ...isTooNarrow ? { advice: `use a pool with ${BYTES_FOR_ALL} bytes or more` } : {},
    values: {
      extranonce2_bytes: bytes,
      miners_per_connection: most,
      miner_extranonce2_bytes: extranonce2Bytes,
    },
  };
}

/** A usable pool of the list, by its place from 1. */
export interface PoolWidth {
  /** From 1. */
  readonly place: number;
  /** Bytes of extranonce2. */
  readonly bytes: number;
}

/**
 * The row about a list whose pools leave different numbers of bytes; none if miners see the same at
 * all of them.
 */
export function mixedRows(
  pools: readonly PoolWidth[],
  { wanted, layoutOf }: LayoutRules,
): Row[] {
  const { extranonce1Bytes, extranonce2Bytes } = layoutOf(pools.map(({ bytes }) => bytes));
  const isSame = ({ bytes }: PoolWidth) => {
    const own = layoutOf([bytes]);
    return own.extranonce1Bytes === extranonce1Bytes && own.extranonce2Bytes === extranonce2Bytes;
  };
  if (pools.every(isSame)) return [];
  const sizes = pools.map(({ place, bytes }) => `pool ${place} has ${bytes}`).join(", ");
  const isTooNarrow = extranonce2Bytes < (wanted ?? 4);
  return [{
    level: "note",
    subject: "extranonce",
    found: `bytes differ: ${sizes}. The narrowest decides for all: every miner gets ` +
      `${
        counted(extranonce1Bytes, "byte")
      } of extranonce1 and rolls ${extranonce2Bytes}, wherever it works, ` +
      "so that it can move among these pools without reconnecting",
    ...isTooNarrow
      ? {
        advice:
          `a pool with ${BYTES_FOR_ALL} bytes or more in place of the narrow one would suit ` +
          "all miners",
      }
      : {},
    values: {
      narrowest_extranonce2_bytes: Math.min(...pools.map(({ bytes }) => bytes)),
      miner_extranonce2_bytes: extranonce2Bytes,
    },
  }];
}
