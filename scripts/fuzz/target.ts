/**
 * Fuzz targets: how their inputs are made, and what must be true of each.
 */

import type { Random } from "../../lib/base/clock.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";

/** One part of the program under fire. */
export interface FuzzTarget {
  /** Its name on the command line, and its folder in tests/corpus. */
  readonly name: string;
  /** Makes an input: near enough to a good one to get past the first check. */
  generate(dice: Dice): Uint8Array;
  /** Takes an input. @throws (or rejects) when something is not as it must be. */
  run(input: Uint8Array): void | Promise<void>;
  /** How far inputs have to get; absent if that does not matter. */
  readonly reached?: Reached;
}

/** With fewer inputs than this the ratios mean nothing. */
const MIN_INPUTS = 1_000;

/** Counts how far inputs got: a target whose inputs all fail at once tests nothing. */
export class Reached {
  readonly #least: Readonly<Record<string, number>>;
  readonly #counts = new Map<string, number>();
  #inputs = 0;

  /** Takes the least part of inputs that has to reach each stage, 0 to 1. */
  constructor(least: Readonly<Record<string, number>>) {
    this.#least = least;
  }

  /** Counts an input. */
  input(): void {
    this.#inputs++;
  }

  /** Notes that the input reached a stage. */
  count(stage: string): void {
    this.#counts.set(stage, (this.#counts.get(stage) ?? 0) + 1);
  }

  /**
   * Says which stage too few inputs reached; `undefined` if enough did, or there were too few
   * inputs.
   */
  get problem(): string | undefined {
    if (this.#inputs < MIN_INPUTS) return undefined;
    for (const [stage, least] of Object.entries(this.#least)) {
      const share = (this.#counts.get(stage) ?? 0) / this.#inputs;
      if (share < least) {
        return `Only ${(100 * share).toFixed(1)} % of inputs reach ${stage}, wanted ${
          100 * least
        } %`;
      }
    }
    return undefined;
  }

  /** The ratios reached, for people. */
  get summary(): string {
    return Object.keys(this.#least).map((stage) => {
      const share = (this.#counts.get(stage) ?? 0) / Math.max(1, this.#inputs);
      return `${(100 * share).toFixed(1)} % reach ${stage}`;
    }).join(", ");
  }
}

/** Random choices that a seed repeats. */
export class Dice {
  readonly #random: Random;

  /** The same two whole numbers give the same choices. */
  constructor(seed: number, input: number) {
    this.#random = seededRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(input + 1, 0x85ebca6b));
  }

  /** A whole number from 0 up to but not including `end`. */
  below(end: number): number {
    return randomBelow(this.#random, end);
  }

  /** True once in `times` calls on average. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  /** One of these. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  /** Results of `make`, `most` at most. */
  many<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /** Random bytes. */
  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let i = 0; i < length; i++) bytes[i] = this.below(256);
    return bytes;
  }
}

/** Bytes with a meaning in some format. */
const TELLING = [
  0x00,
  0x01,
  0x0a,
  0x0d,
  0x10,
  0x20,
  0x22,
  0x2c,
  0x2d,
  0x2e,
  0x30,
  0x3a,
  0x5b,
  0x5c,
  0x5d,
  0x65,
  0x7b,
  0x7d,
  0x7f,
  0x80,
  0xc3,
  0xed,
  0xef,
  0xff,
] as const;

/** Makes a few changes to bytes: replaced, removed, inserted, repeated, cut off. Often none. */
export function mutate(dice: Dice, bytes: Uint8Array): Uint8Array {
  let changed = bytes;
  while (changed.length > 0 && dice.oneIn(2)) {
    const at = dice.below(changed.length);
    switch (dice.below(6)) {
      case 0:
        changed = changed.slice();
        changed[at] = dice.pick(TELLING);
        break;
      case 1:
        changed = changed.slice();
        changed[at]! ^= 1 << dice.below(8);
        break;
      case 2:
        changed = joined(changed.subarray(0, at), changed.subarray(at + 1 + dice.below(4)));
        break;
      case 3:
        changed = joined(
          changed.subarray(0, at),
          dice.bytes(1 + dice.below(3)),
          changed.subarray(at),
        );
        break;
      case 4: {
        const piece = changed.subarray(at, at + 1 + dice.below(40));
        changed = joined(changed.subarray(0, at), piece, changed.subarray(at));
        break;
      }
      case 5:
        changed = changed.subarray(0, at);
        break;
    }
  }
  return changed;
}

/** Joins pieces. */
export function joined(...pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** The longest chunks: mostly as long as packets, sometimes a few bytes. */
const LONGEST_CHUNKS = [4, 30, 300, 300, 1500, 1500, 1500, 1500];

/** Yields the bytes in chunks; the cuts depend on the bytes themselves. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array> {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  const random = seededRandom(hash);
  const longest = LONGEST_CHUNKS[randomBelow(random, LONGEST_CHUNKS.length)]!;
  for (let at = 0; at < bytes.length;) {
    const length = 1 + randomBelow(random, longest);
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

/** Makes a JSON value as text: usual ones, and ones that programs often handle wrongly. */
export function jsonValue(dice: Dice, depth = 0): string {
  const nested = depth > 3 ? 0 : 2;
  switch (dice.below(8 + nested)) {
    case 0:
      return dice.pick(["null", "true", "false", '""', "[]", "{}"]);
    case 1:
      return String(dice.below(1 << 16));
    case 2:
      return dice.pick(ODD_NUMBERS);
    case 3:
      return `"${hexDigits(dice, dice.below(12))}"`;
    case 4:
      return dice.pick(ODD_TEXTS);
    case 5:
      return JSON.stringify("x".repeat(dice.pick([1, 50, 64, 255, 256, 257, 3000])));
    case 6:
      return `"0x${hexDigits(dice, 8)}"`;
    case 7:
      return `"${hexDigits(dice, 8)}"`;
    case 8:
      return `[${dice.many(4, () => jsonValue(dice, depth + 1)).join()}]`;
    default: {
      const members = dice.many(3, () => `${dice.pick(KEYS)}:${jsonValue(dice, depth + 1)}`);
      return `{${members.join()}}`;
    }
  }
}

/** Makes `length` hex digits. */
export function hexDigits(dice: Dice, length: number): string {
  let digits = "";
  while (digits.length < length) digits += dice.pick(HEX);
  return digits;
}

const HEX = [..."0123456789abcdefABCDEF"];

const ODD_NUMBERS = [
  "-0",
  "-1",
  "0.5",
  "1e2",
  "1e400",
  "-1e400",
  "1e-400",
  "255",
  "256",
  "65534",
  "65535",
  "65536",
  "2147483647",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740993",
  "9223372036854775808",
  "1.7976931348623157e308",
  "5e-324",
  "01",
  "+1",
  ".5",
  "NaN",
  "0x10",
] as const;

const ODD_TEXTS = [
  '"\\u0000"',
  '"\\ud800"',
  '"\\udfff\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\u2028"',
  '"é矿"',
  '"\\""',
  '"\\\\"',
  '"\\n"',
  '"\\u001b[2J"',
  '" 1"',
  '"+1"',
  '"-1"',
  '"1 "',
  '"0x1"',
  '"123456789"',
  '"ffffffff"',
  '"__proto__"',
  '"constructor"',
  '"toString"',
  '"farm.rig"',
  '"."',
  '".."',
  '"a.b.c"',
  '"nicehash/1"',
] as const;

const KEYS = [
  '"id"',
  '"method"',
  '"params"',
  '"result"',
  '"error"',
  '"__proto__"',
  '"constructor"',
  '"version-rolling.mask"',
  '"version-rolling.min-bit-count"',
  '"capabilities"',
  '"x"',
  '""',
  "x",
  "1",
] as const;
