/**
 * A byte stream to a pool: what a pool session needs of a socket.
 */

/** An open connection; a `Deno.Conn` already fits. */
export interface Connection {
  /** Reads some bytes; `null` at the end of the stream. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some or all of the bytes; net/pools/outbox.ts is the one place that loops. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes it at once. Reads and writes under way fail. */
  close(): void;
}

/** Where a pool is. */
export interface PoolAddress {
  /** Name or IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Whether TLS is spoken to this pool; absent where that is the same for all. */
  readonly usesTls?: boolean;
}

/**
 * Opens a connection to a pool. Rejects when it cannot be opened, or as soon as `signal` aborts.
 * Direct TCP, a tunnel through a proxy or TLS: whoever dials does not know.
 *
 * With `opening` the dial itself writes these bytes, the first lines of the pool's handshake, on
 * every way it opens, and nothing else; all that the pool answers is still to be read. Without it
 * the pool has heard nothing of the session yet.
 */
export type Dial = (
  address: PoolAddress,
  signal: AbortSignal,
  opening?: Uint8Array,
) => Promise<Connection>;
