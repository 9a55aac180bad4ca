/**
 * What can be the matter with a worker, the worst first. One word is decided for each at a time, and
 * list, page, API, metrics and alerts all show that one.
 */

/**
 * - `missing`: it was seen in the last day, did work, and has no connection any more;
 * - `refused`: a great part of its shares is refused here or rejected by its pool;
 * - `flapping`: it comes and goes;
 * - `silent`: it is connected and given work, and sends no share;
 * - `weak`: it is far below its kind, or far below what it did itself;
 * - `waiting`: it has logged in, and no pool serves it;
 * - `working`: nothing of these.
 */
export const WORKER_STATES = [
  "missing",
  "refused",
  "flapping",
  "silent",
  "weak",
  "waiting",
  "working",
] as const;

/** One of them. */
export type WorkerState = typeof WORKER_STATES[number];

/** Why a worker is weak. */
export const WEAK_REASONS = [
  "below_kind",
  "below_itself",
  "fewer_connections",
  "asicboost_lost",
] as const;

/** One of them. */
export type WeakReason = typeof WEAK_REASONS[number];
