/**
 * A miner's end of a connection, for tests that decide when it takes what it is sent.
 */

/** How a peer takes what is sent: everything at once, nothing, or a number of bytes at a time. */
export type Appetite = "all" | "nothing" | number;

/** One connection, whatever engine it is on. */
export interface FakePeer {
  /** How it takes what is sent to it. */
  appetite: Appetite;
  /** Everything it has taken. */
  taken: string;
  /** Whether the engine closed it. */
  readonly isClosed: boolean;
  /** Takes so much of what it is being sent, if anything. Later writes are taken as before. */
  take(appetite: "all" | number): void;
  /** The write under way fails. */
  failWrite(error: Error): void;
  /** It sends something. */
  send(text: string): void;
  /** It ends its side. */
  end(): void;
}
