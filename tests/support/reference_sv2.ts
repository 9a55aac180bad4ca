/**
 * A slow, obvious encoder of Stratum V2's messages, which the real one must agree with. The lists of
 * fields are copied from the specification, not from the code; names are ours.
 */

/** Extension, message type, and bit for channels, then the fields in order, each with its type. */
const MESSAGES: Readonly<Record<string, string>> = {
  setupConnection: "0 00 0: protocol U8, minVersion U16, maxVersion U16, flags U32, " +
    "endpointHost STR, endpointPort U16, vendor STR, hardwareVersion STR, firmware STR, deviceId STR",
  setupConnectionSuccess: "0 01 0: usedVersion U16, flags U32",
  setupConnectionError: "0 02 0: flags U32, errorCode STR",
  channelEndpointChanged: "0 03 1: channelId U32",
  reconnect: "0 04 0: newHost STR, newPort U16",
  openMiningChannelError: "0 12 0: requestId U32, errorCode STR",
  openExtendedMiningChannel: "0 13 0: requestId U32, userIdentity STR, nominalHashRate F32, " +
    "maxTarget U256, minExtranonceSize U16",
  openExtendedMiningChannelSuccess: "0 14 0: requestId U32, channelId U32, target U256, " +
    "extranonceSize U16, extranoncePrefix B1, groupChannelId U32",
  updateChannel: "0 16 1: channelId U32, nominalHashRate F32, maxTarget U256",
  updateChannelError: "0 17 1: channelId U32, errorCode STR",
  closeChannel: "0 18 1: channelId U32, reasonCode STR",
  setExtranoncePrefix: "0 19 1: channelId U32, extranoncePrefix B1",
  submitSharesExtended: "0 1b 1: channelId U32, sequenceNumber U32, jobId U32, nonce U32, " +
    "ntime U32, version U32, extranonce B1, workerName TLV",
  submitSharesSuccess: "0 1c 1: channelId U32, lastSequenceNumber U32, acceptedCount U32, " +
    "sharesSum U64",
  submitSharesError: "0 1d 1: channelId U32, sequenceNumber U32, errorCode STR",
  newExtendedMiningJob: "0 1f 1: channelId U32, jobId U32, minNtime OPTION, version U32, " +
    "isVersionRollingAllowed BOOL, merklePath SEQ1, coinbasePrefix B2, coinbaseSuffix B2",
  setNewPrevHash: "0 20 1: channelId U32, jobId U32, prevHash U256, minNtime U32, bits U32",
  setTarget: "0 21 1: channelId U32, target U256",
  setGroupChannel: "0 25 0: groupChannelId U32, channelIds SEQ2_U32",
  requestExtensions: "1 00 0: requestId U16, extensions SEQ2_U16",
  requestExtensionsSuccess: "1 01 0: requestId U16, extensions SEQ2_U16",
  requestExtensionsError: "1 02 0: requestId U16, unsupported SEQ2_U16, required SEQ2_U16",
};

/** The frame of a message, header included, in hex. */
export function referenceFrame(message: { readonly kind: string }): string {
  const [head, list] = MESSAGES[message.kind]!.split(": ");
  const [extension, type, bit] = head!.split(" ");
  const members = message as unknown as Readonly<Record<string, unknown>>;
  const payload = list!.split(", ").map((field) => {
    const [name, kind] = field.split(" ");
    return hexOf(kind!, members[name!]);
  }).join("");
  return `0${extension}${bit === "1" ? "80" : "00"}${type}${
    number(payload.length / 2, 3)
  }${payload}`;
}

/** One value of a type. */
function hexOf(type: string, value: unknown): string {
  const bytes = value as Uint8Array;
  switch (type) {
    case "BOOL":
      return value === true ? "01" : "00";
    case "U8":
    case "U16":
    case "U32":
    case "U64":
      return number(value as number, Number(type.slice(1)) / 8);
    case "F32":
      return new Uint8Array(Float32Array.of(value as number).buffer).toHex();
    case "U256":
      return bytes.toHex();
    case "STR":
      return hexOf("B1", new TextEncoder().encode(value as string));
    case "B1":
    case "B2":
      return number(bytes.length, Number(type.slice(1))) + bytes.toHex();
    case "OPTION":
      return value === undefined ? "00" : `01${number(value as number, 4)}`;
    case "SEQ1": {
      const hashes = value as readonly Uint8Array[];
      return number(hashes.length, 1) + hashes.map((hash) => hash.toHex()).join("");
    }
    case "SEQ2_U16":
    case "SEQ2_U32": {
      const numbers = Array.from(value as Uint32Array, (one) => hexOf(type.slice(5), one));
      return number(numbers.length, 2) + numbers.join("");
    }
    case "TLV":
      return value === undefined ? "" : `020001${hexOf("B2", value)}`;
    default:
      throw new Error(`No type is called ${type}`);
  }
}

/** A number in `size` bytes, the lowest first. */
function number(value: number, size: number): string {
  const digits = BigInt(value).toString(16).padStart(2 * size, "0");
  return digits.match(/../g)!.reverse().join("");
}
