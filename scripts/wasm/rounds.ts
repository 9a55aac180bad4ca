/**
 * SHA-256's compression in WebAssembly, for one message or, with `i32x4`, for four at once.
 */

import { TABLE } from "../../lib/bitcoin/share_memory.ts";
import { type Code, type Func, get, i32, i32x4, leave, loop, set, TYPE } from "./assembler.ts";

/** The operations of the rounds, on one number or four. */
interface Words {
  readonly type: typeof TYPE[keyof typeof TYPE];
  /** Bytes of one word in a block, and from one to the next. */
  readonly stride: number;
  readonly add: (a: Code, b: Code) => Code;
  readonly and: (a: Code, b: Code) => Code;
  readonly xor: (a: Code, b: Code) => Code;
  readonly rotr: (value: Code, by: number) => Code;
  readonly shr: (value: Code, by: number) => Code;
  readonly load: (at: Code, offset: number) => Code;
  readonly store: (at: Code, offset: number, value: Code) => Code;
  /** A word of a table, in all lanes. */
  readonly constant: (at: Code, offset: number) => Code;
}

/** One message. */
export const ONE: Words = { ...i32, type: TYPE.i32, stride: 4, constant: i32.load };
/** Four messages; word `i` of all four lies in 16 bytes. */
export const FOUR: Words = { ...i32x4, type: TYPE.v128, stride: 16, constant: i32x4.loadSplat };

/** The locals of a compression, after its parameters. */
const LOCALS = 8 + 16 + 2;

/** Local numbers, from the number of parameters on. */
function locals(params: number) {
  return {
    state: (i: number) => params + (i & 7),
    schedule: (i: number) => params + 8 + (i & 15),
    /** a ^ b of this round and of the one before, in turns. */
    difference: (i: number) => params + 24 + (i & 1),
    table: params + LOCALS,
  };
}

/**
 * One round of 64.
 *
 * @param addend the round's constant and its word of the schedule, added up.
 */
function round(o: Words, i: number, own: ReturnType<typeof locals>, addend: Code): Code {
  const { add, and, xor } = o;
  const local = (name: number) => own.state(name - i);
  const a = local(0), b = local(1), d = local(3);
  const e = local(4), f = local(5), g = local(6), h = local(7);
  const sum = (x: number, r: number, s: number, t: number) =>
    xor(xor(o.rotr(get(x), r), o.rotr(get(x), s)), o.rotr(get(x), t));
  const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
  // The majority of a, b and c; b ^ c is the last round's a ^ b.
  const majority = xor(get(b), and(get(own.difference(i)), get(own.difference(i + 1))));
  return [
    ...set(h, add(add(add(get(h), addend), choice), sum(e, 6, 11, 25))),
    ...set(d, add(get(d), get(h))),
    ...set(own.difference(i), xor(get(a), get(b))),
    ...set(h, add(add(get(h), majority), sum(a, 2, 13, 22))),
  ];
}

/** The word of the schedule that takes the place of the one 16 rounds before. */
function nextWord(o: Words, i: number, own: ReturnType<typeof locals>): Code {
  const { add, xor } = o;
  const word = (back: number) => get(own.schedule(i - back));
  const small = (x: Code, r: number, s: number, shift: number) =>
    xor(xor(o.rotr(x, r), o.rotr(x, s)), o.shr(x, shift));
  return set(
    own.schedule(i),
    add(add(word(16), small(word(15), 7, 18, 3)), add(word(7), small(word(2), 17, 19, 10))),
  );
}

const SIXTEEN = Array.from({ length: 16 }, (_, i) => i);
const EIGHT = SIXTEEN.slice(0, 8);

function begin(o: Words, own: ReturnType<typeof locals>): Code {
  return [
    ...EIGHT.flatMap((i) => set(own.state(i), o.load(get(0), i * o.stride))),
    ...set(own.difference(1), o.xor(get(own.state(1)), get(own.state(2)))),
  ];
}

function end(o: Words, own: ReturnType<typeof locals>): Code {
  return EIGHT.flatMap((i) => {
    const at = i * o.stride;
    return o.store(get(0), at, o.add(o.load(get(0), at), get(own.state(i))));
  });
}

/** `compress(state, block)`: mixes the block at an address into the state at another. */
export function compress(o: Words): Func {
  const own = locals(2);
  const plain = SIXTEEN.flatMap((i) =>
    round(
      o,
      i,
      own,
      o.add(get(own.schedule(i)), o.constant(i32.const(0), TABLE.constants + i * 4)),
    )
  );
  const later = SIXTEEN.flatMap((i) => [
    ...nextWord(o, i, own),
    ...round(
      o,
      i,
      own,
      o.add(get(own.schedule(i)), o.constant(get(own.table), TABLE.constants + i * 4)),
    ),
  ]);
  return {
    params: 2,
    locals: [...Array.from({ length: LOCALS }, () => o.type), TYPE.i32],
    body: [
      ...begin(o, own),
      ...SIXTEEN.flatMap((i) => set(own.schedule(i), o.load(get(1), i * o.stride))),
      ...plain,
      ...loop(
        set(own.table, i32.add(get(own.table), i32.const(64))),
        later,
        leave(i32.eq(get(own.table), i32.const(192))),
      ),
      ...end(o, own),
    ],
  };
}

/** `compressPadding(state)`: mixes in the block that pads a message of 64 bytes. */
export function compressPadding(o: Words): Func {
  const own = locals(1);
  return {
    params: 1,
    locals: [...Array.from({ length: LOCALS }, () => o.type), TYPE.i32],
    body: [
      ...begin(o, own),
      ...loop(
        SIXTEEN.flatMap((i) => round(o, i, own, o.constant(get(own.table), TABLE.padded + i * 4))),
        set(own.table, i32.add(get(own.table), i32.const(64))),
        leave(i32.eq(get(own.table), i32.const(256))),
      ),
      ...end(o, own),
    ],
  };
}
