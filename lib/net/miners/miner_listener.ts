/** The port that the portable engine accepts miners from, as Deno opens it or as a test does. */

import type { Connection } from "../pools/connection.ts";
import type { ListenOptions } from "./engine.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { boundKernelBuffers } from "../libc/kernel_buffers.ts";

/** Connections waiting in the kernel to be accepted, for when a whole farm comes back. */
const BACKLOG = 4096;

/** All the engine needs of a connection that came in; a `Deno.TcpConn` already fits. */
export interface AcceptedConnection extends Connection {
  /** Where it came from. */
  readonly remoteAddr: PeerAddress;
  /** Throws, as the next does, when the connection is gone already. */
  setNoDelay(on: boolean): void;
  /** Lets the kernel find out that a silent peer is dead. */
  setKeepAlive(on: boolean): void;
}

/** All the engine needs of a listener; a `Deno.TcpListener` already fits. */
export interface ConnectionListener {
  /** Where it listens. */
  readonly addr: PeerAddress;
  /**
   * The next connection. Rejects once the listener is closed, whenever the system is short, and
   * over a connection that {@linkcode isGoneAgain}.
   */
  accept(): Promise<AcceptedConnection>;
  /** Stops listening. */
  close(): void;
}

/** Opens the port alone. @throws what `Deno.listen` throws. */
export function listenForMiners(options: ListenOptions): ConnectionListener {
  const { hostname, port, reusePort = false } = options;
  const listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: BACKLOG });
  boundKernelBuffers(listener.addr);
  return listener;
}

/** What `accept()` says of one that came and was gone before it could be let in. */
const GONE_AGAIN = [
  Deno.errors.NotConnected,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
];

/** Whether `accept()` failed over one peer alone, so that there is no reason to pause. */
export function isGoneAgain(error: unknown): boolean {
  return GONE_AGAIN.some((kind) => error instanceof kind);
}
