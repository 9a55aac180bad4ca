/**
 * Everything we send to a Stratum V2 pool.
 */

import { ProtocolViolation } from "../../base/violation.ts";
import * as channel from "./channel.ts";
import * as extension from "./extension.ts";
import type { Frame } from "./frame.ts";
import { MessageCodec, type UnknownMessage } from "./layout.ts";
import * as setup from "./setup.ts";
import * as share from "./share.ts";

/** The messages we send. Shares are many: share.ts has a writer for them that makes no garbage. */
export type AgentMessage =
  | setup.SetupConnection
  | extension.RequestExtensions
  | channel.OpenExtendedMiningChannel
  | channel.UpdateChannel
  | channel.CloseChannel
  | share.SubmitSharesExtended;

const CODEC = new MessageCodec<AgentMessage>({
  setupConnection: setup.SETUP_CONNECTION,
  requestExtensions: extension.REQUEST_EXTENSIONS,
  openExtendedMiningChannel: channel.OPEN_EXTENDED_MINING_CHANNEL,
  updateChannel: channel.UPDATE_CHANNEL,
  closeChannel: channel.CLOSE_CHANNEL,
  submitSharesExtended: share.SUBMIT_SHARES_EXTENDED,
}, ProtocolViolation);

/**
 * The frame of a message, header included.
 *
 * @throws RangeError for a value that does not fit its field.
 */
export function encodeAgentMessage(message: AgentMessage): Uint8Array {
  return CODEC.encode(message);
}

/**
 * Reads a message as a pool does, for a simulated one: like
 * {@link file://./pool_message.ts | decodePoolMessage}.
 *
 * @throws ProtocolViolation `bad-message`, naming the field.
 */
export function decodeAgentMessage(frame: Frame): AgentMessage | UnknownMessage {
  return CODEC.decode(frame);
}
