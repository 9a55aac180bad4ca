/**
 * Bitcoin addresses as users of simulated pools.
 */

const ADDRESS = /^(?:(?:bc1|tb1|bcrt1)[02-9ac-hj-np-z]{8,87}|[123mn][1-9A-HJ-NP-Za-km-z]{25,34})$/;

/** Tells an address from a name well enough. */
export function isAddress(text: string): boolean {
  return ADDRESS.test(text);
}
