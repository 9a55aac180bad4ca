/**
 * Builds the single message that tells a miner its news: version mask, difficulty and job, in this
 * order.
 */

import { formatHex32 } from "../base/hex.ts";
import { formatDifficulty } from "../protocol/stratum/difficulty.ts";
import { encodeLine, formatNotification } from "../protocol/stratum/message.ts";

/**
 * How many different messages are kept for one job: more than the honest miners of one pool need.
 */
const MAX_KEPT = 64;

/** Makes these messages and keeps those of the newest job, because many miners get the same. */
export class WorkMessages {
  #job: Uint8Array | undefined;
  readonly #kept = new Map<string, Uint8Array>();

  /**
   * The message for one miner; `undefined` if it has no news. Each parameter may be `undefined`,
   * too.
   *
   * @param versionMask The version bits it may roll.
   * @param difficulty The difficulty of the job.
   * @param job The job's line, the same array for all miners with this job.
   */
  of(
    versionMask: number | undefined,
    difficulty: number | undefined,
    job: Uint8Array | undefined,
  ): Uint8Array | undefined {
    if (versionMask === undefined && difficulty === undefined) return job;
    if (job !== this.#job) {
      this.#job = job;
      this.#kept.clear();
    }
    const key = `${versionMask} ${difficulty}`;
    let message = this.#kept.get(key);
    if (message === undefined) {
      message = joined(linesOf(versionMask, difficulty), job);
      if (this.#kept.size < MAX_KEPT) this.#kept.set(key, message);
    }
    return message;
  }
}

function linesOf(versionMask: number | undefined, difficulty: number | undefined): Uint8Array {
  const lines: string[] = [];
  if (versionMask !== undefined) {
    lines.push(formatNotification("mining.set_version_mask", `["${formatHex32(versionMask)}"]`));
  }
  if (difficulty !== undefined) {
    lines.push(formatNotification("mining.set_difficulty", `[${formatDifficulty(difficulty)}]`));
  }
  return encodeLine(lines.join("\n"));
}

function joined(lines: Uint8Array, job: Uint8Array | undefined): Uint8Array {
  if (job === undefined) return lines;
  const message = new Uint8Array(lines.length + job.length);
  message.set(lines);
  message.set(job, lines.length);
  return message;
}
