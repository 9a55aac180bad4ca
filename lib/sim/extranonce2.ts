/** The extranonce2s of one simulated miner, each as its firmware would choose it. */

import type { Job } from "../protocol/stratum/job.ts";
import type { Extranonce2Use } from "./firmware.ts";

/**
 * Sizes known to firmware that never varies its extranonce2; for other sizes it writes four bytes.
 */
const KNOWN_SIZES: ReadonlySet<number> = new Set([2, 4, 8]);

/** Gives one extranonce2 after the other. */
export class Extranonce2s {
  #counter = 0;
  #job: Job | undefined;

  /**
   * Whether each new extranonce2 differs; if not, only time, version and nonce are left to roll.
   */
  static varies(use: Extranonce2Use): boolean {
    return use !== "zero" && use !== "one";
  }

  /** Returns the next extranonce2 for a job, in hex. */
  next(use: Extranonce2Use, job: Job, size: number): string {
    const isNewJob = job !== this.#job;
    this.#job = job;
    switch (use) {
      case "zero":
        return "00".repeat(size);
      case "one":
        return "1".padStart((KNOWN_SIZES.has(size) ? size : 4) * 2, "0");
      case "countsOn":
        // As many digits as fit; a longer number is cut at the right.
        return (this.#counter++ % 2 ** 32).toString(16).padStart(Math.min(8, size * 2), "0")
          .padEnd(size * 2, "0").slice(0, size * 2);
      case "counts":
        if (isNewJob && job.isClean) this.#counter = 0;
        return counted(this.#counter++, size);
      case "countsPerJob":
        if (isNewJob) this.#counter = 0;
        return counted(this.#counter++, size);
    }
  }
}

function counted(counter: number, size: number): string {
  return (counter % 2 ** Math.min(32, size * 8)).toString(16).padStart(size * 2, "0");
}
