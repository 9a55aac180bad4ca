/**
 * Messages about the connection as a whole.
 */

import { STR0_255, U16, U32, U8 } from "./field.ts";
import type { Layout } from "./layout.ts";

/** The subprotocol of a connection that mines. */
export const MINING_PROTOCOL = 0;

/** The only version of the protocol there is. */
export const PROTOCOL_VERSION = 2;

/** Flags of {@linkcode SetupConnection}. */
export const REQUEST_FLAG = {
  requiresStandardJobs: 1,
  requiresWorkSelection: 2,
  requiresVersionRolling: 4,
} as const;

/** Flags of {@linkcode SetupConnectionSuccess}: they mean other things than those of the request. */
export const ANSWER_FLAG = {
  requiresFixedVersion: 1,
  requiresExtendedChannels: 2,
} as const;

/** The first message of a connection, from us. */
export interface SetupConnection {
  /** Tells the messages apart. */
  readonly kind: "setupConnection";
  /** {@linkcode MINING_PROTOCOL}. */
  readonly protocol: number;
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly minVersion: number;
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly maxVersion: number;
  /** Of {@linkcode REQUEST_FLAG}. */
  readonly flags: number;
  /** The pool's host, as configured. */
  readonly endpointHost: string;
  /** The pool's port. */
  readonly endpointPort: number;
  /** Not empty. */
  readonly vendor: string;
  /** What the device is. */
  readonly hardwareVersion: string;
  /** The version of the program. */
  readonly firmware: string;
  /** Empty for privacy. */
  readonly deviceId: string;
}

/** The pool agrees. */
export interface SetupConnectionSuccess {
  /** Tells the messages apart. */
  readonly kind: "setupConnectionSuccess";
  /** {@linkcode PROTOCOL_VERSION}. */
  readonly usedVersion: number;
  /** Of {@linkcode ANSWER_FLAG}; old pools repeat the request's flags. */
  readonly flags: number;
}

/** The pool does not agree, and closes. */
export interface SetupConnectionError {
  /** Tells the messages apart. */
  readonly kind: "setupConnectionError";
  /** Those of {@linkcode REQUEST_FLAG} that the pool cannot do. */
  readonly flags: number;
  /** Not standardized. */
  readonly errorCode: string;
}

/** The pool moves its clients to another address. */
export interface Reconnect {
  /** Tells the messages apart. */
  readonly kind: "reconnect";
  /** A name or address; empty for the same host. */
  readonly newHost: string;
  /** 0 for the same port. */
  readonly newPort: number;
}

/** Layout of {@linkcode SetupConnection}. */
export const SETUP_CONNECTION: Layout<SetupConnection> = {
  name: "SetupConnection",
  extension: 0,
  type: 0x00,
  isChannelMessage: false,
  fields: {
    protocol: U8,
    minVersion: U16,
    maxVersion: U16,
    flags: U32,
    endpointHost: STR0_255,
    endpointPort: U16,
    vendor: STR0_255,
    hardwareVersion: STR0_255,
    firmware: STR0_255,
    deviceId: STR0_255,
  },
};

/** Layout of {@linkcode SetupConnectionSuccess}. */
export const SETUP_CONNECTION_SUCCESS: Layout<SetupConnectionSuccess> = {
  name: "SetupConnection.Success",
  extension: 0,
  type: 0x01,
  isChannelMessage: false,
  fields: { usedVersion: U16, flags: U32 },
};

/** Layout of {@linkcode SetupConnectionError}. */
export const SETUP_CONNECTION_ERROR: Layout<SetupConnectionError> = {
  name: "SetupConnection.Error",
  extension: 0,
  type: 0x02,
  isChannelMessage: false,
  fields: { flags: U32, errorCode: STR0_255 },
};

/** Layout of {@linkcode Reconnect}. */
export const RECONNECT: Layout<Reconnect> = {
  name: "Reconnect",
  extension: 0,
  type: 0x04,
  isChannelMessage: false,
  fields: { newHost: STR0_255, newPort: U16 },
};
