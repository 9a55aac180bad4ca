/**
 * Code shared by both modules of the share hasher.
 *
 * A lane's job and share are laid out in lib/bitcoin/share_memory.ts. Hashing leaves the merkle
 * root in the lane's header and the header's hash at its start.
 */

import { HEADER, LANE } from "../../lib/bitcoin/share_memory.ts";
import { type Code, get, i32, tee } from "./assembler.ts";

/** Bytes of a block. */
export const BLOCK_BYTES = 64;
/** Bytes of a hash. */
export const HASH_BYTES = 32;
/** The words of a state. */
export const EIGHT: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 7];
/** The address 0, for offsets that are whole addresses. */
export const NOWHERE: Code = i32.const(0);
/** The words of a digest's block after the digest. */
export const DIGEST_PADDING: readonly number[] = [0x80000000, 0, 0, 0, 0, 0, 0, 256];

/** Reverses the bytes of a number; `spare` is a local to work with. */
export function swapped(value: Code, spare: number): Code {
  const odd = i32.const(0x00ff00ff);
  return i32.or(
    i32.rotr(i32.and(tee(spare, value), odd), 8),
    i32.and(i32.rotr(get(spare), 24), odd),
  );
}

/** The address of a lane's coinbase tail. */
export function tailOf(lane: Code, branches: Code): Code {
  return i32.add(i32.add(lane, i32.const(LANE.branch)), i32.shl(branches, 5));
}

/**
 * Writes a share's values into its lane's header.
 *
 * @param spare a local to work with.
 */
export function fillHeader(lane: Code, spare: number): Code {
  const numbers = [
    [0, LANE.version],
    [HEADER.ntime, LANE.ntime],
    [HEADER.nonce, LANE.nonce],
  ] as const;
  return numbers.flatMap(([to, from]) =>
    i32.store(lane, LANE.header + to, swapped(i32.load(lane, from), spare))
  );
}
