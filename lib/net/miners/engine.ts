/**
 * The interface of miners' sockets: the rest of the program knows them by whole numbers.
 *
 * An engine listens, reads and writes; it does not know what the bytes mean. A connection is a
 * handle, valid from `opened` until `closed` or until the owner closes it.
 */

import type { Now, Time } from "../../base/clock.ts";
import type { PeerAddress } from "../../base/peer_address.ts";

/** Why a slow peer was closed: too many bytes waited for it, or it accepted none for too long. */
export type SlowPeer = "waiting_bytes" | "stall_timeout";

/** Why an engine closed a peer: it was slow, or did not speak TLS on a TLS port. */
export type PeerFault = SlowPeer | "tls_handshake";

/** Events of connections. No handler may throw. */
export interface ConnectionEvents {
  /** Bytes arrived. The view is valid only during the call. */
  received(handle: number, bytes: Uint8Array): void;
  /** The connection ended, or was closed because of `fault`. `reason` is for the log. */
  closed(handle: number, reason: string, fault?: PeerFault): void;
  /** A connection that the owner closed while bytes were waiting has now ended. */
  ended(handle: number): void;
  /** Accepting failed (for example, out of file descriptors); it is retried. */
  acceptFailed(error: unknown): void;
  /**
   * Returns the news for this peer in one piece; `undefined` for nothing. Called when there is news
   * for it and everything sent before has left.
   */
  news(handle: number): Uint8Array | undefined;
  /**
   * A load balancer's connection ended before it stood for a miner. `fault` says what was wrong, for
   * the log; `undefined` for a health check.
   */
  balancerLeft?(from: PeerAddress, fault: string | undefined): void;
  /** Every peer of a crowd has had its turn, `ms` milliseconds after the news came. */
  roundEnded?(ms: number): void;
}

/**
 * Events of an engine. Each `opened` is followed by one `closed`, unless the owner closes the
 * connection.
 */
export interface EngineEvents extends ConnectionEvents {
  /** A connection was accepted. Returning false closes it at once. Must not throw. */
  opened(handle: number, from: PeerAddress): boolean;
}

/** Events of several listening ports together. */
export interface MinerEvents extends ConnectionEvents {
  /**
   * A connection was accepted. @param at The port that accepted it: the same object for all its
   * connections, while it is open.
   */
  opened(handle: number, from: PeerAddress, at: PeerAddress): boolean;
}

/** Peers that get the same news, such as those that work for one pool. */
export interface Crowd {
  /** All of them; called when a round of them starts. */
  handles(): readonly number[];
  /** Whether they lose work until they have the news: then they are told before others. */
  readonly isUrgent: boolean;
}

/** Bounds for slow peers. */
export interface EngineLimits {
  /**
   * The most bytes that may wait for one peer, including a write under way, before it is closed.
   */
  readonly maxWaitingBytes: number;
  /** A peer that accepts no byte for this long is closed, in milliseconds. */
  readonly stallTimeoutMs: number;
}

/** Miners' sockets on one listening address. */
export interface Engine extends MinerSockets {
  /** Where it listens, with the real port if 0 was asked for. */
  readonly address: PeerAddress;
  /** Connections that it has not reported yet; absent if there are never any. */
  readonly arriving?: number;
}

/** Options of an engine. */
export interface EngineOptions {
  /** Receives the events. */
  readonly events: EngineEvents;
  /** Bounds for slow peers. */
  readonly limits: EngineLimits;
  /** Monotonic time, for judging peers. */
  readonly now: Now;
  /** For its own turns, pauses and measurements. */
  readonly time: Time;
  /**
   * Lets other processes listen on the same port at the same time. The kernel divides new
   * connections among them. Connections in the queue of a process that stops would be lost, so the
   * engine accepts them before it stops listening.
   */
  readonly reusePort?: boolean;
}

/** Options of an engine that opens its own port. */
export interface ListenOptions extends EngineOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
}

/** Miners' sockets. Nothing here waits for a peer or throws because of one. */
export interface MinerSockets {
  /** Payload bytes that sockets have accepted since the start, without the overhead of TLS. */
  readonly bytesWritten: number;
  /** Sends bytes, in order. The array must not be changed afterwards. */
  send(handle: number, bytes: Uint8Array): void;
  /** Announces news for a peer: the engine asks for it once no bytes wait for the peer. */
  tell(handle: number): void;
  /**
   * The same for many peers, a few at a time. More news for the same crowd before all have had
   * their turn starts no second round.
   */
  tellAll(crowd: Crowd): void;
  /**
   * Writes the waiting bytes, for no longer than a stall may last, then closes. If bytes were
   * waiting, {@linkcode EngineEvents.ended} follows and is the only further event; until then its
   * socket and its handle stay in use.
   *
   * @returns whether it ended at once.
   */
  close(handle: number): boolean;
  /** Closes a connection at once and drops its waiting bytes, also one that is being closed. */
  abort(handle: number): void;
  /** Closes peers that are stalled. Call it about once a second. */
  sweep(): void;
  /**
   * Stops accepting, and resolves when the port is closed. A shared port is closed once its queue
   * is empty, since closing resets connections in the queue. Accepted connections stay.
   */
  stopAccepting(): Promise<void>;
  /**
   * Starts no more reads: bytes that peers send from now on stay in the kernel and are lost with
   * their connections. A read under way may still bring bytes.
   */
  stopReading(): void;
  /** Closes everything, and resolves when the last socket is gone. */
  stop(): Promise<void>;
}
