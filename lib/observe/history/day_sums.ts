/**
 * What a worker did in a day, added up from its steps.
 *
 * Packing a day does this for a million steps in a row. Where V8 does not optimize, every number
 * that is not whole, or not below 2^30, becomes an object: 160 MB of them a day for 10,000 workers,
 * and pauses to collect them. So the usual steps are added up in whole numbers below 2^30, and only
 * what is seldom in others.
 */

import { DAY_MS, type Span } from "./axis.ts";
import {
  CONNECTED_STEPS,
  HASHRATE_STEP,
  hashrateNumber,
  hashrateOf,
  LOST_STEPS,
  lostNumber,
} from "./packing.ts";

/** The sums of one worker; packed numbers are those of packing.ts. */
export interface DaySum {
  /** The seconds in which it was watched. */
  readonly seconds: number;
  /** The number of its hashrate, on average. */
  readonly hashrate: number;
  /** The number of the lost part of its work. */
  readonly lost: number;
  /** The seconds in which it was connected. */
  readonly connected: number;
  /** When it was connected last, in milliseconds since 1970; 0 for never. */
  readonly last: number;
}

/** Hashrates are added up in this part of the greatest: times the seconds of a day below 2^30. */
const SCALE = 2 ** 13;

/** Less than this is added up with its fraction, or that would be missed: 1/16 of the greatest. */
const LEAST = SCALE / 16;

/** Adds up the days of workers, all in the same steps. */
export class DaySums {
  readonly #start: number;
  /** Of each step, in whole seconds. */
  readonly #seconds: Uint16Array;
  /** The end of each step, in milliseconds of the day. */
  readonly #ends: Int32Array;
  /** By how much a hashrate's number is below the greatest: what part it is of that. */
  readonly #parts: Uint16Array;

  /** For the steps `spans` of `day`. */
  constructor(day: number, spans: readonly Span[]) {
    this.#start = day * DAY_MS;
    this.#seconds = Uint16Array.from(spans, ({ ms }) => Math.max(1, Math.round(ms / 1000)));
    this.#ends = Int32Array.from(spans, ({ at, ms }) => at + ms - this.#start);
    const parts = Math.floor(Math.log(SCALE / LEAST) / HASHRATE_STEP);
    this.#parts = new Uint16Array(parts);
    for (let below = 0; below < parts; below++) {
      this.#parts[below] = Math.round(SCALE * Math.exp(-below * HASHRATE_STEP));
    }
  }

  /**
   * The sums of one worker; `undefined` if it was not watched. Of each step `halves` has the lower
   * 16 of its 32 bits (packing.ts), then the upper.
   */
  of(halves: Uint16Array): DaySum | undefined {
    let top = 0;
    for (let high = 1; high < halves.length; high += 2) {
      if (halves[high]! > top) top = halves[high]!;
    }
    let [seconds, connected, lastEnd, work, lost] = [0, 0, 0, 0, 0];
    // With its fraction.
    let little = 0;
    for (let place = 0; 2 * place < halves.length; place++) {
      const low = halves[2 * place]!;
      if (low === 0) continue;
      const length = this.#seconds[place]!;
      const here = length * (low >>> 4 & 0xf);
      seconds += length;
      connected += here;
      if (here > 0 && this.#ends[place]! > lastEnd) lastEnd = this.#ends[place]!;
      // Lost parts are on the scale of a square root.
      if (low > 0xff) lost += here * (low >>> 8) * (low >>> 8);
      const high = halves[2 * place + 1]!;
      if (high === 0) continue;
      const below = top - high;
      if (below < this.#parts.length) work += length * this.#parts[below]!;
      else little += length * hashrateOf(high);
    }
    if (seconds === 0) return undefined;
    return {
      seconds,
      hashrate: hashrateNumber((work / SCALE * hashrateOf(top) + little) / seconds),
      lost: connected === 0 ? 0 : lostNumber(lost / connected / LOST_STEPS ** 2),
      connected: Math.round(connected / CONNECTED_STEPS),
      last: lastEnd === 0 ? 0 : this.#start + lastEnd,
    };
  }
}
