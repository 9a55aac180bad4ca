/**
 * Everything a Stratum V2 pool sends over extended channels.
 */

import { PoolFault } from "../../base/violation.ts";
import * as channel from "./channel.ts";
import * as extension from "./extension.ts";
import type { Frame } from "./frame.ts";
import * as job from "./job.ts";
import { MessageCodec, type UnknownMessage } from "./layout.ts";
import * as setup from "./setup.ts";
import * as share from "./share.ts";

/** The messages of a pool that mean something to us. */
export type KnownPoolMessage =
  | setup.SetupConnectionSuccess
  | setup.SetupConnectionError
  | setup.Reconnect
  | channel.OpenExtendedMiningChannelSuccess
  | channel.OpenMiningChannelError
  | channel.UpdateChannelError
  | channel.CloseChannel
  | channel.SetExtranoncePrefix
  | channel.SetTarget
  | channel.SetGroupChannel
  | channel.ChannelEndpointChanged
  | job.NewExtendedMiningJob
  | job.SetNewPrevHash
  | share.SubmitSharesSuccess
  | share.SubmitSharesError
  | extension.RequestExtensionsSuccess
  | extension.RequestExtensionsError;

/** Everything a pool sends. */
export type PoolMessage = KnownPoolMessage | UnknownMessage;

const CODEC = new MessageCodec<KnownPoolMessage>({
  setupConnectionSuccess: setup.SETUP_CONNECTION_SUCCESS,
  setupConnectionError: setup.SETUP_CONNECTION_ERROR,
  reconnect: setup.RECONNECT,
  openExtendedMiningChannelSuccess: channel.OPEN_EXTENDED_MINING_CHANNEL_SUCCESS,
  openMiningChannelError: channel.OPEN_MINING_CHANNEL_ERROR,
  updateChannelError: channel.UPDATE_CHANNEL_ERROR,
  closeChannel: channel.CLOSE_CHANNEL,
  setExtranoncePrefix: channel.SET_EXTRANONCE_PREFIX,
  setTarget: channel.SET_TARGET,
  setGroupChannel: channel.SET_GROUP_CHANNEL,
  channelEndpointChanged: channel.CHANNEL_ENDPOINT_CHANGED,
  newExtendedMiningJob: job.NEW_EXTENDED_MINING_JOB,
  setNewPrevHash: job.SET_NEW_PREV_HASH,
  submitSharesSuccess: share.SUBMIT_SHARES_SUCCESS,
  submitSharesError: share.SUBMIT_SHARES_ERROR,
  requestExtensionsSuccess: extension.REQUEST_EXTENSIONS_SUCCESS,
  requestExtensionsError: extension.REQUEST_EXTENSIONS_ERROR,
}, PoolFault);

/**
 * Reads a message of a pool. A wrong bit for channels is no fault, and bytes after the last field
 * are ignored. The message shares no memory with the frame.
 *
 * @throws PoolFault `bad-message`, naming the field.
 */
export function decodePoolMessage(frame: Frame): PoolMessage {
  return CODEC.decode(frame);
}

/**
 * The frame of a pool's message, header included, as a simulated pool sends it.
 *
 * @throws RangeError for a value that does not fit its field.
 */
export function encodePoolMessage(message: KnownPoolMessage): Uint8Array {
  return CODEC.encode(message);
}
