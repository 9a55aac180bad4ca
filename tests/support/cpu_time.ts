/**
 * How much work something is, whatever else the machine does meanwhile.
 */

import process from "node:process";

/** The processor time that this thread has had, in milliseconds, to about 10. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
