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
  /**
   * The key by which a Stratum V2 pool proves who it is, 64 hex digits (secp256k1, x-only). Absent
   * for other kinds, and for a pool that the operator trusts without proof.
   */
  readonly authorityKey?: string | undefined;
}

/** The first bytes of a pool's handshake, and by what a pool's answer to them is known. */
export interface Opening {
  /** What is sent, in one write. */
  readonly bytes: Uint8Array;
  /**
   * How many bytes the answer has at least, of any content; absent if it is a line that is a JSON
   * object.
   */
  readonly answerBytes?: number;
}

/**
 * Opens a connection to a pool. Rejects when it cannot be opened, or as soon as `signal` aborts.
 * The caller does not know whether it is direct TCP, a tunnel through a proxy, or TLS.
 *
 * With `opening` the dial writes exactly its bytes on every way that it opens; the pool's whole
 * answer is still to be read. Without `opening` nothing of the session has been sent yet.
 */
export type Dial = (
  address: PoolAddress,
  signal: AbortSignal,
  opening?: Opening,
) => Promise<Connection>;
