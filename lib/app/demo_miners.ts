/**
 * The simulated miners of the demo: their firmware, and how soon their troubles show.
 */

import { FIRMWARE_NAMES, type FirmwareName } from "../sim/firmware.ts";
import type { TroubleTimes } from "../sim/trouble.ts";
import { WORKER_TIMES, type WorkerTimes } from "../workers/worker_times.ts";

/**
 * A weak miner can be found only among five or more of its kind. So there are more of these kinds
 * than of others, and the two miners that are weak by default, the eighth and the ninth, are of
 * them.
 */
const FREQUENT = ["antminer", "whatsminer"] as const;

/** The kinds of the miners, in turn: every kind, and the frequent ones again. */
export const DEMO_FIRMWARE: readonly FirmwareName[] = FIRMWARE_NAMES.toSpliced(7, 0, ...FREQUENT);

/** Short times, since people watch a demo only briefly. */
export const DEMO_TIMES = {
  deadAfterMs: 20_000,
  gapEveryMs: 70_000,
  gapMs: 21_000,
} as const satisfies Partial<TroubleTimes>;

/** The demo reports a worker's trouble after seconds; a farm does after minutes. */
export const DEMO_WORKER_TIMES: WorkerTimes = {
  ...WORKER_TIMES,
  sweepMs: 5_000,
  bucketMs: 30_000,
  missingMs: 30_000,
  silentMs: 75_000,
  gapMs: 20_000,
  windowMs: 60_000,
  keptMs: 60_000,
};
