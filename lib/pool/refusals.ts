/**
 * Whether the pools accept an account's name at all; pure.
 *
 * A name that no pool ever accepted counts as refused as soon as one pool refuses it and the others
 * cannot be asked. A name that was good before counts as refused only when all pools refuse it: a
 * single pool may be mistaken or have trouble.
 */

/** The answers of pools to one account's name. Pools are known by their ids. */
export class Refusals {
  /** Pools whose last answer to the account, since one accepted it, was a refusal. */
  readonly #by = new Set<number>();
  /** Whether a pool ever took the account. */
  #wasTaken = false;

  /** Whether a pool ever took the account. */
  get wasTaken(): boolean {
    return this.#wasTaken;
  }

  /** Whether this pool's last answer to the account was a refusal. */
  isBy(poolId: number): boolean {
    return this.#by.has(poolId);
  }

  /** A pool accepted the account. */
  taken(): void {
    this.#by.clear();
    this.#wasTaken = true;
  }

  /** A pool could not be used; `isOfAccount` if it said that the account is why. */
  failed(poolId: number, isOfAccount: boolean): void {
    if (isOfAccount) this.#by.add(poolId);
    else if (this.#wasTaken) this.#by.delete(poolId);
  }

  /** The name may have been corrected: forgets all refusals. */
  forget(): void {
    this.#by.clear();
  }

  /** Whether the account counts as refused, now that each of the `pools` has failed. */
  areEnough(pools: number): boolean {
    return this.#by.size >= (this.#wasTaken ? pools : 1);
  }
}
