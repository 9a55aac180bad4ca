/**
 * The connections that are for one worker each, by the names of their workers.
 */

/** `Place` is what the multiplexer keeps of a connection. */
export class OwnPlaces<Place> {
  readonly #places = new Map<string, Place>();
  readonly #names = new Map<Place, string[]>();

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** The one of a worker, if there is one. */
  of(workerName: string): Place | undefined {
    return this.#places.get(workerName);
  }

  /** A connection is for this worker from now on. */
  give(workerName: string, place: Place): void {
    this.#places.set(workerName, place);
    const names = this.#names.get(place);
    if (names === undefined) this.#names.set(place, [workerName]);
    else names.push(workerName);
  }

  /** A connection is for nobody any more. */
  remove(place: Place): void {
    for (const name of this.#names.get(place) ?? []) {
      if (this.#places.get(name) === place) this.#places.delete(name);
    }
    this.#names.delete(place);
  }
}
