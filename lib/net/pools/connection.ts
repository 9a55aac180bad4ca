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
  /** Whether TLS is spoken there; absent for what all pools of the configuration have. */
  readonly usesTls?: boolean;
}

/**
 * Opens a connection to a pool. Rejects when it cannot be opened, or as soon as `signal` aborts.
 * Direct TCP, a tunnel through a proxy or TLS: the session that dials does not know.
 *
 * With an `opening`, these bytes are written as soon as a way is open, on each way that is tried, and
 * where ways race one counts once a line has come back. All that came is still to be read; the caller
 * never writes the opening itself.
 */
export type Dial = (
  address: PoolAddress,
  signal: AbortSignal,
  opening?: Uint8Array,
) => Promise<Connection>;
