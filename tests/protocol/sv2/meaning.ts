/**
 * What the messages in the vectors mean, in our words.
 */

import { type AnyMessage } from "./codec.ts";
import { vector } from "./vectors.ts";

type Fields = Readonly<Record<string, never>>;

const hexIn = (text: string) => Uint8Array.fromHex(text);
const ANY_TARGET = new Uint8Array(32).fill(0xff);

/** What the vectors' fields are in our words. */
const MEANING: Readonly<Record<string, (fields: Fields) => AnyMessage>> = {
  "msg-SetupConnection": (f) => ({
    kind: "setupConnection",
    protocol: f["protocol"]!,
    minVersion: f["min_version"]!,
    maxVersion: f["max_version"]!,
    flags: f["flags"]!,
    endpointHost: f["endpoint_host"]!,
    endpointPort: f["endpoint_port"]!,
    vendor: f["vendor"]!,
    hardwareVersion: f["hardware_version"]!,
    firmware: f["firmware"]!,
    deviceId: f["device_id"]!,
  }),
  "msg-SetupConnection.Success": (f) => ({
    kind: "setupConnectionSuccess",
    usedVersion: f["version"]!,
    flags: f["flags"]!,
  }),
  "msg-SetupConnection.Error": (f) => ({
    kind: "setupConnectionError",
    flags: f["flags"]!,
    errorCode: f["code"]!,
  }),
  "msg-Reconnect": (f) => ({ kind: "reconnect", newHost: f["host"]!, newPort: f["port"]! }),
  "msg-ChannelEndpointChanged": (f) => ({
    kind: "channelEndpointChanged",
    channelId: f["channel"]!,
  }),
  "msg-OpenExtendedMiningChannel": (f) => ({
    kind: "openExtendedMiningChannel",
    requestId: f["request_id"]!,
    userIdentity: f["user_identity"]!,
    nominalHashRate: Math.fround(f["nominal_hash_rate"]!),
    maxTarget: ANY_TARGET,
    minExtranonceSize: f["min_extranonce_size"]!,
  }),
  "msg-OpenExtendedMiningChannel.Success": (f) => ({
    kind: "openExtendedMiningChannelSuccess",
    requestId: f["requestId"]!,
    channelId: f["channel"]!,
    target: hexIn(f["target"]!),
    extranonceSize: f["extranonceSize"]!,
    extranoncePrefix: hexIn(f["prefix"]!),
    groupChannelId: f["group"]!,
  }),
  "msg-OpenMiningChannel.Error": (f) => ({
    kind: "openMiningChannelError",
    requestId: f["requestId"]!,
    errorCode: f["code"]!,
  }),
  "msg-UpdateChannel": (f) => ({
    kind: "updateChannel",
    channelId: f["channel_id"]!,
    nominalHashRate: Math.fround(f["nominal_hash_rate"]!),
    maxTarget: ANY_TARGET,
  }),
  "msg-UpdateChannel.Error": (f) => ({
    kind: "updateChannelError",
    channelId: f["channel"]!,
    errorCode: f["code"]!,
  }),
  "msg-CloseChannel": (f) => ({
    kind: "closeChannel",
    channelId: f["channel"]!,
    reasonCode: f["reason"]!,
  }),
  "msg-SetExtranoncePrefix": (f) => ({
    kind: "setExtranoncePrefix",
    channelId: f["channel"]!,
    extranoncePrefix: hexIn(f["prefix"]!),
  }),
  "msg-SubmitSharesExtended": (f) => ({
    kind: "submitSharesExtended",
    channelId: f["channel_id"]!,
    sequenceNumber: f["sequence_number"]!,
    jobId: f["job_id"]!,
    nonce: f["nonce"]!,
    ntime: f["ntime"]!,
    version: f["version"]!,
    extranonce: hexIn(f["extranonce"]!),
    workerName: undefined,
  }),
  "msg-SubmitShares.Success": (f) => ({
    kind: "submitSharesSuccess",
    channelId: f["channel"]!,
    lastSequenceNumber: f["last"]!,
    acceptedCount: f["count"]!,
    sharesSum: f["sum"]!,
  }),
  "msg-SubmitShares.Error": (f) => ({
    kind: "submitSharesError",
    channelId: f["channel"]!,
    sequenceNumber: f["seq"]!,
    errorCode: f["code"]!,
  }),
  "msg-NewExtendedMiningJob-future": jobIn,
  "msg-NewExtendedMiningJob-now": jobIn,
  "msg-SetNewPrevHash": (f) => ({
    kind: "setNewPrevHash",
    channelId: f["channel"]!,
    jobId: f["job"]!,
    prevHash: hexIn(f["prev"]!),
    minNtime: f["minNtime"]!,
    bits: f["nbits"]!,
  }),
  "msg-SetTarget": (f) => ({
    kind: "setTarget",
    channelId: f["channel"]!,
    target: hexIn(f["target"]!),
  }),
  "msg-SetGroupChannel": (f) => ({
    kind: "setGroupChannel",
    groupChannelId: f["group"]!,
    channelIds: Uint32Array.from(f["channels"]!),
  }),
  "msg-RequestExtensions": (f) => ({
    kind: "requestExtensions",
    requestId: f["request_id"]!,
    extensions: Uint16Array.from(f["requested_extensions"]!),
  }),
  "msg-RequestExtensions.Success": (f) => ({
    kind: "requestExtensionsSuccess",
    requestId: f["requestId"]!,
    extensions: Uint16Array.from(f["list"]!),
  }),
  "msg-RequestExtensions.Error": (f) => ({
    kind: "requestExtensionsError",
    requestId: f["requestId"]!,
    unsupported: Uint16Array.from(f["unsupported"]!),
    required: Uint16Array.from(f["required"]!),
  }),
};

function jobIn(f: Fields): AnyMessage {
  return {
    kind: "newExtendedMiningJob",
    channelId: f["channel"]!,
    jobId: f["job"]!,
    minNtime: f["minNtime"],
    version: f["version"]!,
    isVersionRollingAllowed: f["rolling"]!,
    merklePath: (f["path"]! as string[]).map(hexIn),
    coinbasePrefix: hexIn(f["prefix"]!),
    coinbaseSuffix: hexIn(f["suffix"]!),
  };
}

/** The message of the vector of this name. */
export function meaningOf(name: string): AnyMessage {
  return MEANING[name]!(vector(name).fields as Fields);
}
