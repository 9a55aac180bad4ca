/**
 * For each reason that a worker loses shares: what is wrong with the machine, and what to do.
 */

import type { LostReason } from "./lost_reasons.ts";

/** The advice by reason; it completes the sentence "Most shares were lost because …". */
export const LOST_ADVICE: Readonly<Record<LostReason, string>> = {
  versionMask: "its firmware rolls version bits that the pool does not allow. Update the " +
    "firmware, or switch its version rolling (ASICBoost) off",
  lowDifficulty: "they are below the difficulty the pool asks for. Remove a fixed difficulty " +
    "from its settings, and compare vardiff.minimum with the pool's minimum",
  stale: "they are for jobs that are over. Check its network, and whether its firmware goes on " +
    "with old jobs",
  duplicate: "it sends the same shares again. Restart it; if that does not help, update its " +
    "firmware",
  timeTooOld: "their time is before that of the job. Update its firmware",
  timeTooNew: "their time is too far ahead of the job's. Update its firmware",
  unauthorized: "it sends them before it has logged in. Restart it, and check its user name",
  illegal: "they cannot be read. Update its firmware, and check what is between it and btcagent",
  tooMany: "too many of them wait for a verdict. Check the connection to the pool, and whether " +
    "its difficulty is far too low",
  other: "the pool gives a reason of its own. Look for it in the log, and check the account at " +
    "the pool",
};
