/**
 * The workers of one connection by their names at the pool: which are authorized, and which have to
 * be; pure.
 */

/** How many names of workers that left are remembered, so that they are not authorized again. */
const MAX_REMEMBERED = 10_000;

/** A name at the pool, of one miner or of several. */
export interface NamedWorker {
  /** The name as JSON text. */
  readonly json: string;
  /** Whether shares are sent under it. */
  isAuthorized: boolean;
  /** How many miners have it now. */
  miners: number;
}

/** The names that are in use, and those used recently. */
export class NamedWorkers {
  readonly #bySession = new Map<number, NamedWorker>();
  readonly #byJson = new Map<string, NamedWorker>();
  /** Names that were asked for and have no miner now, the first that left first. */
  readonly #left = new Set<NamedWorker>();
  /** Names to ask for, in the order in which they came. */
  readonly #waiting = new Set<NamedWorker>();

  /** How many names are kept. */
  get size(): number {
    return this.#byJson.size;
  }

  /** A miner with this name works here. */
  enter(sessionId: number, name: string): void {
    const json = JSON.stringify(name);
    let worker = this.#byJson.get(json);
    if (worker === undefined) {
      worker = { json, isAuthorized: false, miners: 0 };
      this.#byJson.set(json, worker);
      this.#waiting.add(worker);
    }
    this.#left.delete(worker);
    worker.miners++;
    this.#bySession.set(sessionId, worker);
  }

  /** A miner stops working here. */
  leave(sessionId: number): void {
    const worker = this.#bySession.get(sessionId);
    this.#bySession.delete(sessionId);
    if (worker === undefined || --worker.miners > 0) return;
    if (this.#waiting.delete(worker)) {
      this.#byJson.delete(worker.json);
      return;
    }
    this.#left.add(worker);
    if (this.#left.size <= MAX_REMEMBERED) return;
    const [first] = this.#left;
    this.#left.delete(first!);
    this.#byJson.delete(first!.json);
  }

  /** The worker of a miner. */
  of(sessionId: number): NamedWorker | undefined {
    return this.#bySession.get(sessionId);
  }

  /** The next worker to ask for. */
  get next(): NamedWorker | undefined {
    for (const worker of this.#waiting) return worker;
    return undefined;
  }

  /** It was asked for. */
  asked(worker: NamedWorker): void {
    this.#waiting.delete(worker);
  }
}
