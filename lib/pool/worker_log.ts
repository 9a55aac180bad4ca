/**
 * Log lines about connections of single workers: each once, with what the pool will see.
 */

import { areaLog } from "../observe/log.ts";

const log = areaLog("pool");

/** Logs that a pool gets such connections; `example` is the first worker's name there. */
export function logWorkersBegin(
  poolName: string,
  names: { readonly example: string; readonly user: string },
): void {
  log.info(
    'Pool {pool} gets one connection for each worker (workers is "connection"): it sees ' +
      "each under its own name, such as {example}. Miners without such a connection work as {user}",
    { pool: poolName, ...names },
  );
}

/**
 * Logs that they are given up for a while, or that no more are opened than the `others` that are
 * ready.
 */
export function logGivenUp(
  poolName: string,
  values: { readonly reason: string; readonly user: string; readonly others: number },
): void {
  log.warn(
    values.others === 0
      ? "Pool {pool} accepts no connections of single workers: {reason}. It sees all miners as " +
        "one worker, {user}. Retrying in an hour or at a reload"
      : "Pool {pool} accepts no more connections of single workers than the {others} it has: " +
        "{reason}. It sees all other miners as one worker, {user}. Retrying in an hour or at a " +
        "reload",
    { pool: poolName, ...values },
  );
}

/** Logs that the limit of open files allows no more of them. */
export function logWorkersFull(
  poolName: string,
  values: { readonly most: number; readonly user: string },
): void {
  log.warn(
    "The limit of open files allows {most|connection} of single workers: pool {pool} sees the " +
      "miners of all other workers as {user}. For more, raise the limit (ulimit -n, or " +
      "LimitNOFILE= of the service)",
    { pool: poolName, ...values },
  );
}
