/**
 * What the agent's own log says about a chaos run: faults of btcagent itself, and how long no pool
 * served.
 */

/** The beginning of the names of miners that break rules. */
export const UNRULY = "wild";

/** A line of the agent's log, parsed. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Reads everything the agent logs, in all its runs. */
export class AgentLog {
  readonly #ownFaults: string[] = [];
  readonly #reasonsOut = new Map<string, number>();
  #moves = 0;
  #losses = 0;
  #lostAt: number | undefined;
  #startedAt: number | undefined;
  #longestGapMs = 0;
  #longestStartMs = 0;
  #reloads = 0;
  #stoodStillMs = 0;

  /** Messages in which the agent or Deno reports a fault of the agent. */
  get ownFaults(): readonly string[] {
    return this.#ownFaults;
  }

  /** Why connections of miners that keep the rules ended. */
  get reasonsOut(): ReadonlyMap<string, number> {
    return this.#reasonsOut;
  }

  /** The number of times that a connection began to serve. */
  get moves(): number {
    return this.#moves;
  }

  /** The number of times that a serving connection was lost. */
  get losses(): number {
    return this.#losses;
  }

  /** The number of times that new settings were applied. */
  get reloads(): number {
    return this.#reloads;
  }

  /**
   * The longest time without a serving connection, in milliseconds, not counting times in which the
   * agent stood still or was being stopped and started.
   */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** The longest time from a start to the first connection that serves, in milliseconds. */
  get longestStartMs(): number {
    return this.#longestStartMs;
  }

  /** The total time the agent stood still, in milliseconds. */
  get stoodStillMs(): number {
    return this.#stoodStillMs;
  }

  /** Notes the start of a run. */
  starts(): void {
    this.#startedAt = performance.now();
  }

  /** Notes that a run is asked to end: from now on no connection has to serve. */
  stops(): void {
    this.#lostAt = undefined;
    this.#startedAt = undefined;
  }

  /** Notes that the agent stood still until now. */
  stoodStill(ms: number): void {
    this.#stoodStillMs += ms;
    if (this.#lostAt !== undefined) this.#lostAt += ms;
    if (this.#startedAt !== undefined) this.#startedAt += ms;
  }

  /** Notes a line that is not a log line. */
  foreignLine(line: string): void {
    if (/error|panic/i.test(line)) this.#ownFaults.push(line);
  }

  /** Notes that the agent ended without being asked to. */
  endedByItself(how: string): void {
    this.#ownFaults.push(how);
  }

  /** Handles one log line. */
  receive(line: LogLine): void {
    const message = String(line["message"]);
    const worker = line["worker"];
    if (/^Miner .* disconnected: /.test(message) && typeof worker === "string") {
      if (!worker.slice(worker.indexOf(".") + 1).startsWith(UNRULY)) {
        const reason = String(line["reason"]);
        this.#reasonsOut.set(reason, (this.#reasonsOut.get(reason) ?? 0) + 1);
      }
    } else if (message.includes("A fault of btcagent itself")) {
      this.#ownFaults.push(message);
    } else if (message.includes(" lost (serving)")) {
      this.#losses++;
      this.#lostAt ??= performance.now();
    } else if (/^Configuration .* read again/.test(message)) {
      this.#reloads++;
    } else if (message.includes(" serves miners")) {
      this.#serves();
    }
  }

  #serves(): void {
    this.#moves++;
    const now = performance.now();
    if (this.#startedAt !== undefined) {
      this.#longestStartMs = Math.max(this.#longestStartMs, now - this.#startedAt);
      this.#startedAt = undefined;
    }
    if (this.#lostAt === undefined) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, now - this.#lostAt);
    this.#lostAt = undefined;
  }
}
