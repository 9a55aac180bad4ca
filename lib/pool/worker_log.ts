/**
 * What the log says of connections of single workers: each once, and what the pool will see.
 */

import { areaLog } from "../observe/log.ts";

const log = areaLog("pool");

/** They begin at a pool; `example` is what the first is called there. */
export function logWorkersBegin(
  poolName: string,
  names: { readonly example: string; readonly user: string },
): void {
  log.info(
    'Pool {pool} gets a connection of its own for every worker (workers is "connection"): it sees ' +
      "each as {example} is seen. Miners whose worker has none work on as {user}",
    { pool: poolName, ...names },
  );
}

/** They are given up for a while, or no more are opened beside `others` that are ready. */
export function logGivenUp(
  poolName: string,
  values: { readonly reason: string; readonly user: string; readonly others: number },
): void {
  log.warn(
    values.others === 0
      ? "Pool {pool} takes no connections of single workers: {reason}. It sees all miners as one " +
        "worker, {user}. Trying again in an hour, or at a reload"
      : "Pool {pool} takes no more connections of single workers than the {others} there are: " +
        "{reason}. It sees all other miners as one worker, {user}. Trying again in an hour, or at " +
        "a reload",
    { pool: poolName, ...values },
  );
}

/** Open files allow no more. */
export function logWorkersFull(
  poolName: string,
  values: { readonly most: number; readonly user: string },
): void {
  log.warn(
    "No more than {most} connections of single workers, all that open files allow (ulimit -n, or " +
      "LimitNOFILE= of the service): pool {pool} sees the miners of all other workers as {user}",
    { pool: poolName, ...values },
  );
}
