/**
 * A byte stream to a pool: the part of a socket that a pool session needs.
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

/** The address of a pool. */
export interface PoolAddress {
  /** Name or IP address. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** Whether this pool is reached with TLS; absent if one setting is for all pools. */
  readonly usesTls?: boolean;
}

/**
 * Opens a connection to a pool. Rejects when it cannot be opened, or as soon as `signal` aborts.
 * The caller does not know whether it is direct TCP, a tunnel through a proxy, or TLS.
 *
 * With `opening` the dial writes exactly these bytes, the first lines of the pool's handshake, on
 * every way that it opens; the pool's whole answer is still to be read. Without `opening` nothing
 * of the session has been sent yet.
 */
export type Dial = (
  address: PoolAddress,
  signal: AbortSignal,
  opening?: Uint8Array,
) => Promise<Connection>;
