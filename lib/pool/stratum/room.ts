/**
 * The extranonce2 text of a submit: the bytes that a pool leaves between the coinbase parts; pure.
 */

import { formatHex32 } from "../../base/hex.ts";
import type { ExtranonceRoom } from "../../mux/terms.ts";

/** Digits of an id and of a 32-bit number. */
const ID_DIGITS = 4;

/**
 * These bytes in lower-case hex, exactly as long as the pool wants: at some pools, a share of
 * another length spoils the whole job (pools.md trap 1).
 *
 * @param extranonce2 The miner's extranonce2, left-aligned in 32 bits; the bits that do not fit are
 * 0.
 */
export function extranonce2Text(
  { bytes, offset, idBytes }: ExtranonceRoom,
  sessionId: number,
  extranonce2: number,
): string {
  const id = sessionId.toString(16).padStart(ID_DIGITS, "0").slice(-2 * idBytes);
  const digits = "00".repeat(offset) + id + formatHex32(extranonce2);
  return digits.slice(0, 2 * bytes).padEnd(2 * bytes, "0");
}
