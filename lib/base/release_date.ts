/**
 * Since when this version of the program may exist. A clock that shows an earlier time is not set:
 * many routers start in 1970. Moves on with the version in deno.json.
 */

/** Milliseconds since 1970. */
export const RELEASED_MS: number = Date.UTC(2026, 10, 1);
