/**
 * Accepts connections from a listener until it is stopped, even if some of them fail.
 */

import type { Timer, Timers } from "../../base/clock.ts";
import { apart } from "./apart.ts";
import { LastCall } from "./last_call.ts";
import { type AcceptedConnection, type ConnectionListener, isGoneAgain } from "./miner_listener.ts";

/**
 * Pause after `accept()` failed, in milliseconds: file descriptors become free only after a while.
 */
const ACCEPT_PAUSE_MS = 100;

/** The receiver of the connections. */
export interface AcceptOwner {
  /** A connection was accepted; the receiver owns it from here on. Must not throw. */
  accepted(conn: AcceptedConnection): void;
  /** Accepting failed; the loop retries. */
  acceptFailed(error: unknown): void;
  /** Called after each connection: resolves when there is time for the next one. */
  nextMayCome(): Promise<void>;
}

/** Accepts connections until it is stopped. */
export class AcceptLoop {
  readonly #listener: ConnectionListener;
  readonly #owner: AcceptOwner;
  readonly #timers: Timers;
  readonly #lastCall: LastCall;
  #isAccepting = true;
  #isListening = true;
  readonly #closed = Promise.withResolvers<void>();
  #pauseTimer: Timer | undefined;
  #endPause: (() => void) | undefined;
  /** Resolves when accepting has ended. */
  readonly ended: Promise<void>;

  /** Starts. The loop owns `listener` from here on. */
  constructor(listener: ConnectionListener, owner: AcceptOwner, timers: Timers) {
    this.#listener = listener;
    this.#owner = owner;
    this.#timers = timers;
    this.#lastCall = new LastCall(timers, () => this.close());
    this.ended = this.#run();
  }

  /**
   * Stops. If other programs listen on the port, too, it stops only once the queue is empty.
   * Resolves when the port is closed.
   */
  stop(isPortShared: boolean): Promise<void> {
    if (this.#isAccepting) {
      this.#isAccepting = false;
      if (isPortShared) this.#lastCall.begin();
      else this.close();
    }
    return this.#closed.promise;
  }

  /** Stops at once. */
  close(): void {
    if (!this.#isListening) return;
    this.#isAccepting = this.#isListening = false;
    this.#listener.close();
    this.#closed.resolve();
    this.#lastCall.end();
    this.#timers.clear(this.#pauseTimer);
    this.#endPause?.();
  }

  async #run(): Promise<void> {
    while (this.#isListening) {
      try {
        this.#welcome(await this.#listener.accept());
        await this.#owner.nextMayCome();
      } catch (error) {
        if (!this.#isListening) return;
        // No pause here: a peer that resets connections as they open would keep all others out.
        if (isGoneAgain(error)) continue;
        apart(() => this.#owner.acceptFailed(error));
        await new Promise<void>((resolve) => {
          this.#endPause = resolve;
          this.#pauseTimer = this.#timers.after(ACCEPT_PAUSE_MS, resolve);
        });
      }
    }
  }

  #welcome(conn: AcceptedConnection): void {
    // It came just as the listener was closed: nothing else would ever close it.
    if (!this.#isListening) return conn.close();
    this.#lastCall.accepted();
    // Setting options fails if the connection is already gone.
    try {
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
    } catch {
      conn.close();
      return;
    }
    this.#owner.accepted(conn);
  }
}
