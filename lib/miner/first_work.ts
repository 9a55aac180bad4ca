/**
 * The message with which a miner's work on a pool connection begins: difficulty and job together,
 * so that a farm that moves to another connection takes one write a miner.
 */

import type { JobLines } from "../mux/peers.ts";
import type { Replaceable } from "../net/engine.ts";
import { formatDifficulty } from "../protocol/difficulty.ts";
import { encodeLine, formatNotification } from "../protocol/stratum_message.ts";

/** The `mining.set_difficulty` notification, without its LF. */
export function difficultyText(difficulty: number): string {
  return formatNotification("mining.set_difficulty", `[${formatDifficulty(difficulty)}]`);
}

/** Makes these messages; whoever moves next usually needs the one made last. */
export class FirstWork {
  #last:
    | { readonly difficulty: number; readonly job: JobLines; readonly message: Replaceable }
    | undefined;

  /** Tells `difficulty`, whatever becomes of the job; gives `job`, dropping all older ones. */
  message(difficulty: number, job: JobLines): Replaceable {
    const last = this.#last;
    if (last !== undefined && last.difficulty === difficulty && last.job === job) {
      return last.message;
    }
    const told = encodeLine(difficultyText(difficulty));
    const line = new Uint8Array(told.length + job.cleanLine.length);
    line.set(told);
    line.set(job.cleanLine, told.length);
    const message = { line, cleanLine: line, keptBytes: told.length };
    this.#last = { difficulty, job, message };
    return message;
  }
}
