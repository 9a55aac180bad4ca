/**
 * Keeps errors in callbacks that must not throw from spreading.
 */

/**
 * Runs `work`. An error in it stops nothing else: it becomes an unhandled rejection, which is
 * counted and logged as a fault of ours.
 */
export function apart(work: () => void): void {
  try {
    work();
  } catch (error) {
    faultApart(error);
  }
}

/** Handles such an error, for callers that run too often to create a function each time. */
export function faultApart(error: unknown): void {
  void Promise.reject(error);
}
