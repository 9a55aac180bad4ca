/**
 * One attempt to reach a pool: what it has open, so that giving it up closes it, and what it waits
 * for, so that giving it up can be explained.
 */

import type { Now } from "../../base/clock.ts";
import type { Connection } from "./connection.ts";

/** What every step of an attempt is handed. */
export class Attempt {
  /** Aborts when the attempt is given up. */
  readonly signal: AbortSignal;
  /** What certificates are judged by, in milliseconds since 1970. */
  readonly wallNow: Now;
  /** What it waits for at the moment, as in "the TLS handshake". */
  waitingFor = "a connection";
  #held: Connection | undefined;

  /** Whatever it holds when `signal` aborts is closed. */
  constructor(signal: AbortSignal, wallNow: Now) {
    this.signal = signal;
    this.wallNow = wallNow;
    signal.addEventListener("abort", () => this.#closeHeld());
  }

  /**
   * Makes `connection` what is closed if the attempt fails, in place of what it is made of.
   *
   * @throws the reason when the attempt was given up already.
   */
  hold<T extends Connection>(connection: T): T {
    this.#held = connection;
    if (this.signal.aborted) this.#closeHeld();
    this.signal.throwIfAborted();
    return connection;
  }

  /** Runs the steps. When one fails everything is closed; the reason of an abort comes first. */
  async run(steps: (attempt: Attempt) => Promise<Connection>): Promise<Connection> {
    try {
      const connection = await steps(this);
      this.signal.throwIfAborted();
      this.#held = undefined;
      return connection;
    } catch (error) {
      this.#closeHeld();
      throw this.signal.aborted ? this.signal.reason : error;
    }
  }

  #closeHeld(): void {
    const held = this.#held;
    this.#held = undefined;
    try {
      held?.close();
    } catch {
      // Its TLS layer took it over and has closed it.
    }
  }
}
