/**
 * The states of a worker, the worst first. A worker is in one state at a time, and list, page, API,
 * metrics and alerts all show that one.
 */

/**
 * - `missing`: it was seen in the last day, did work, and is no longer connected;
 * - `refused`: many of its shares are refused here or rejected by its pool;
 * - `flapping`: it keeps disconnecting and reconnecting;
 * - `silent`: it is connected and has work, but sends no shares;
 * - `weak`: its hashrate is far below that of its kind, or far below its own before;
 * - `waiting`: it has logged in, but no pool serves it;
 * - `working`: none of these.
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
