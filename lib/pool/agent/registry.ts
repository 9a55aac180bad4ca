/**
 * Which sessions are registered on one connection; pure.
 *
 * A pool gives no verdict for a miner it has been told to forget (agent.md "0x04 Unregister a
 * worker"). So one that leaves while shares of it wait stays registered until they are judged, or
 * for {@linkcode FAREWELL_MS}.
 */

/** A pool has this long to judge the last shares of a miner that left, in milliseconds. */
export const FAREWELL_MS = 3_000;

/** Sends what the registry decides. */
export interface RegistryFrames {
  /** Unregisters a session. */
  unregister(sessionId: number): void;
}

/** The sessions of one connection. */
export class Registry {
  readonly #frames: RegistryFrames;
  /** When each session left that is still registered, the first to leave first. */
  readonly #farewells = new Map<number, number>();

  /** Nobody is registered. */
  constructor(frames: RegistryFrames) {
    this.#frames = frames;
  }

  /**
   * A miner is about to be registered, maybe again. If it still is registered, it is unregistered
   * first, so that both sides start with the same difficulty.
   */
  enter(sessionId: number): void {
    this.settled(sessionId);
  }

  /**
   * A miner leaves at `time`. Unregisters it now, or, if shares of it wait, once they are judged.
   */
  leave(sessionId: number, isAwaited: boolean, time: number): void {
    if (isAwaited) this.#farewells.set(sessionId, time);
    else this.#frames.unregister(sessionId);
  }

  /** All shares of a session that left have been judged. */
  settled(sessionId: number): void {
    if (this.#farewells.delete(sessionId)) this.#frames.unregister(sessionId);
  }

  /** Unregisters sessions whose last shares the pool has not judged in time. */
  tick(time: number): void {
    for (const [sessionId, since] of this.#farewells) {
      if (time - since < FAREWELL_MS) return;
      this.settled(sessionId);
    }
  }
}
