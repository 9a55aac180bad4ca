/**
 * What a chaos run needs of a pool of any protocol.
 */

import type { PoolAct, PoolFault } from "./schedule.ts";

/** A simulated pool that follows the schedule. */
export interface ChaosPool {
  /** `host:port`. */
  readonly address: string;
  /** Its address for the configuration. */
  readonly url: string;
  /** Bytes of its extranonce2, if they leave less room than usual. */
  readonly narrowBytes: number | undefined;
  /** Does something once. `workerName` is the worker whose difficulty changes, if one does. */
  act(what: PoolAct, workerName: string): void;
  /** Starts a lasting fault. */
  beginFault(fault: PoolFault): Promise<void>;
  /** Ends all its faults. */
  endFaults(): Promise<void>;
  /** Notes whether lines to and from the agent are late from now on. */
  linesAreLate(areLate: boolean): void;
  /** Sends work on a new height. */
  newBlock(): void;
  /** Stops it. */
  stop(): Promise<void>;
}

/** Returns the entry for `what`, which must be of the table's kind. */
export function entryFor<Name extends string, Entry>(
  table: Readonly<Record<Name, Entry>>,
  what: string,
): Entry {
  if (!Object.hasOwn(table, what)) throw new RangeError(`No pool of this kind does "${what}"`);
  return table[what as Name];
}
