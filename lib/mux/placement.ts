/**
 * Chooses the upstream connection for the next miner; pure.
 */

/** The part of a place that is needed here. */
export interface Place {
  /** How many miners sit there. */
  readonly miners: number;
}

/** The place with the fewest miners, the first of equals; `undefined` when there is none. */
export function leastCrowded<P extends Place>(places: Iterable<P>): P | undefined {
  let best: P | undefined;
  for (const place of places) {
    if (best === undefined || place.miners < best.miners) best = place;
  }
  return best;
}

/**
 * How many miners each of `places` should have for an even load, with `extra` more miners to seat.
 * The first places take the remainder.
 */
export function evenShares(places: readonly Place[], extra: number): readonly number[] {
  const total = places.reduce((sum, place) => sum + place.miners, extra);
  const base = Math.floor(total / places.length);
  return places.map((_, i) => base + (i < total % places.length ? 1 : 0));
}
