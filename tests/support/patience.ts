/**
 * How long tests wait for what must come. It is long, because on a busy machine everything comes
 * late, and a test that waits in vain fails anyway.
 */

/** In milliseconds. */
export const PATIENCE_MS = 60_000;

/**
 * The result of `promise`. If it does not settle in time, rejects and names `what` was expected.
 */
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
