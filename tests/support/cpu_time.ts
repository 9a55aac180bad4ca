/**
 * How much work something is, whatever else the machine does meanwhile.
 */

import process from "node:process";

/** The processor time that `work` takes on this thread, in milliseconds, to about 10. */
export function cpuMsOf(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
