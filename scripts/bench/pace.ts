/**
 * Keeps an action at its rate, whatever else happens: late ones are made up for.
 */
export class Pace {
  #perSecond = 0;
  #from = 0;
  #done = 0;

  /** Sets the rate from `now` (in milliseconds) on; 0 for never. */
  set(perSecond: number, now: number): void {
    this.#perSecond = perSecond;
    this.#from = now;
    this.#done = 0;
  }

  /** Returns how often the action is due now. */
  take(now: number): number {
    const due = Math.floor((now - this.#from) * this.#perSecond / 1000) - this.#done;
    this.#done += due;
    return due;
  }

  /** Returns when an action already taken was due, with `left` taken after it, in milliseconds. */
  dueAt(left: number): number {
    return this.#from + (this.#done - left) * 1000 / this.#perSecond;
  }

  /** Returns the milliseconds until the action is due again; `Infinity` for never. */
  restMs(now: number): number {
    if (this.#perSecond === 0) return Infinity;
    return this.#from + (this.#done + 1) * 1000 / this.#perSecond - now;
  }
}
