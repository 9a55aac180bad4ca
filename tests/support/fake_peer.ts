/**
 * A miner's end of a connection, for tests that decide when it reads.
 */

/** How a peer reads: everything at once, nothing, or a number of bytes at a time. */
export type Appetite = "all" | "nothing" | number;

/** One connection, whatever engine it is on. */
export interface FakePeer {
  /** How it reads. */
  appetite: Appetite;
  /** All bytes that it has read. */
  taken: string;
  /** Whether the engine closed it. */
  readonly isClosed: boolean;
  /**
   * Reads this number of the bytes under way, if there are any. Later writes are handled as before.
   */
  take(appetite: "all" | number): void;
  /** The write under way fails. */
  failWrite(error: Error): void;
  /** It sends something. */
  send(text: string): void;
  /** It ends its side. */
  end(): void;
}
