/**
 * What the bytes that pools leave for extranonce2 mean to miners, in words (stratum.md has how they
 * are shared out); pure.
 */

import { counted } from "../base/counted.ts";
import { Layouts } from "../mux/layouts.ts";
import type { ExtranonceLayout, ExtranonceRoom } from "../mux/terms.ts";
import type { Row } from "./report.ts";

/** Session ids are 16-bit numbers, and 0 is none. */
const ALL_MINERS = 65_535;

/** Miners that one connection holds where a single byte tells them apart. */
const MINERS_BY_BYTE = 240;

/** With this many bytes a pool has room for every layout. */
const BYTES_FOR_ALL = 6;

/**
 * What most miners get where the pools of the list leave these bytes, and `extranonce2_bytes` is
 * `wanted`.
 */
function layoutOf(sizes: readonly number[], wanted: number | undefined): ExtranonceLayout {
  const layouts = new Layouts({ poolIds: [...sizes.keys()], extranonce2Bytes: wanted });
  for (const [place, bytes] of sizes.entries()) layouts.learn(place, bytes);
  return layouts.layoutFor("");
}

/** The row on what one pool that can be used leaves for miners; `wanted` as `extranonce2_bytes`. */
export function layoutRow({ bytes, idBytes }: ExtranonceRoom, wanted: number | undefined): Row {
  const { extranonce2Bytes } = layoutOf([bytes], wanted);
  const most = idBytes === 2 ? ALL_MINERS : MINERS_BY_BYTE;
  const miners = idBytes === 2
    ? `one connection holds every miner (up to ${most})`
    : `one connection holds ${most} miners, and more are opened as they come`;
  const isTooNarrow = wanted !== undefined && wanted > extranonce2Bytes;
  return {
    level: idBytes === 2 && !isTooNarrow ? "ok" : "note",
    subject: "extranonce",
    found: `${bytes} bytes: ${miners}; each miner rolls ${extranonce2Bytes} of them` +
      (isTooNarrow ? `, though extranonce2_bytes is ${wanted}` : ""),
    ...isTooNarrow ? { advice: `use a pool with ${BYTES_FOR_ALL} bytes or more` } : {},
    values: {
      extranonce2_bytes: bytes,
      miners_per_connection: most,
      miner_extranonce2_bytes: extranonce2Bytes,
    },
  };
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
 * at each of them. `wanted` as `extranonce2_bytes`.
 */
export function mixedRows(pools: readonly PoolWidth[], wanted: number | undefined): Row[] {
  const { extranonce1Bytes, extranonce2Bytes } = layoutOf(pools.map(({ bytes }) => bytes), wanted);
  const isSame = ({ bytes }: PoolWidth) => {
    const own = layoutOf([bytes], wanted);
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
