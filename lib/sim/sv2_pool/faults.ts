/**
 * Faults of a simulated Stratum V2 pool: switches for tests. What a pool does once, such as closing
 * a channel, is a method of the pool.
 */

import type { SocketFaults } from "../pool_socket.ts";

/** What becomes of act 2: all of it, its first half, nothing, wrong seals, or a line of Stratum V1. */
export type Act2Fault = "half" | "none" | "garbled" | "text";

/** A step of the opening after which nothing is answered. */
export type Sv2Step = "setup" | "extensions" | "open" | "job";

/** The switches. */
export interface Sv2PoolFaults extends SocketFaults {
  /** Nothing listens on the port; connections that exist stay. */
  readonly refuseConnections: boolean;
  /** How the handshake goes wrong; `undefined` for not at all. */
  readonly act2: Act2Fault | undefined;
  /** This step and all later ones of the opening get no answer; `undefined` for none. */
  readonly silentFrom: Sv2Step | undefined;
  /** SetupConnection is refused with this code; `undefined` for not. */
  readonly setupError: string | undefined;
  /** The flags of a refused SetupConnection that the pool cannot do. */
  readonly setupErrorFlags: number;
  /** The flags of SetupConnection.Success; `undefined` for the pool's own. */
  readonly setupFlags: number | undefined;
  /** The version in SetupConnection.Success; 2 in reality. */
  readonly usedVersion: number;
  /** RequestExtensions gets an error, no answer, or a close; `undefined` for the pool's own answer. */
  readonly extensions: "refuse" | "ignore" | "close" | undefined;
  /** A channel is refused with this code; `undefined` for not. */
  readonly openError: string | undefined;
  /** The id of the next channels; `undefined` for a new one. */
  readonly channelId: number | undefined;
  /** Jobs for a channel that nobody has, sent before a channel is opened. */
  readonly jobsBeforeOpen: number;
  /** Jobs forbid to roll the version. */
  readonly fixVersions: boolean;
  /** Every share is refused with this code, whatever it is; `undefined` for not. */
  readonly refuseShares: string | undefined;
  /** Shares are neither judged nor answered. */
  readonly isDeafToShares: boolean;
  /** Accepted shares are not acknowledged. */
  readonly neverAcknowledge: boolean;
  /** Acknowledgements and errors come this much later, in milliseconds. */
  readonly verdictDelayMs: number;
  /** Errors wait until a later share has been acknowledged. */
  readonly lateErrors: boolean;
  /** UpdateChannel is refused with this code; `undefined` for not. */
  readonly updateError: string | undefined;
  /** All messages have the bit for channels wrong. */
  readonly hasWrongBits: boolean;
  /** Bytes after the last field of every message. */
  readonly leftOverBytes: number;
  /** One bit of one frame of each connection is wrong; `undefined` for none. */
  readonly flippedBit: FlippedBit | undefined;
}

/** Which bit. */
export interface FlippedBit {
  /** The frame, from 0 at the start of the connection, without act 2. */
  readonly frame: number;
  /** The byte of the sealed frame; negative from its end. */
  readonly byte: number;
}

/** A pool without faults. */
export const NO_SV2_FAULTS: Sv2PoolFaults = {
  isSilent: false,
  dribbleMs: 0,
  stopReading: false,
  refuseConnections: false,
  act2: undefined,
  silentFrom: undefined,
  setupError: undefined,
  setupErrorFlags: 0,
  setupFlags: undefined,
  usedVersion: 2,
  extensions: undefined,
  openError: undefined,
  channelId: undefined,
  jobsBeforeOpen: 0,
  fixVersions: false,
  refuseShares: undefined,
  isDeafToShares: false,
  neverAcknowledge: false,
  verdictDelayMs: 0,
  lateErrors: false,
  updateError: undefined,
  hasWrongBits: false,
  leftOverBytes: 0,
  flippedBit: undefined,
};
