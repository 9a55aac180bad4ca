/**
 * The state of every connection, by file descriptor, in a few typed arrays.
 */

const INITIAL_FDS = 1024;

const CLOSED = 0;
const OPEN = 1;

/** Remembers which descriptors are open, and their generations. */
export class FdTable {
  #states = new Uint8Array(INITIAL_FDS);
  /**
   * The number of times that each was opened. It shows whether an event is from an earlier
   * connection.
   */
  #generations = new Uint32Array(INITIAL_FDS);

  /** Makes room for a descriptor and starts its next generation, which is returned. */
  begin(fd: number): number {
    if (fd >= this.#states.length) this.#grow(fd);
    this.#generations[fd]! += 1;
    return this.#generations[fd]!;
  }

  /** Whether this descriptor belongs to a connection. */
  isOpen(fd: number): boolean {
    return this.#states[fd] === OPEN;
  }

  /** Marks it as open. */
  open(fd: number): void {
    this.#states[fd] = OPEN;
  }

  /** Marks it as closed. */
  close(fd: number): void {
    this.#states[fd] = CLOSED;
  }

  /** Its generation, which is the tag it is watched under. */
  generation(fd: number): number {
    return this.#generations[fd]!;
  }

  /** Whether an event under `tag` is about the connection that has this descriptor now. */
  isCurrent(fd: number, tag: number): boolean {
    return this.isOpen(fd) && this.#generations[fd] === tag;
  }

  /** Every descriptor that is not closed. */
  *handles(): Generator<number> {
    for (const [fd, state] of this.#states.entries()) {
      if (state === OPEN) yield fd;
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
