/**
 * What the agent's own log says of a chaos run: faults of its own, and how long no pool served.
 */

import type { LogTarget } from "../../lib/observe/log.ts";

const decoder = new TextDecoder();

/** Reads the log as it is written. */
export class AgentLog implements LogTarget {
  readonly #ownFaults: string[] = [];
  #moves = 0;
  #losses = 0;
  #lostAt: number | undefined;
  #longestGapMs = 0;

  /** Lines in which the agent accuses itself. */
  get ownFaults(): readonly string[] {
    return this.#ownFaults;
  }

  /** How often a connection began to serve. */
  get moves(): number {
    return this.#moves;
  }

  /** How often a serving connection was lost. */
  get losses(): number {
    return this.#losses;
  }

  /** The longest time without a connection that serves, in milliseconds. */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  write(bytes: Uint8Array): Promise<number> {
    for (const line of decoder.decode(bytes).split("\n")) this.#read(line);
    return Promise.resolve(bytes.length);
  }

  #read(line: string): void {
    if (line.includes("A fault of btcagent itself")) {
      this.#ownFaults.push(line);
    } else if (line.includes(" lost (serving)")) {
      this.#losses++;
      this.#lostAt ??= timeOf(line);
    } else if (line.includes(" serves miners")) {
      this.#moves++;
      if (this.#lostAt === undefined) return;
      this.#longestGapMs = Math.max(this.#longestGapMs, timeOf(line) - this.#lostAt);
      this.#lostAt = undefined;
    }
  }
}

/** `2026-11-22 14:03:11.123 …` */
function timeOf(line: string): number {
  return Date.parse(line.slice(0, 23).replace(" ", "T") + "Z");
}
