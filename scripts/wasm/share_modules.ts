/**
 * The two modules of the share hasher: shares one by one, and four at once.
 *
 * A lane's job and share are laid out in lib/bitcoin/share_memory.ts. Hashing leaves the merkle root
 * in the lane's header and the header's hash at its start.
 */

import {
  HEADER,
  LANE,
  LANE_BYTES,
  LANES,
  MEMORY_PAGES,
  TABLE,
} from "../../lib/bitcoin/share_memory.ts";
import { INITIAL_STATE, ROUND_CONSTANTS } from "../../lib/bitcoin/sha256.ts";
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
  tee,
  TYPE,
  wordBytes,
} from "./assembler.ts";
import { compress, compressPadding, FOUR, ONE } from "./rounds.ts";

const BLOCK_BYTES = 64;
const HASH_BYTES = 32;
const EIGHT = [0, 1, 2, 3, 4, 5, 6, 7];
const NOWHERE = i32.const(0);

/** The block that pads a message of 64 bytes, and all a digest's block has after the digest. */
const PADDING = [0x80000000, ...Array<number>(14).fill(0), 512];
const DIGEST_PADDING = [0x80000000, 0, 0, 0, 0, 0, 0, 256];

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

/** The bytes of a number the other way round; `spare` is a local to work with. */
function swapped(value: Code, spare: number): Code {
  const odd = i32.const(0x00ff00ff);
  return i32.or(
    i32.rotr(i32.and(tee(spare, value), odd), 8),
    i32.and(i32.rotr(get(spare), 24), odd),
  );
}

/** The address of a lane's coinbase tail. */
function tailOf(lane: Code, branches: Code): Code {
  return i32.add(i32.add(lane, i32.const(LANE.branch)), i32.shl(branches, 5));
}

/** Hashes shares one by one, and prepares jobs. */
export function scalarModule(): Uint8Array {
  const [COMPRESS, PADDED, SECOND] = [0, 1, 2];
  const start = (state: number) =>
    EIGHT.flatMap((i) =>
      i32.store(NOWHERE, state + i * 4, i32.load(NOWHERE, TABLE.initial + i * 4))
    );
  const mix = (state: number, block: Code) => call(COMPRESS!, i32.const(state), block);
  /** The hash of the digest at hand, into the first half of the pair. */
  const second = {
    params: 0,
    locals: [],
    body: [...start(TABLE.pair), ...mix(TABLE.pair, i32.const(TABLE.digest))],
  };
  const [lane, block, left, spare] = [0, 1, 2, 3];
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
      ...call(SECOND!),
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
        call(PADDED!, i32.const(TABLE.digest)),
        call(SECOND!),
        set(block, i32.add(get(block), i32.const(HASH_BYTES))),
        set(left, i32.add(get(left), i32.const(-1))),
      ),
      ...EIGHT.flatMap((i) =>
        i32.store(get(lane), header(HEADER.root + i * 4), i32.load(NOWHERE, TABLE.pair + i * 4))
      ),
      ...[[0, LANE.version], [HEADER.ntime, LANE.ntime], [HEADER.nonce, LANE.nonce]].flatMap(
        ([to, from]) =>
          i32.store(get(lane), header(to!), swapped(i32.load(get(lane), from!), spare)),
      ),
      ...start(TABLE.digest),
      ...mix(TABLE.digest, i32.add(get(lane), i32.const(header(0)))),
      ...mix(TABLE.digest, i32.add(get(lane), i32.const(header(BLOCK_BYTES)))),
      ...call(SECOND!),
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
      call(COMPRESS!, get(0), get(1)),
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
 * Hashes the shares of all lanes at once. A lane with fewer blocks or branches than another stands
 * still while the other goes on, so that any shares may be hashed together.
 */
export function simdModule(): Uint8Array {
  const [COMPRESS, PADDED, SECOND] = [0, 1, 2];
  const lanes = Array.from({ length: LANES }, (_, i) => LANE_BYTES * (i + 1));
  const start = (state: number) =>
    EIGHT.flatMap((i) =>
      i32x4.store(NOWHERE, state + i * 16, i32x4.loadSplat(NOWHERE, TABLE.initial + i * 4))
    );
  const mix = (state: number, block: number) => call(COMPRESS!, i32.const(state), i32.const(block));
  const second = {
    params: 0,
    locals: [],
    body: [...start(TABLE.pair4), ...mix(TABLE.pair4, TABLE.digest4)],
  };

  // Locals: where each lane reads, rows, spares, the count of steps left and who takes them.
  const at = [0, 1, 2, 3];
  const rows = [4, 5, 6, 7];
  const spares = [8, 9, 10, 11];
  const [left, active, step] = [12, 13, 14];
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
  /** Gives the lanes that stand still back what they had. */
  const giveBack = (state: number) =>
    EIGHT.flatMap((i) =>
      i32x4.store(
        NOWHERE,
        state + i * 16,
        i32x4.select(
          i32x4.load(NOWHERE, state + i * 16),
          i32x4.load(NOWHERE, TABLE.kept4 + i * 16),
          get(active!),
        ),
      )
    );
  /** As many steps as the lane with the most of them has. */
  const steps = (countAt: number, stepBytes: number, ...body: Code[]) => [
    ...set(left!, lanesOf(lanes.map((lane) => i32.load(i32.const(lane), countAt)))),
    ...set(step!, i32.const(0)),
    ...loop(
      set(active!, i32x4.gt(get(left!), i32x4.splat(get(step!)))),
      leave(i32.eqz(i32x4.anyTrue(get(active!)))),
      ...body,
      set(step!, i32.add(get(step!), i32.const(1))),
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
      ...call(SECOND!),
      ...toLanes,
      ...steps(
        LANE.branches,
        HASH_BYTES,
        gather(TABLE.pair4 + 8 * 16, LANE.branch, 8),
        keep(TABLE.pair4),
        start(TABLE.digest4),
        mix(TABLE.digest4, TABLE.pair4),
        call(PADDED!, i32.const(TABLE.digest4)),
        call(SECOND!),
        giveBack(TABLE.pair4),
      ),
      ...scatter(TABLE.pair4, LANE.header + HEADER.root, false),
      ...lanes.flatMap((lane) =>
        [[0, LANE.version], [HEADER.ntime, LANE.ntime], [HEADER.nonce, LANE.nonce]].flatMap(
          ([to, from]) =>
            i32.store(
              i32.const(lane),
              LANE.header + to!,
              swapped(i32.load(i32.const(lane), from!), step!),
            ),
        )
      ),
      ...toLanes,
      ...start(TABLE.digest4),
      ...gather(TABLE.block4, LANE.header, 16),
      ...mix(TABLE.digest4, TABLE.block4),
      ...gather(TABLE.block4, LANE.header + BLOCK_BYTES, 16),
      ...mix(TABLE.digest4, TABLE.block4),
      ...call(SECOND!),
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
