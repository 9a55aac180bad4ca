/**
 * Whether the clock on the wall can be believed: routers without a battery start in 1970.
 */

/** No build is older, so no true clock shows less. */
const BUILT_AT = Date.UTC(2026, 10, 1);

/** Whether a clock that shows `wallTime`, in milliseconds since 1970, can have been set. */
export function isClockSet(wallTime: number): boolean {
  return wallTime >= BUILT_AT;
}
