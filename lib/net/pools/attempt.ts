/**
 * One attempt to reach a pool. It knows what it has open, so that giving up closes that, and what
 * it waits for, so that the error can say so.
 */

import type { Now } from "../../base/clock.ts";
import type { Connection } from "./connection.ts";

/** State that every step of an attempt gets. */
export class Attempt {
  /** Aborts when the attempt is given up. */
  readonly signal: AbortSignal;
  /** The time that certificates are checked against, in milliseconds since 1970. */
  readonly wallNow: Now;
  /** What it waits for at the moment, such as "the TLS handshake". */
  waitingFor = "a connection";
  #held: Connection | undefined;

  /** When `signal` aborts, the held connection is closed. */
  constructor(signal: AbortSignal, wallNow: Now) {
    this.signal = signal;
    this.wallNow = wallNow;
    signal.addEventListener("abort", () => this.#closeHeld());
  }

  /**
   * Closes `connection` if the attempt fails, instead of the connection it was made from.
   *
   * @throws the reason of the abort if the attempt was given up already.
   */
  hold<T extends Connection>(connection: T): T {
    this.#held = connection;
    if (this.signal.aborted) this.#closeHeld();
    this.signal.throwIfAborted();
    return connection;
  }

  /**
   * Runs the steps. If one fails, everything is closed; the reason of an abort takes precedence.
   */
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
      // Its TLS layer owned it and has closed it.
    }
  }
}
