/**
 * How long tests wait for what must come. It says nothing about how soon that is: on a machine that
 * is busy with other things everything comes late, and a test that waits in vain has failed anyway.
 */

/** In milliseconds. */
export const PATIENCE_MS = 60_000;
