/**
 * Messages about channels: opening, changing and closing them.
 */

import { B0_32, F32, SEQ0_64K_U32, STR0_255, U16, U256, U32, U32_OR_ABSENT } from "./field.ts";
import type { Layout } from "./layout.ts";

/** We ask for a channel on which we fill an extranonce of our own. */
export interface OpenExtendedMiningChannel {
  /** Tells the messages apart. */
  readonly kind: "openExtendedMiningChannel";
  /** Ours, unique on the connection. */
  readonly requestId: number;
  /** Whose shares these are, as the pool wants it. */
  readonly userIdentity: string;
  /** Expected hashes per second; 0 while there is no miner. */
  readonly nominalHashRate: number;
  /** The easiest target wanted, little-endian; all ones for any. */
  readonly maxTarget: Uint8Array;
  /** A wish; the pool may grant less. */
  readonly minExtranonceSize: number;
}

/** The pool opened a channel. */
export interface OpenExtendedMiningChannelSuccess {
  /** Tells the messages apart. */
  readonly kind: "openExtendedMiningChannelSuccess";
  /** Of the request. */
  readonly requestId: number;
  /** The pool's, unique on the connection, also among groups. */
  readonly channelId: number;
  /** Of shares, little-endian. */
  readonly target: Uint8Array;
  /** Bytes that we fill, without the prefix. Not checked. */
  readonly extranonceSize: number;
  /** What the pool puts before them: 0 to 32 bytes. */
  readonly extranoncePrefix: Uint8Array;
  /** 0 for none, and from pools older than 2025-11. */
  readonly groupChannelId: number;
}

/** The pool refuses to open a channel. */
export interface OpenMiningChannelError {
  /** Tells the messages apart. */
  readonly kind: "openMiningChannelError";
  /** Of the request. */
  readonly requestId: number;
  /** Not standardized. */
  readonly errorCode: string;
}

/** We tell the pool how much hashrate a channel has. */
export interface UpdateChannel {
  /** Tells the messages apart. */
  readonly kind: "updateChannel";
  /** The channel. */
  readonly channelId: number;
  /** Expected hashes per second; 0 while there is no miner. */
  readonly nominalHashRate: number;
  /** The easiest target wanted, little-endian; all ones for any. */
  readonly maxTarget: Uint8Array;
}

/** The pool refuses an {@linkcode UpdateChannel}. */
export interface UpdateChannelError {
  /** Tells the messages apart. */
  readonly kind: "updateChannelError";
  /** The channel. */
  readonly channelId: number;
  /** Not standardized. */
  readonly errorCode: string;
}

/** Either side closes a channel. */
export interface CloseChannel {
  /** Tells the messages apart. */
  readonly kind: "closeChannel";
  /** The channel; or a group, which closes all of its channels. */
  readonly channelId: number;
  /** For people. */
  readonly reasonCode: string;
}

/** The pool has another prefix for jobs that come after this message. */
export interface SetExtranoncePrefix {
  /** Tells the messages apart. */
  readonly kind: "setExtranoncePrefix";
  /** The channel, never a group. */
  readonly channelId: number;
  /** 0 to 32 bytes. */
  readonly extranoncePrefix: Uint8Array;
}

/** The pool has another target for jobs that come after this message. */
export interface SetTarget {
  /** Tells the messages apart. */
  readonly kind: "setTarget";
  /** A channel or a group. */
  readonly channelId: number;
  /** Of shares, little-endian. */
  readonly target: Uint8Array;
}

/** The pool puts channels into a group: messages to the group are for each of them. */
export interface SetGroupChannel {
  /** Tells the messages apart. */
  readonly kind: "setGroupChannel";
  /** The group. */
  readonly groupChannelId: number;
  /** Its channels. */
  readonly channelIds: Uint32Array;
}

/** Another program serves a channel from now on: what extensions were agreed on is forgotten. */
export interface ChannelEndpointChanged {
  /** Tells the messages apart. */
  readonly kind: "channelEndpointChanged";
  /** The channel. */
  readonly channelId: number;
}

/** Layout of {@linkcode OpenExtendedMiningChannel}. */
export const OPEN_EXTENDED_MINING_CHANNEL: Layout<OpenExtendedMiningChannel> = {
  name: "OpenExtendedMiningChannel",
  extension: 0,
  type: 0x13,
  isChannelMessage: false,
  fields: {
    requestId: U32,
    userIdentity: STR0_255,
    nominalHashRate: F32,
    maxTarget: U256,
    minExtranonceSize: U16,
  },
};

/** Layout of {@linkcode OpenExtendedMiningChannelSuccess}. */
export const OPEN_EXTENDED_MINING_CHANNEL_SUCCESS: Layout<OpenExtendedMiningChannelSuccess> = {
  name: "OpenExtendedMiningChannel.Success",
  extension: 0,
  type: 0x14,
  isChannelMessage: false,
  fields: {
    requestId: U32,
    channelId: U32,
    target: U256,
    extranonceSize: U16,
    extranoncePrefix: B0_32,
    groupChannelId: U32_OR_ABSENT,
  },
};

/** Layout of {@linkcode OpenMiningChannelError}. */
export const OPEN_MINING_CHANNEL_ERROR: Layout<OpenMiningChannelError> = {
  name: "OpenMiningChannel.Error",
  extension: 0,
  type: 0x12,
  isChannelMessage: false,
  fields: { requestId: U32, errorCode: STR0_255 },
};

/** Layout of {@linkcode UpdateChannel}. */
export const UPDATE_CHANNEL: Layout<UpdateChannel> = {
  name: "UpdateChannel",
  extension: 0,
  type: 0x16,
  isChannelMessage: true,
  fields: { channelId: U32, nominalHashRate: F32, maxTarget: U256 },
};

/** Layout of {@linkcode UpdateChannelError}. */
export const UPDATE_CHANNEL_ERROR: Layout<UpdateChannelError> = {
  name: "UpdateChannel.Error",
  extension: 0,
  type: 0x17,
  isChannelMessage: true,
  fields: { channelId: U32, errorCode: STR0_255 },
};

/** Layout of {@linkcode CloseChannel}. */
export const CLOSE_CHANNEL: Layout<CloseChannel> = {
  name: "CloseChannel",
  extension: 0,
  type: 0x18,
  isChannelMessage: true,
  fields: { channelId: U32, reasonCode: STR0_255 },
};

/** Layout of {@linkcode SetExtranoncePrefix}. */
export const SET_EXTRANONCE_PREFIX: Layout<SetExtranoncePrefix> = {
  name: "SetExtranoncePrefix",
  extension: 0,
  type: 0x19,
  isChannelMessage: true,
  fields: { channelId: U32, extranoncePrefix: B0_32 },
};

/** Layout of {@linkcode SetTarget}. */
export const SET_TARGET: Layout<SetTarget> = {
  name: "SetTarget",
  extension: 0,
  type: 0x21,
  isChannelMessage: true,
  fields: { channelId: U32, target: U256 },
};

/** Layout of {@linkcode SetGroupChannel}: without the bit for channels, although it names them. */
export const SET_GROUP_CHANNEL: Layout<SetGroupChannel> = {
  name: "SetGroupChannel",
  extension: 0,
  type: 0x25,
  isChannelMessage: false,
  fields: { groupChannelId: U32, channelIds: SEQ0_64K_U32 },
};

/** Layout of {@linkcode ChannelEndpointChanged}. */
export const CHANNEL_ENDPOINT_CHANGED: Layout<ChannelEndpointChanged> = {
  name: "ChannelEndpointChanged",
  extension: 0,
  type: 0x03,
  isChannelMessage: true,
  fields: { channelId: U32 },
};
