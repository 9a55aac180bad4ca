/**
 * How long tests wait for what must come. It says nothing about how soon that is: on a machine that
 * is busy with other things everything comes late, and a test that waits in vain has failed anyway.
 */

/** In milliseconds. */
export const PATIENCE_MS = 60_000;

/** What `promise` brings; rejects, naming `what` was waited for, when it does not settle in time. */
export async function inTime<T>(promise: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(new Error(`Waited ${PATIENCE_MS} ms in vain: ${what}`)),
    PATIENCE_MS,
  );
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
