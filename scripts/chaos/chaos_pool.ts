/** What a chaos run asks of a pool, whatever it speaks. */

import type { PoolAct, PoolFault } from "./schedule.ts";

/** A simulated pool that does what the schedule says. */
export interface ChaosPool {
  /** `host:port`. */
  readonly address: string;
  /** Its address for the configuration. */
  readonly url: string;
  /** Bytes of its extranonce2, where these leave less room than usual. */
  readonly narrowBytes: number | undefined;
  /** Does something once. `workerName` is whose difficulty changes, where one does. */
  act(what: PoolAct, workerName: string): void;
  /** Begins a lasting fault. */
  beginFault(fault: PoolFault): Promise<void>;
  /** Ends whatever is wrong with it. */
  endFaults(): Promise<void>;
  /** Lines to and from the agent are late from now on, until told that they are not. */
  linesAreLate(areLate: boolean): void;
  /** Sends work on a new height. */
  newBlock(): void;
  /** Ends it. */
  stop(): Promise<void>;
}

/** What is done for `what`, which has to be of the kind that `table` is for. */
export function entryFor<Name extends string, Entry>(
  table: Readonly<Record<Name, Entry>>,
  what: string,
): Entry {
  if (!Object.hasOwn(table, what)) throw new RangeError(`No pool of this kind does "${what}"`);
  return table[what as Name];
}
