/** The port that the portable engine accepts miners from, as Deno opens it or as a test does. */

import type { Connection } from "../pools/connection.ts";
import type { ListenOptions } from "./engine.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { boundKernelBuffers } from "../libc/kernel_buffers.ts";

/**
 * How many connections may wait in the kernel to be accepted: room for a whole farm that comes
 * back.
 */
const BACKLOG = 4096;

/** The part of an accepted connection that the engine needs; a `Deno.TcpConn` already fits. */
export interface AcceptedConnection extends Connection {
  /** Where it came from. */
  readonly remoteAddr: PeerAddress;
  /** Throws if the connection is gone already, like `setKeepAlive`. */
  setNoDelay(on: boolean): void;
  /** Lets the kernel detect that a silent peer is dead. */
  setKeepAlive(on: boolean): void;
}

/** The part of a listener that the engine needs; a `Deno.TcpListener` already fits. */
export interface ConnectionListener {
  /** Where it listens. */
  readonly addr: PeerAddress;
  /**
   * The next connection. Rejects once the listener is closed, when the system is out of resources,
   * and for a connection that {@linkcode isGoneAgain}.
   */
  accept(): Promise<AcceptedConnection>;
  /** Stops listening. */
  close(): void;
}

/** Opens the port without an engine. @throws the errors of `Deno.listen`. */
export function listenForMiners(options: ListenOptions): ConnectionListener {
  const { hostname, port, reusePort = false } = options;
  const listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: BACKLOG });
  boundKernelBuffers(listener.addr);
  return listener;
}

/** Errors of `accept()` for a connection that ended before it could be accepted. */
const GONE_AGAIN = [
  Deno.errors.NotConnected,
  Deno.errors.ConnectionAborted,
  Deno.errors.ConnectionReset,
];

/** Whether `accept()` failed because of a single peer, so that there is no reason to pause. */
export function isGoneAgain(error: unknown): boolean {
  return GONE_AGAIN.some((kind) => error instanceof kind);
}
