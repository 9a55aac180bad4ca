/**
 * An assembler for the part of WebAssembly that the share hasher needs: expressions are functions
 * that return bytes, so that a formula reads like a formula. Nothing is checked here; the engine
 * does that.
 */

/** Bytes of a module or of code. */
export type Code = readonly number[];

/** The types of values; `v128` is four 32-bit lanes here. */
export const TYPE = { i32: 0x7f, v128: 0x7b } as const;

/** A number of {@linkcode TYPE}. */
export type ValueType = typeof TYPE[keyof typeof TYPE];

/** A function of a module. */
export interface Func {
  /** The number of `i32` parameters; locals 0 and up. */
  readonly params: number;
  /** The types of its other locals, after the parameters. */
  readonly locals: readonly ValueType[];
  /** Its code; it returns nothing. */
  readonly body: Code;
  /** Its name for JavaScript; `undefined` for none. */
  readonly exportAs?: string;
}

/** Bytes that are in memory from the start. */
export interface Data {
  /** Where they lie. */
  readonly at: number;
  /** What they are. */
  readonly bytes: Code;
}

/** A module with one memory, which it makes itself or imports as `env.memory`. */
export interface Module {
  /** Whether its memory is made here and exported as `memory`. */
  readonly hasMemory: boolean;
  /** The size of the memory in pages of 64 KiB; it never grows. */
  readonly pages: number;
  /** A function calls another by its place here. */
  readonly functions: readonly Func[];
  /** Memory is 0 everywhere else. */
  readonly data: readonly Data[];
}

/** An unsigned number in LEB128. */
export function unsigned(value: number): Code {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push(rest & 0x7f | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest !== 0);
  return bytes;
}

/** A 32-bit number in signed LEB128. */
function signed(value: number): Code {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const byte = rest & 0x7f;
    rest >>= 7;
    if (rest === (byte & 0x40 ? -1 : 0)) return [...bytes, byte];
    bytes.push(byte | 0x80);
  }
}

/** Words as the memory holds them: each little-endian. */
export function wordBytes(words: Iterable<number>): Code {
  return Array.from(words).flatMap((word) => [0, 8, 16, 24].map((shift) => word >>> shift & 0xff));
}

/** The value of a local. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
/** Sets a local. */
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
/** Sets a local and leaves its value. */
export const tee = (local: number, value: Code): Code => [...value, 0x22, ...unsigned(local)];
/** Calls the function at this place. */
export const call = (place: number, ...args: Code[]): Code => [
  ...args.flat(),
  0x10,
  ...unsigned(place),
];
/** Repeats `body` until {@linkcode leave} ends it. */
export const loop = (...body: Code[]): Code => [
  ...[0x02, 0x40, 0x03, 0x40],
  ...body.flat(),
  ...[0x0c, 0x00, 0x0b, 0x0b],
];
/** Ends the innermost loop if `condition`; only as a statement of its own in the loop's body. */
export const leave = (condition: Code): Code => [...condition, 0x0d, 0x01];

const address = (alignment: number, offset: number): Code => [alignment, ...unsigned(offset)];
const binary = (...opcode: number[]) => (a: Code, b: Code): Code => [...a, ...b, ...opcode];
const simd = (opcode: number): number[] => [0xfd, ...unsigned(opcode)];

/** Operations on one 32-bit number. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  and: binary(0x71),
  or: binary(0x72),
  xor: binary(0x73),
  rotr: (value: Code, by: number): Code => [...value, ...i32.const(by), 0x78],
  shl: (value: Code, by: number): Code => [...value, ...i32.const(by), 0x74],
  shr: (value: Code, by: number): Code => [...value, ...i32.const(by), 0x76],
  load: (at: Code, offset: number): Code => [...at, 0x28, ...address(2, offset)],
  store: (at: Code, offset: number, value: Code): Code => [
    ...at,
    ...value,
    0x36,
    ...address(2, offset),
  ],
  eqz: (value: Code): Code => [...value, 0x45],
  eq: binary(0x46),
} as const;

/** Operations on four 32-bit numbers at once. */
export const i32x4 = {
  splat: (value: Code): Code => [...value, ...simd(0x11)],
  add: binary(...simd(0xae)),
  and: binary(...simd(0x4e)),
  or: binary(...simd(0x50)),
  xor: binary(...simd(0x51)),
  rotr: (value: Code, by: number): Code =>
    i32x4.or(i32x4.shr(value, by), [...value, ...i32.const(32 - by), ...simd(0xab)]),
  shr: (value: Code, by: number): Code => [...value, ...i32.const(by), ...simd(0xad)],
  load: (at: Code, offset: number): Code => [...at, ...simd(0x00), ...address(2, offset)],
  store: (at: Code, offset: number, value: Code): Code => [
    ...at,
    ...value,
    ...simd(0x0b),
    ...address(2, offset),
  ],
  /** The same word of memory in all lanes. */
  loadSplat: (at: Code, offset: number): Code => [...at, ...simd(0x09), ...address(2, offset)],
  /** The number in one lane replaced. */
  replace: (all: Code, lane: number, value: Code): Code => [...all, ...value, ...simd(0x1c), lane],
  /** All bits of a lane are set where `a > b`, as signed numbers. */
  gt: binary(...simd(0x3b)),
  /** 1 if any bit of any lane is set. */
  anyTrue: (value: Code): Code => [...value, ...simd(0x53)],
  /** The bits of `a` where those of `mask` are set, of `b` elsewhere. */
  select: (a: Code, b: Code, mask: Code): Code => [...a, ...b, ...mask, ...simd(0x52)],
  /** Bytes of `a` (0 to 15) and `b` (16 to 31) in any order. */
  shuffle: (a: Code, b: Code, order: Code): Code => [...a, ...b, ...simd(0x0d), ...order],
} as const;

const section = (id: number, content: Code): Code => [id, ...unsigned(content.length), ...content];
const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => vector(Array.from(value, (c) => [c.charCodeAt(0)]));

/** The bytes of a module. */
export function assemble({ hasMemory, pages, functions, data }: Module): Uint8Array {
  const kinds = [...new Set(functions.map(({ params }) => params))];
  const types = kinds.map((params) => [
    0x60,
    ...vector(Array.from({ length: params }, () => [TYPE.i32])),
    0x00,
  ]);
  const limits = [0x01, ...unsigned(pages), ...unsigned(pages)];
  const exports = functions.flatMap(({ exportAs }, place) =>
    exportAs === undefined ? [] : [[...text(exportAs), 0x00, ...unsigned(place)]]
  );
  if (hasMemory) exports.push([...text("memory"), 0x02, 0x00]);
  const code = functions.map(({ locals, body }) => {
    const whole = [...vector(locals.map((type) => [0x01, type])), ...body, 0x0b];
    return [...unsigned(whole.length), ...whole];
  });
  const segments = data.map(({ at, bytes }) => [
    0x00,
    ...i32.const(at),
    0x0b,
    ...unsigned(bytes.length),
    ...bytes,
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...(hasMemory
      ? []
      : section(2, vector([[...text("env"), ...text("memory"), 0x02, ...limits]]))),
    ...section(3, vector(functions.map(({ params }) => unsigned(kinds.indexOf(params))))),
    ...(hasMemory ? section(5, vector([limits])) : []),
    ...section(7, vector(exports)),
    ...section(10, vector(code)),
    ...section(11, vector(segments)),
  ]);
}
