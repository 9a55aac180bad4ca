/**
 * Whether the pools take an account's name at all; pure.
 *
 * A name no pool ever took is refused as soon as one says so and the others cannot be asked. One
 * that was good before is refused only when all say so: one may be mistaken, or have trouble.
 */

/** What pools said of one account's name. Pools are known by their ids. */
export class Refusals {
  /** Pools whose last word on the account, since one took it, was a refusal. */
  readonly #by = new Set<number>();
  /** Whether a pool ever took the account. */
  #wasTaken = false;

  /** Whether a pool ever took the account. */
  get wasTaken(): boolean {
    return this.#wasTaken;
  }

  /** Whether this pool's last word on the account was a refusal. */
  isBy(poolId: number): boolean {
    return this.#by.has(poolId);
  }

  /** A pool took the account. */
  taken(): void {
    this.#by.clear();
    this.#wasTaken = true;
  }

  /** A pool could not be used; `isOfAccount` if it said that the account is why. */
  failed(poolId: number, isOfAccount: boolean): void {
    if (isOfAccount) this.#by.add(poolId);
    else if (this.#wasTaken) this.#by.delete(poolId);
  }

  /** What was refused may have been mended. */
  forget(): void {
    this.#by.clear();
  }

  /** Whether the account is refused, now that each of so many pools has failed. */
  areEnough(pools: number): boolean {
    return this.#by.size >= (this.#wasTaken ? pools : 1);
  }
}
