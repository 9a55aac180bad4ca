/**
 * What machines with the same software usually do: the median of their hashrates.
 */

/** A median of fewer is mere luck. */
const LEAST_OF_A_KIND = 5;

/** Hashrates below this part of the median are far below it. */
export const FAR_BELOW = 0.6;

/** Of those of a kind, this part may be far below the median; more are another model. */
const MOST_FAR_BELOW = 0.1;

/** Medians by kind, a number for each software. */
export class UsualHashrates {
  readonly #medians = new Map<number, number>();

  /** The median of a kind; `undefined` for too few, or for machines that are not alike. */
  of(kind: number): number | undefined {
    return this.#medians.get(kind);
  }

  /** Takes the hashrates that were measured now, by kind, in steps. Puts them in order. */
  *replace(measured: ReadonlyMap<number, number[]>): Generator<void> {
    for (const kind of this.#medians.keys()) {
      if (!measured.has(kind)) this.#medians.delete(kind);
    }
    for (const [kind, hashrates] of measured) {
      const median = medianOf(hashrates);
      if (median === undefined) this.#medians.delete(kind);
      else this.#medians.set(kind, median);
      yield;
    }
  }
}

function medianOf(hashrates: number[]): number | undefined {
  const count = hashrates.length;
  if (count < LEAST_OF_A_KIND) return undefined;
  const sorted = Float32Array.from(hashrates).sort();
  const median = sorted[count >> 1]!;
  // Firmware says the same of machines of several generations: then nothing follows from a median.
  const low = sorted[Math.max(1, Math.floor(count * MOST_FAR_BELOW))]!;
  return low >= FAR_BELOW * median ? median : undefined;
}
