/**
 * The simulated miners of the demo: their firmware, and how soon their troubles show.
 */

import { FIRMWARE_NAMES, type FirmwareName } from "../sim/firmware.ts";
import type { TroubleTimes } from "../sim/trouble.ts";
import { WORKER_TIMES, type WorkerTimes } from "../workers/worker_times.ts";

/**
 * A farm has more of some than of others, and only among five or more of a kind can one be seen to
 * be weak: so the two that are weak by default, the eighth and the ninth, are of these.
 */
const FREQUENT = ["antminer", "whatsminer"] as const;

/** The kinds of the miners, in turn: every one there is, and the frequent ones again. */
export const DEMO_FIRMWARE: readonly FirmwareName[] = FIRMWARE_NAMES.toSpliced(7, 0, ...FREQUENT);

/** Nobody looks at a demo for long. */
export const DEMO_TIMES: Partial<TroubleTimes> = {
  deadAfterMs: 20_000,
  gapEveryMs: 3 * 60_000,
};

/** What is said of a worker after minutes in a farm is said after seconds here. */
export const DEMO_WORKER_TIMES: WorkerTimes = {
  ...WORKER_TIMES,
  sweepMs: 5_000,
  bucketMs: 30_000,
  missingMs: 30_000,
  // More than the pause of a miner with gaps.
  silentMs: 75_000,
  windowMs: 60_000,
  keptMs: 60_000,
};
