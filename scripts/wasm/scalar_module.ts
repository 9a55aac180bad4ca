/**
 * The module that hashes shares one by one and prepares jobs; it has the memory.
 */

import { HEADER, LANE, MEMORY_PAGES, TABLE } from "../../lib/bitcoin/share_memory.ts";
import { INITIAL_STATE, ROUND_CONSTANTS } from "../../lib/bitcoin/sha256.ts";
import {
  assemble,
  call,
  type Code,
  get,
  i32,
  leave,
  loop,
  set,
  TYPE,
  wordBytes,
} from "./assembler.ts";
import {
  BLOCK_BYTES,
  DIGEST_PADDING,
  EIGHT,
  fillHeader,
  HASH_BYTES,
  NOWHERE,
  swapped,
  tailOf,
} from "./lane_code.ts";
import { compress, compressPadding, ONE } from "./rounds.ts";

/** The block that pads a message of 64 bytes. */
const PADDING = [0x80000000, ...Array<number>(14).fill(0), 512];

/** The schedule of a block, added to the round constants. */
function withSchedule(block: readonly number[]): number[] {
  const rotr = (x: number, by: number) => x >>> by | x << (32 - by);
  const w = [...block];
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    w.push(
      w[i - 16]! + w[i - 7]! + (rotr(x, 7) ^ rotr(x, 18) ^ x >>> 3) +
          (rotr(y, 17) ^ rotr(y, 19) ^ y >>> 10) | 0,
    );
  }
  return w.map((word, i) => word + ROUND_CONSTANTS[i]! | 0);
}

/** Its bytes. Exports `hash(lane)`, `absorb`, `swap` and `memory`. */
export function scalarModule(): Uint8Array {
  const [COMPRESS, PADDED, SECOND] = [0, 1, 2] as const;
  const start = (state: number) =>
    EIGHT.flatMap((i) =>
      i32.store(NOWHERE, state + i * 4, i32.load(NOWHERE, TABLE.initial + i * 4))
    );
  const mix = (state: number, block: Code) => call(COMPRESS, i32.const(state), block);
  /** The hash of the digest at hand, into the first half of the pair. */
  const second = {
    params: 0,
    locals: [],
    body: [...start(TABLE.pair), ...mix(TABLE.pair, i32.const(TABLE.digest))],
  };
  const [lane, block, left, spare] = [0, 1, 2, 3] as const;
  const header = (offset: number) => LANE.header + offset;
  const hash = {
    params: 1,
    locals: [TYPE.i32, TYPE.i32, TYPE.i32],
    exportAs: "hash",
    body: [
      ...EIGHT.flatMap((i) =>
        i32.store(NOWHERE, TABLE.digest + i * 4, i32.load(get(lane), LANE.midstate + i * 4))
      ),
      ...set(left, i32.load(get(lane), LANE.blocks)),
      ...set(block, tailOf(get(lane), i32.load(get(lane), LANE.branches))),
      ...loop(
        leave(i32.eqz(get(left))),
        mix(TABLE.digest, get(block)),
        set(block, i32.add(get(block), i32.const(BLOCK_BYTES))),
        set(left, i32.add(get(left), i32.const(-1))),
      ),
      ...call(SECOND),
      ...set(left, i32.load(get(lane), LANE.branches)),
      ...set(block, get(lane)),
      ...loop(
        leave(i32.eqz(get(left))),
        EIGHT.flatMap((i) =>
          i32.store(
            NOWHERE,
            TABLE.pair + HASH_BYTES + i * 4,
            i32.load(get(block), LANE.branch + i * 4),
          )
        ),
        start(TABLE.digest),
        mix(TABLE.digest, i32.const(TABLE.pair)),
        call(PADDED, i32.const(TABLE.digest)),
        call(SECOND),
        set(block, i32.add(get(block), i32.const(HASH_BYTES))),
        set(left, i32.add(get(left), i32.const(-1))),
      ),
      ...EIGHT.flatMap((i) =>
        i32.store(get(lane), header(HEADER.root + i * 4), i32.load(NOWHERE, TABLE.pair + i * 4))
      ),
      ...fillHeader(get(lane), spare),
      ...start(TABLE.digest),
      ...mix(TABLE.digest, i32.add(get(lane), i32.const(header(0)))),
      ...mix(TABLE.digest, i32.add(get(lane), i32.const(header(BLOCK_BYTES)))),
      ...call(SECOND),
      ...EIGHT.flatMap((i) =>
        i32.store(
          get(lane),
          LANE.hash + i * 4,
          swapped(i32.load(NOWHERE, TABLE.pair + i * 4), spare),
        )
      ),
    ],
  };
  /** `absorb(state, block, count)`: mixes blocks in one after the other. */
  const absorb = {
    params: 3,
    locals: [],
    exportAs: "absorb",
    body: loop(
      leave(i32.eqz(get(2))),
      call(COMPRESS, get(0), get(1)),
      set(1, i32.add(get(1), i32.const(BLOCK_BYTES))),
      set(2, i32.add(get(2), i32.const(-1))),
    ),
  };
  /** `swap(at, count)`: turns the bytes of words round, between a message and what is hashed. */
  const swap = {
    params: 2,
    locals: [TYPE.i32],
    exportAs: "swap",
    body: loop(
      leave(i32.eqz(get(1))),
      i32.store(get(0), 0, swapped(i32.load(get(0), 0), 2)),
      set(0, i32.add(get(0), i32.const(4))),
      set(1, i32.add(get(1), i32.const(-1))),
    ),
  };
  return assemble({
    hasMemory: true,
    pages: MEMORY_PAGES,
    functions: [compress(ONE), compressPadding(ONE), second, hash, absorb, swap],
    data: [
      { at: TABLE.constants, bytes: wordBytes(ROUND_CONSTANTS) },
      { at: TABLE.padded, bytes: wordBytes(withSchedule(PADDING)) },
      { at: TABLE.initial, bytes: wordBytes(INITIAL_STATE) },
      { at: TABLE.digest + HASH_BYTES, bytes: wordBytes(DIGEST_PADDING) },
    ],
  });
}
