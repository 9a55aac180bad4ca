/**
 * Calls to whoever promised not to throw and has not kept it.
 */

/**
 * Does `work` so that a fault in it ends nothing else: it becomes an unhandled rejection, which is
 * counted and logged as a fault of ours.
 */
export function apart(work: () => void): void {
  try {
    work();
  } catch (error) {
    faultApart(error);
  }
}

/** What becomes of a fault then, for who works too often to make a function each time. */
export function faultApart(error: unknown): void {
  void Promise.reject(error);
}
