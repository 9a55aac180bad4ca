/**
 * The module that hashes the shares of all lanes at once, in the memory of the other module.
 */

import {
  HEADER,
  LANE,
  LANE_BYTES,
  LANES,
  MEMORY_PAGES,
  TABLE,
} from "../../lib/bitcoin/share_memory.ts";
import {
  assemble,
  call,
  type Code,
  get,
  i32,
  i32x4,
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
  tailOf,
} from "./lane_code.ts";
import { compress, compressPadding, FOUR } from "./rounds.ts";

/** Swaps the bytes of each word. */
const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const words = (...places: number[]): Code =>
  places.flatMap((p) => [0, 1, 2, 3].map((b) => p * 4 + b));

/**
 * Four rows of four words to four columns, in place; the same again leads back.
 *
 * @param rows locals with them.
 * @param spares four more locals.
 */
function transpose(rows: readonly number[], spares: readonly number[]): Code {
  const [a, b, c, d] = rows.map((row) => get(row)) as [Code, Code, Code, Code];
  const [p, q, r, s] = spares.map((spare) => get(spare)) as [Code, Code, Code, Code];
  const pairs = [
    i32x4.shuffle(a, b, words(0, 4, 1, 5)),
    i32x4.shuffle(c, d, words(0, 4, 1, 5)),
    i32x4.shuffle(a, b, words(2, 6, 3, 7)),
    i32x4.shuffle(c, d, words(2, 6, 3, 7)),
  ];
  const columns = [
    i32x4.shuffle(p, q, words(0, 1, 4, 5)),
    i32x4.shuffle(p, q, words(2, 3, 6, 7)),
    i32x4.shuffle(r, s, words(0, 1, 4, 5)),
    i32x4.shuffle(r, s, words(2, 3, 6, 7)),
  ];
  return [
    ...pairs.flatMap((code, i) => set(spares[i]!, code)),
    ...columns.flatMap((code, i) => set(rows[i]!, code)),
  ];
}

/**
 * Its bytes. Exports `hashAll()`. A lane with fewer blocks or branches than another stands still
 * meanwhile, so that any shares can be hashed together.
 */
export function simdModule(): Uint8Array {
  const [COMPRESS, PADDED, SECOND] = [0, 1, 2] as const;
  const lanes = Array.from({ length: LANES }, (_, i) => LANE_BYTES * (i + 1));
  const start = (state: number) =>
    EIGHT.flatMap((i) =>
      i32x4.store(NOWHERE, state + i * 16, i32x4.loadSplat(NOWHERE, TABLE.initial + i * 4))
    );
  const mix = (state: number, block: number) => call(COMPRESS, i32.const(state), i32.const(block));
  const second = {
    params: 0,
    locals: [],
    body: [...start(TABLE.pair4), ...mix(TABLE.pair4, TABLE.digest4)],
  };

  // Locals: where each lane reads, rows, spares; how many steps each lane takes, which of them take
  // this one, and which it is.
  const at = [0, 1, 2, 3];
  const rows = [4, 5, 6, 7];
  const spares = [8, 9, 10, 11];
  const [counts, active, step] = [12, 13, 14] as const;
  /** Words of all lanes, from where each reads, to `to` for four lanes. */
  const gather = (to: number, offset: number, count: number) =>
    Array.from({ length: count / 4 }, (_, i) => [
      ...rows.flatMap((row, lane) => set(row, i32x4.load(get(at[lane]!), offset + i * 16))),
      ...transpose(rows, spares),
      ...rows.flatMap((row, j) => i32x4.store(NOWHERE, to + (i * 4 + j) * 16, get(row))),
    ]).flat();
  /** The other way: 8 words for four lanes to an offset in each, their bytes turned or not. */
  const scatter = (from: number, offset: number, isTurned: boolean) =>
    [0, 1].flatMap((i) => [
      ...rows.flatMap((row, j) => set(row, i32x4.load(NOWHERE, from + (i * 4 + j) * 16))),
      ...transpose(rows, spares),
      ...rows.flatMap((row, lane) => {
        const value = isTurned ? i32x4.shuffle(get(row), get(row), SWAP) : get(row);
        return i32x4.store(i32.const(lanes[lane]!), offset + i * 16, value);
      }),
    ]);
  const keep = (state: number) =>
    EIGHT.flatMap((i) =>
      i32x4.store(NOWHERE, TABLE.kept4 + i * 16, i32x4.load(NOWHERE, state + i * 16))
    );
  /** Restores the values of the lanes that stand still. */
  const giveBack = (state: number) =>
    EIGHT.flatMap((i) =>
      i32x4.store(
        NOWHERE,
        state + i * 16,
        i32x4.select(
          i32x4.load(NOWHERE, state + i * 16),
          i32x4.load(NOWHERE, TABLE.kept4 + i * 16),
          get(active),
        ),
      )
    );
  /** Runs the steps of the lane that has the most. */
  const steps = (countAt: number, stepBytes: number, ...body: Code[]) => [
    ...set(counts, lanesOf(lanes.map((lane) => i32.load(i32.const(lane), countAt)))),
    ...set(step, i32.const(0)),
    ...loop(
      set(active, i32x4.gt(get(counts), i32x4.splat(get(step)))),
      leave(i32.eqz(i32x4.anyTrue(get(active)))),
      ...body,
      set(step, i32.add(get(step), i32.const(1))),
      at.flatMap((local) => set(local, i32.add(get(local), i32.const(stepBytes)))),
    ),
  ];
  const toLanes = at.flatMap((local, lane) => set(local, i32.const(lanes[lane]!)));
  const hash = {
    params: 0,
    locals: [
      ...at.map(() => TYPE.i32),
      ...[...rows, ...spares].map(() => TYPE.v128),
      TYPE.v128,
      TYPE.v128,
      TYPE.i32,
    ],
    exportAs: "hashAll",
    body: [
      ...toLanes,
      ...gather(TABLE.digest4, LANE.midstate, 8),
      ...at.flatMap((local) => set(local, tailOf(get(local), i32.load(get(local), LANE.branches)))),
      ...steps(
        LANE.blocks,
        BLOCK_BYTES,
        gather(TABLE.block4, 0, 16),
        keep(TABLE.digest4),
        mix(TABLE.digest4, TABLE.block4),
        giveBack(TABLE.digest4),
      ),
      ...call(SECOND),
      ...toLanes,
      ...steps(
        LANE.branches,
        HASH_BYTES,
        gather(TABLE.pair4 + 8 * 16, LANE.branch, 8),
        keep(TABLE.pair4),
        start(TABLE.digest4),
        mix(TABLE.digest4, TABLE.pair4),
        call(PADDED, i32.const(TABLE.digest4)),
        call(SECOND),
        giveBack(TABLE.pair4),
      ),
      ...scatter(TABLE.pair4, LANE.header + HEADER.root, false),
      ...lanes.flatMap((lane) => fillHeader(i32.const(lane), step)),
      ...toLanes,
      ...start(TABLE.digest4),
      ...gather(TABLE.block4, LANE.header, 16),
      ...mix(TABLE.digest4, TABLE.block4),
      ...gather(TABLE.block4, LANE.header + BLOCK_BYTES, 16),
      ...mix(TABLE.digest4, TABLE.block4),
      ...call(SECOND),
      ...scatter(TABLE.pair4, LANE.hash, true),
    ],
  };
  return assemble({
    hasMemory: false,
    pages: MEMORY_PAGES,
    functions: [compress(FOUR), compressPadding(FOUR), second, hash],
    data: [{
      at: TABLE.digest4 + 8 * 16,
      bytes: wordBytes(DIGEST_PADDING.flatMap((word) => [word, word, word, word])),
    }],
  });
}

/** One number of each lane. */
function lanesOf(values: readonly Code[]): Code {
  return values.reduce(
    (all, value, lane) => lane === 0 ? i32x4.splat(value) : i32x4.replace(all, lane, value),
    [] as Code,
  );
}
