/**
 * Lets the pools of a chaos run do what the schedule says.
 */

import { BROKEN_BYTES, NO_FAULTS, type PoolFaults } from "../../lib/sim/pool_faults.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import type { PoolAct, PoolFault } from "./schedule.ts";

const HALF_FRAME = Uint8Array.of(0x7f, 0x10, 0x0a, 0x00, 0x01);

/** How a lasting fault is switched on, and whether connections have to be made to meet it. */
const FAULTS: Readonly<Record<PoolFault, Partial<PoolFaults> & { readonly resets?: true }>> = {
  refuse: { refuseConnections: true, resets: true },
  silent: { isSilent: true },
  stopReading: { stopReading: true },
  dribble: { dribbleMs: 1 },
  silentInHandshake: { maxAnswers: 3, resets: true },
  lateAuthorize: { authorizeDelayMs: 1_500, resets: true },
  refuseAuthorize: { refuseAuthorize: true, resets: true },
  wrongExtranonce2: { extranonce2Size: 4, resets: true },
  garbageGreeting: { greeting: BROKEN_BYTES.garbageLine(), resets: true },
  noVerdictsOffered: { hasNoSubres: true, resets: true },
  noVersionRolling: { hasNoVerrol: true, resets: true },
  dropsVerdicts: { dropEveryNthVerdict: 1 },
  dropsSomeVerdicts: { dropEveryNthVerdict: 7 },
  repeatsVerdicts: { repeatEveryNthVerdict: 3 },
  strayVerdicts: { strayEveryNthVerdict: 5 },
  refusesAllAsStale: { everyVerdict: 37 },
  hiddenMinimum: { everyVerdict: 23 },
  noNewJob: { sendsNoNewJob: true },
};

/** Does something once. `workerName` is whose difficulty changes, where one does. */
export function act(pool: SimPool, what: PoolAct, workerName: string): void {
  switch (what) {
    case "reset":
      return pool.resetConnections();
    case "finish":
      return pool.finishConnections();
    case "finishInFrame":
      return pool.finishConnections(HALF_FRAME);
    case "garbageLine":
      return pool.send(BROKEN_BYTES.garbageLine());
    case "oversizedLine":
      return pool.send(BROKEN_BYTES.oversizedLine());
    case "frameOfLength0":
      return pool.send(BROKEN_BYTES.frameOfLength(0));
    case "frameOfLength3":
      return pool.send(BROKEN_BYTES.frameOfLength(3));
    case "unknownFrames":
      for (let i = 0; i < 20; i++) pool.send(BROKEN_BYTES.unknownFrame());
      return;
    case "newBlock":
      return pool.newBlock();
    case "newJob":
      return pool.newJob();
    case "flood":
      for (let i = 0; i < 50; i++) {
        pool.newJob();
        pool.sendVerdict(40_000, 23);
      }
      return;
    case "maskFlips":
      return pool.flipMask(4);
    case "maskFlood":
      return pool.flipMask(220);
    case "jobFlood":
      // Fewer than a pool has ids: beyond that it cannot tell itself what a share on its way is for.
      for (let i = 0; i < 200; i++) pool.resendJob();
      return;
    case "oversizedJob":
      return pool.sendOversizedJob();
    case "newDifficulty":
      pool.setWorkerDifficulty(workerName, pool.statistics().connections % 20);
      return pool.newJob();
    default:
      what satisfies never;
  }
}

/** Begins a lasting fault. */
export async function beginFault(pool: SimPool, fault: PoolFault): Promise<void> {
  const { resets, ...faults } = FAULTS[fault];
  await pool.setFaults(faults);
  if (resets) pool.resetConnections();
}

/** Ends whatever is wrong with a pool. */
export function endFaults(pool: SimPool): Promise<void> {
  return pool.setFaults(NO_FAULTS);
}
