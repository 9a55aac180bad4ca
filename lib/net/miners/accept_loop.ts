/**
 * Accepts connections from a listener, whatever goes wrong with some of them, until it is told to
 * stop.
 */

import type { Timer, Timers } from "../../base/clock.ts";
import { apart } from "./apart.ts";
import { LastCall } from "./last_call.ts";
import { type AcceptedConnection, type ConnectionListener, isGoneAgain } from "./miner_listener.ts";

/** Pause after `accept()` failed, in milliseconds: file descriptors come back only in time. */
const ACCEPT_PAUSE_MS = 100;

/** Whoever takes connections. */
export interface AcceptOwner {
  /** One came in; it is the receiver's from here on. Must not throw. */
  accepted(conn: AcceptedConnection): void;
  /** None can be accepted for now; it is tried again. */
  acceptFailed(error: unknown): void;
  /** Asked after each: resolves when there is time for another. */
  nextMayCome(): Promise<void>;
}

/** See the head of this file. */
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
  /** Resolves when nothing is accepted any more. */
  readonly ended: Promise<void>;

  /** Begins. `listener` is this one's from here on. */
  constructor(listener: ConnectionListener, owner: AcceptOwner, timers: Timers) {
    this.#listener = listener;
    this.#owner = owner;
    this.#timers = timers;
    this.#lastCall = new LastCall(timers, () => this.close());
    this.ended = this.#run();
  }

  /**
   * Stops; if other programs listen on the port, too, only once nobody is in its queue. Resolves when
   * the port is closed.
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
        // With a pause, whoever resets connections as they open would keep all others out.
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
    // It came in at the moment the listener was closed: nobody would ever end it.
    if (!this.#isListening) return conn.close();
    this.#lastCall.accepted();
    // A connection that is gone already has no option to set.
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
