/** How much memory something keeps. */

/** By how many bytes the heap grows with what `make` makes, garbage not yet collected included. */
export function heapGrowth(make: () => unknown): number {
  const before = Deno.memoryUsage().heapUsed;
  const kept = [make()];
  const growth = Deno.memoryUsage().heapUsed - before;
  kept.pop();
  return growth;
}
