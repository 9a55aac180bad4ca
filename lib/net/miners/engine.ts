/**
 * What miners' sockets look like to the rest of the program: whole numbers.
 *
 * An engine listens, reads and writes; it knows nothing of what the bytes mean. A connection is a
 * handle, valid from `opened` until `closed` or until the owner closes it.
 */

import type { Now, Time } from "../../base/clock.ts";
import type { PeerAddress } from "../../base/peer_address.ts";

/** Why a peer was closed for not taking bytes: too many wait for it, or none was taken for long. */
export type SlowPeer = "waiting_bytes" | "stall_timeout";

/** What a peer did wrong for an engine to close it: it was slow, or spoke no TLS where it must. */
export type PeerFault = SlowPeer | "tls_handshake";

/** What becomes of connections that came in. None of these may throw. */
export interface ConnectionEvents {
  /** Bytes came in. The view is valid during the call only. */
  received(handle: number, bytes: Uint8Array): void;
  /**
   * The connection ended by itself, or was closed for a fault, and then `fault` says for which.
   * `reason` is for the log.
   */
  closed(handle: number, reason: string, fault?: PeerFault): void;
  /** A connection that the owner closed, and that had bytes waiting then, is gone only now. */
  ended(handle: number): void;
  /** No connection can be accepted for now (out of file descriptors, say); it is tried again. */
  acceptFailed(error: unknown): void;
  /**
   * What this peer is to be sent now, all of it in one piece; `undefined` for nothing. Asked when
   * there was news for it and everything sent to it before has left.
   */
  news(handle: number): Uint8Array | undefined;
  /** Every peer of a crowd has had its turn, `ms` milliseconds after there was news for them. */
  roundEnded?(ms: number): void;
}

/** What an engine reports. Every `opened` is followed by one `closed`, unless the owner closes. */
export interface EngineEvents extends ConnectionEvents {
  /** A connection came in. Returning false closes it at once. Must not throw. */
  opened(handle: number, from: PeerAddress): boolean;
}

/** The same of several listening ports together. */
export interface MinerEvents extends ConnectionEvents {
  /**
   * The same.
   *
   * @param at Where it came in: one object for all who come in there, for as long as it is open.
   */
  opened(handle: number, from: PeerAddress, at: PeerAddress): boolean;
}

/** Peers that hear the same news, such as those that work for one pool. */
export interface Crowd {
  /** All of them; asked when a round of them starts. */
  handles(): readonly number[];
  /** Whether every moment without the news is lost to them: they go before others then. */
  readonly isUrgent: boolean;
}

/** The bounds of what waits for a slow peer. */
export interface EngineLimits {
  /** Most bytes waiting for one peer, those of a write under way included, before it is closed. */
  readonly maxWaitingBytes: number;
  /** A peer that takes no byte for this long is closed, in milliseconds. */
  readonly stallTimeoutMs: number;
}

/** Miners' sockets on one listening address. */
export interface Engine extends MinerSockets {
  /** Where it listens; the port is the real one if 0 was asked for. */
  readonly address: PeerAddress;
}

/** What an engine is made of. */
export interface EngineOptions {
  /** Who is told. */
  readonly events: EngineEvents;
  /** Bounds for slow peers. */
  readonly limits: EngineLimits;
  /** Monotonic time, for judging peers. */
  readonly now: Now;
  /** For its own turns and pauses, and what took how long. */
  readonly time: Time;
  /**
   * Lets other processes listen on the same port at the same time. The kernel shares new
   * connections out among them, and those that nobody has accepted when one stops would be lost
   * with it: whoever listens so accepts them before it stops listening.
   */
  readonly reusePort?: boolean;
}

/** What an engine that opens its own port is made of. */
export interface ListenOptions extends EngineOptions {
  /** Address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
}

/** Miners' sockets. Nothing here waits or throws for a peer's sake. */
export interface MinerSockets {
  /** Payload bytes that sockets have taken since the start; without what TLS adds. */
  readonly bytesWritten: number;
  /** Sends bytes, in order. The array must not be changed afterwards. */
  send(handle: number, bytes: Uint8Array): void;
  /** There is news for a peer: it is asked for as soon as nothing waits for the peer any more. */
  tell(handle: number): void;
  /**
   * The same for many, a few at a time. Whatever else is news to the same crowd before all have had
   * their turn makes no second round of it.
   */
  tellAll(crowd: Crowd): void;
  /**
   * Writes out what waits, for no longer than a stall may last, then closes. Nothing more is heard
   * of the connection but, unless it is gone at once, {@linkcode EngineEvents.ended}; until then
   * its socket and its handle are taken.
   *
   * @returns whether it is gone.
   */
  close(handle: number): boolean;
  /** Closes a connection at once, with what waits for it, also one that is being closed. */
  abort(handle: number): void;
  /** Closes peers that stand still. To be called about once a second. */
  sweep(): void;
  /**
   * Stops accepting, and resolves when the port is closed. A shared one is closed once nobody is in its
   * queue any more: those who are would be reset. Connections stay.
   */
  stopAccepting(): Promise<void>;
  /**
   * Begins no read any more: what peers send from here on stays in the kernel, and is gone with
   * their connections. A read under way may still bring something.
   */
  stopReading(): void;
  /** Closes everything, and resolves when the last socket is gone. */
  stop(): Promise<void>;
}
