/**
 * What the agent's own log says of a chaos run: faults of its own, and how long no pool served.
 */

import { type LogRecord, messageOf } from "../../lib/observe/log_record.ts";

/** What the names of miners begin with that break rules. */
export const UNRULY = "wild";

/** A worker's name before its address, or the address alone, and why its connection ended. */
const MINER_OUT = /^Miner (?:\S+\.)?([^.@\s]+)@?\S* disconnected: (.*)$/;

/** Hears everything the agent logs. */
export class AgentLog {
  readonly #ownFaults: string[] = [];
  readonly #reasonsOut = new Map<string, number>();
  #moves = 0;
  #losses = 0;
  #lostAt: number | undefined;
  #longestGapMs = 0;

  /** Messages in which the agent accuses itself. */
  get ownFaults(): readonly string[] {
    return this.#ownFaults;
  }

  /** Why connections ended of miners that keep the rules, and of who never said a name. */
  get reasonsOut(): ReadonlyMap<string, number> {
    return this.#reasonsOut;
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
    const [, worker = UNRULY, reason = ""] = MINER_OUT.exec(message) ?? [];
    if (!worker.startsWith(UNRULY)) {
      this.#reasonsOut.set(reason, (this.#reasonsOut.get(reason) ?? 0) + 1);
    }
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
