/**
 * The connections of single workers, by worker name.
 */

/** `Place` is the multiplexer's state of a connection. */
export class OwnPlaces<Place> {
  readonly #places = new Map<string, Place>();
  readonly #names = new Map<Place, string[]>();

  /** Whether there are none. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** A worker's connection, if it has one. */
  of(workerName: string): Place | undefined {
    return this.#places.get(workerName);
  }

  /** Gives a connection to this worker from now on. */
  give(workerName: string, place: Place): void {
    this.#places.set(workerName, place);
    const names = this.#names.get(place);
    if (names === undefined) this.#names.set(place, [workerName]);
    else names.push(workerName);
  }

  /** Takes a connection away from its workers. */
  remove(place: Place): void {
    for (const name of this.#names.get(place) ?? []) {
      if (this.#places.get(name) === place) this.#places.delete(name);
    }
    this.#names.delete(place);
  }
}
