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
  /** How many shares of each session wait for verdicts, of those that had some since they came. */
  readonly #waiting = new Map<number, number>();
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
    if (this.#farewells.delete(sessionId)) this.#frames.unregister(sessionId);
  }

  /** A share of it was sent that the pool is to judge. */
  submitted(sessionId: number): void {
    this.#waiting.set(sessionId, (this.#waiting.get(sessionId) ?? 0) + 1);
  }

  /** A share of it was judged, or will not be. */
  settled(sessionId: number): void {
    const left = this.#waiting.get(sessionId)! - 1;
    // An entry is kept while the session is here: it soon has the next share.
    this.#waiting.set(sessionId, left);
    if (left === 0 && this.#farewells.delete(sessionId)) this.#unregister(sessionId);
  }

  /** It leaves at `time`: the pool is told now, or once its shares are judged. */
  leave(sessionId: number, time: number): void {
    if ((this.#waiting.get(sessionId) ?? 0) > 0) this.#farewells.set(sessionId, time);
    else this.#unregister(sessionId);
  }

  /**
   * Unregisters those whose last shares the pool has not judged in time.
   *
   * @returns their sessions: no share of theirs is waited for any more.
   */
  endFarewells(time: number): ReadonlySet<number> {
    const ended = new Set<number>();
    for (const [sessionId, since] of this.#farewells) {
      if (time - since < FAREWELL_MS) break;
      this.#farewells.delete(sessionId);
      ended.add(sessionId);
      this.#unregister(sessionId);
    }
    return ended;
  }

  #unregister(sessionId: number): void {
    this.#waiting.delete(sessionId);
    this.#frames.unregister(sessionId);
  }
}
