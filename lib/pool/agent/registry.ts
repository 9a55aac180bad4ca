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
  /** Makes a session unknown. */
  unregister(sessionId: number): void;
}

/** The sessions of one connection. */
export class Registry {
  readonly #frames: RegistryFrames;
  /** When those left that are still registered, the first to leave first. */
  readonly #farewells = new Map<number, number>();

  /** Nobody is registered. */
  constructor(frames: RegistryFrames) {
    this.#frames = frames;
  }

  /**
   * A miner is about to be registered, maybe again. The pool forgets it first, so that both begin
   * afresh with the same difficulty.
   */
  enter(sessionId: number): void {
    this.settled(sessionId);
  }

  /** It leaves at `time`: the pool is told now, or, if shares of it wait, once they are judged. */
  leave(sessionId: number, isAwaited: boolean, time: number): void {
    if (isAwaited) this.#farewells.set(sessionId, time);
    else this.#frames.unregister(sessionId);
  }

  /** No share of one that left waits any more. */
  settled(sessionId: number): void {
    if (this.#farewells.delete(sessionId)) this.#frames.unregister(sessionId);
  }

  /** Unregisters those whose last shares the pool has not judged in time. */
  tick(time: number): void {
    for (const [sessionId, since] of this.#farewells) {
      if (time - since < FAREWELL_MS) return;
      this.settled(sessionId);
    }
  }
}
