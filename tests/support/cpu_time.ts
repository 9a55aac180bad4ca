/**
 * Measures how much processor time something takes, whatever else the machine does.
 */

import process from "node:process";

/** The processor time that this thread has used, in milliseconds, exact to about 10. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}
