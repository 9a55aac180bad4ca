/** Chance that comes in numbers of events. */

import type { Random } from "../../lib/base/clock.ts";

/** How often something happens that happens `mean` times on average, each time by itself. */
export function poisson(mean: number, random: Random): number {
  if (mean > 50) {
    // Near enough to a normal distribution.
    const radius = Math.sqrt(-2 * Math.log(1 - random()));
    const normal = radius * Math.cos(2 * Math.PI * random());
    return Math.max(0, Math.round(mean + normal * Math.sqrt(mean)));
  }
  const least = Math.exp(-mean);
  let count = 0;
  for (let product = random(); product > least; product *= random()) count++;
  return count;
}
