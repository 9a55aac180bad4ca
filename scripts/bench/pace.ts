/**
 * Something to be done so often a second, whatever else happens: what was late is made up for.
 */
export class Pace {
  #perSecond = 0;
  #from = 0;
  #done = 0;

  /** From `now`, in milliseconds, on so often; 0 for never. */
  set(perSecond: number, now: number): void {
    this.#perSecond = perSecond;
    this.#from = now;
    this.#done = 0;
  }

  /** How often it is to be done now. */
  take(now: number): number {
    const due = Math.floor((now - this.#from) * this.#perSecond / 1000) - this.#done;
    this.#done += due;
    return due;
  }

  /** When that was due which is followed by `left` more of those taken so far, in milliseconds. */
  dueAt(left: number): number {
    return this.#from + (this.#done - left) * 1000 / this.#perSecond;
  }

  /** Milliseconds until it is due again; `Infinity` for never. */
  restMs(now: number): number {
    if (this.#perSecond === 0) return Infinity;
    return this.#from + (this.#done + 1) * 1000 / this.#perSecond - now;
  }
}
