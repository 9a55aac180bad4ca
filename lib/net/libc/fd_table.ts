/**
 * What is kept of every connection, by file descriptor, in a few typed arrays.
 */

const INITIAL_FDS = 1024;

const CLOSED = 0;
const OPEN = 1;

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

  /** Whether a connection has this descriptor. */
  isOpen(fd: number): boolean {
    return this.#states[fd] === OPEN;
  }

  /** A connection has it from now on. */
  open(fd: number): void {
    this.#states[fd] = OPEN;
  }

  /** None has it any more. */
  close(fd: number): void {
    this.#states[fd] = CLOSED;
  }

  /** Its generation: the tag it is watched under. */
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
