/**
 * Whether the terminal this program was started in is still there. When somebody closes it, all
 * programs in it get SIGHUP: for this one that is not the wish to read its configuration again.
 *
 * It is also gone when the program it was opened for has ended, as npx in `tmux new 'npx …'`: the
 * system then takes it from all others in it, and sends them SIGHUP before it is closed.
 */

/** All this needs of a stream. */
export interface TerminalStream {
  /** Whether it is connected to a terminal right now. */
  isTerminal(): boolean;
}

/** Remembers which streams were connected to one. */
export class Terminal {
  readonly #streams: readonly TerminalStream[];
  readonly #belongs: () => boolean;
  /** Whether it belonged to a terminal, which a program with such streams need not. */
  readonly #belonged: boolean;

  /** Looks at `streams`. @param belongs Whether this process belongs to a terminal right now. */
  constructor(
    streams: readonly TerminalStream[] = [Deno.stdin, Deno.stdout, Deno.stderr],
    belongs: () => boolean = hasControllingTerminal,
  ) {
    this.#streams = streams.filter((stream) => stream.isTerminal());
    this.#belongs = belongs;
    this.#belonged = this.#streams.length > 0 && belongs();
  }

  /** Whether there was one that has been closed; a program that had none, as with nohup, has not. */
  isGone(): boolean {
    return this.#streams.some((stream) => !stream.isTerminal()) ||
      this.#belonged && !this.#belongs();
  }
}

/** That is what `/dev/tty` is; opening it fails where there is none. */
function hasControllingTerminal(): boolean {
  try {
    Deno.openSync("/dev/tty").close();
    return true;
  } catch {
    return false;
  }
}
