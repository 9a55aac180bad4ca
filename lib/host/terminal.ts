/**
 * Whether the terminal this program was started in is still there. When somebody closes it, all
 * programs in it get SIGHUP: for this one that is not the wish to read its configuration again.
 */

/** All this needs of a stream. */
export interface TerminalStream {
  /** Whether it is connected to a terminal right now. */
  isTerminal(): boolean;
}

/** Remembers which streams were connected to one. */
export class Terminal {
  readonly #streams: readonly TerminalStream[];

  /** Looks at `streams`. */
  constructor(streams: readonly TerminalStream[] = [Deno.stdin, Deno.stdout, Deno.stderr]) {
    this.#streams = streams.filter((stream) => stream.isTerminal());
  }

  /** Whether there was one that has been closed; a program that had none, as with nohup, has not. */
  isGone(): boolean {
    return this.#streams.some((stream) => !stream.isTerminal());
  }
}
