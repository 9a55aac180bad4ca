/**
 * The one message a miner is told its news in: version mask, difficulty and job, in this order.
 */

import { formatHex32 } from "../base/hex.ts";
import { formatDifficulty } from "../protocol/stratum/difficulty.ts";
import { encodeLine, formatNotification } from "../protocol/stratum/message.ts";

/** Kinds of miners whose message for one job is kept: more than honest ones of one pool have. */
const MAX_KEPT = 64;

/** Makes these messages, and keeps those of the newest job: many miners are told the same. */
export class WorkMessages {
  #job: Uint8Array | undefined;
  readonly #kept = new Map<string, Uint8Array>();

  /**
   * The message for one miner; `undefined` if nothing is news to it, as each part may be.
   *
   * @param versionMask The version bits it may roll.
   * @param difficulty The difficulty of the job.
   * @param job The job's line, the same array for all that are given this job.
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
