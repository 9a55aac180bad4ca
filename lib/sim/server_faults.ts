/**
 * What a server did wrong, as a simulated miner saw it. A test that does not look at its faults
 * fails.
 */

const MAX_KEPT_FAULTS = 50;
const SHOWN_FAULTS = 5;

/** The faults of a server, in words; the first 50 are kept. */
export class ServerFaults {
  readonly #kept: string[] = [];
  /** How many of them were read. */
  #seen = 0;

  /** Adds one. */
  add(fault: string): void {
    if (this.#kept.length < MAX_KEPT_FAULTS) this.#kept.push(fault);
  }

  /** Those that are kept; they count as read from now on. */
  read(): readonly string[] {
    this.#seen = this.#kept.length;
    return this.#kept;
  }

  /** Those that were not read. */
  get unseen(): readonly string[] {
    return this.#kept.slice(this.#seen);
  }
}

/**
 * Checks that there are no faults.
 * @throws Error that names the first ones.
 */
export function assertNone(faults: readonly string[]): void {
  if (faults.length === 0) return;
  const some = faults.slice(0, SHOWN_FAULTS).join("; ");
  throw new Error(`Faults of a server that nobody has looked at (${faults.length}): ${some}`);
}
