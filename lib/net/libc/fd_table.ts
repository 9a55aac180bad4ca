/**
 * What is kept of every connection, by file descriptor, in a few typed arrays.
 */

const INITIAL_FDS = 1024;

/** No connection has this descriptor. */
export const CLOSED = 0;
/** Bytes pass both ways. */
export const OPEN = 1;
/** The owner closed it, and the last bytes wait to be written. */
export const ENDING = 2;

/** How a connection stands. */
export type FdState = typeof CLOSED | typeof OPEN | typeof ENDING;

/** See the head of this file. */
export class FdTable {
  #states = new Uint8Array(INITIAL_FDS);
  /** How often it was opened: tells events of a connection from those of the one before it. */
  #generations = new Uint32Array(INITIAL_FDS);

  /** Makes room for a descriptor and begins its next generation, which is returned. */
  begin(fd: number): number {
    if (fd >= this.#states.length) this.#grow(fd);
    this.#generations[fd]! += 1;
    return this.#generations[fd]!;
  }

  /** How it stands. */
  state(fd: number): FdState {
    return (this.#states[fd] ?? CLOSED) as FdState;
  }

  /** It stands otherwise now. */
  setState(fd: number, state: FdState): void {
    this.#states[fd] = state;
  }

  /** Its generation: the tag it is watched under. */
  generation(fd: number): number {
    return this.#generations[fd]!;
  }

  /** Whether an event under `tag` is about the connection that has this descriptor now. */
  isCurrent(fd: number, tag: number): boolean {
    return this.state(fd) !== CLOSED && this.#generations[fd] === tag;
  }

  /** Every descriptor that is not closed. */
  *handles(): Generator<number> {
    for (const [fd, state] of this.#states.entries()) {
      if (state !== CLOSED) yield fd;
    }
  }

  #grow(fd: number): void {
    const length = 2 ** Math.ceil(Math.log2(fd + 1));
    const grown = <T extends { set(from: T): void }>(into: T, from: T) => {
      into.set(from);
      return into;
    };
    this.#states = grown(new Uint8Array(length), this.#states);
    this.#generations = grown(new Uint32Array(length), this.#generations);
  }
}
