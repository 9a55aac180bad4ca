/**
 * The usual hashrate of machines with the same software: the median of their hashrates.
 */

/** With fewer machines, the median says little. */
const LEAST_OF_A_KIND = 5;

/** A hashrate below this part of the usual one is far below it. */
export const FAR_BELOW = 0.6;

/** If a larger part of a kind is far below the median, the machines are of several models. */
const MOST_FAR_BELOW = 0.1;

/** Medians by kind. A kind is the number of a software. */
export class UsualHashrates {
  readonly #medians = new Map<number, number>();

  /** The median of a kind; `undefined` if there are too few machines or several models. */
  of(kind: number): number | undefined {
    return this.#medians.get(kind);
  }

  /** Replaces all medians by those of newly measured hashrates, one kind in a step. */
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
  // Firmware may give the same name on several models: then the median says nothing about a
  // machine.
  const low = sorted[Math.max(1, Math.floor(count * MOST_FAR_BELOW))]!;
  return low >= FAR_BELOW * median ? median : undefined;
}
