/**
 * What the agent's own log says of a chaos run: faults of its own, and how long no pool served.
 */

/** What the names of miners begin with that break rules. */
export const UNRULY = "wild";

/** A line of the agent's log, read. */
export type LogLine = Readonly<Record<string, unknown>>;

/** Hears everything the agent logs, in all its runs. */
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

  /** Messages in which the agent accuses itself, or Deno accuses it. */
  get ownFaults(): readonly string[] {
    return this.#ownFaults;
  }

  /** Why connections ended of miners that keep the rules. */
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

  /** How often other settings were taken. */
  get reloads(): number {
    return this.#reloads;
  }

  /**
   * The longest time without a connection that serves, in milliseconds: not counting that the
   * agent stood still, nor that it was being stopped and started.
   */
  get longestGapMs(): number {
    return this.#longestGapMs;
  }

  /** The longest time from a start to the first connection that serves, in milliseconds. */
  get longestStartMs(): number {
    return this.#longestStartMs;
  }

  /** How long the agent stood still, all together, in milliseconds. */
  get stoodStillMs(): number {
    return this.#stoodStillMs;
  }

  /** A run begins. */
  starts(): void {
    this.#startedAt = performance.now();
  }

  /** A run is asked to end: nothing has to serve any more. */
  stops(): void {
    this.#lostAt = undefined;
    this.#startedAt = undefined;
  }

  /** The agent stood still until now. */
  stoodStill(ms: number): void {
    this.#stoodStillMs += ms;
    if (this.#lostAt !== undefined) this.#lostAt += ms;
    if (this.#startedAt !== undefined) this.#startedAt += ms;
  }

  /** A line that is not of the log. */
  foreignLine(line: string): void {
    if (/error|panic/i.test(line)) this.#ownFaults.push(line);
  }

  /** The agent ended without being asked to. */
  endedByItself(how: string): void {
    this.#ownFaults.push(how);
  }

  /** Takes one line of the log. */
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
