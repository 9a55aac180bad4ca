/**
 * Whether the terminal that this program was started in is still open. When a user closes it, all
 * its programs get SIGHUP: that is not a request to reload.
 *
 * The terminal is also gone when the program it was opened for has ended, such as npx in `tmux new
 * 'npx …'`: the system takes it from all other programs and sends them SIGHUP before it closes.
 */

/** The part of a stream that is needed here. */
export interface TerminalStream {
  /** Whether it is connected to a terminal right now. */
  isTerminal(): boolean;
}

/** Remembers which streams were connected to a terminal. */
export class Terminal {
  readonly #streams: readonly TerminalStream[];
  readonly #belongs: () => boolean;
  /** Whether this process belonged to a terminal; one with such streams need not. */
  readonly #belonged: boolean;

  /** Checks `streams`. @param belongs Whether this process belongs to a terminal right now. */
  constructor(
    streams: readonly TerminalStream[] = [Deno.stdin, Deno.stdout, Deno.stderr],
    belongs: () => boolean = hasControllingTerminal,
  ) {
    this.#streams = streams.filter((stream) => stream.isTerminal());
    this.#belongs = belongs;
    this.#belonged = this.#streams.length > 0 && belongs();
  }

  /**
   * Whether a terminal was there and has been closed; false for a program that had none, as with
   * nohup.
   */
  isGone(): boolean {
    return this.#streams.some((stream) => !stream.isTerminal()) ||
      this.#belonged && !this.#belongs();
  }
}

/** `/dev/tty` is the controlling terminal; opening it fails if there is none. */
function hasControllingTerminal(): boolean {
  try {
    Deno.openSync("/dev/tty").close();
    return true;
  } catch {
    return false;
  }
}
