/**
 * What the agent's own log says of a chaos run: faults of its own, and how long no pool served.
 */

import { type LogRecord, messageOf } from "../../lib/observe/log_record.ts";

/** Hears everything the agent logs. */
export class AgentLog {
  readonly #ownFaults: string[] = [];
  #moves = 0;
  #losses = 0;
  #lostAt: number | undefined;
  #longestGapMs = 0;

  /** Messages in which the agent accuses itself. */
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

  /** Takes one record. */
  receive(record: LogRecord): void {
    const { timestamp } = record;
    const message = messageOf(record);
    if (message.includes("A fault of btcagent itself")) {
      this.#ownFaults.push(message);
    } else if (message.includes(" lost (serving)")) {
      this.#losses++;
      this.#lostAt ??= timestamp;
    } else if (message.includes(" serves miners")) {
      this.#moves++;
      if (this.#lostAt === undefined) return;
      this.#longestGapMs = Math.max(this.#longestGapMs, timestamp - this.#lostAt);
      this.#lostAt = undefined;
    }
  }
}
