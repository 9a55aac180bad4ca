/**
 * Any message at all, for property tests: every value its field can hold.
 */

import fc from "fast-check";
import type { AgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import type { KnownPoolMessage } from "../../../lib/protocol/sv2/pool_message.ts";

const u8 = fc.nat({ max: 0xff });
const u16 = fc.nat({ max: 0xffff });
const u32 = fc.nat({ max: 0xffffffff });
const u64 = fc.maxSafeNat();
const f32 = fc.float({ min: 0, noNaN: true, noDefaultInfinity: true });
const u256 = fc.uint8Array({ minLength: 32, maxLength: 32 });
/** No character has more than 4 bytes. */
const text = fc.string({ unit: "binary", maxLength: 63 });
const bytes32 = fc.uint8Array({ maxLength: 32 });
/** Mostly short; the longest there are, all of one byte, since any bytes would take too long. */
const bytes64k = fc.oneof(
  { weight: 4, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  { weight: 1, arbitrary: u8.map((byte) => new Uint8Array(0xffff).fill(byte)) },
);
const u16s = fc.array(u16, { maxLength: 40 }).map((values) => Uint16Array.from(values));
const u32s = fc.array(u32, { maxLength: 40 }).map((values) => Uint32Array.from(values));
const workerName = fc.uint8Array({ minLength: 1, maxLength: 32 });

/** Arbitraries for the members of a message. */
type MembersOf<M> = { readonly [Name in keyof Omit<M, "kind">]: fc.Arbitrary<M[Name]> };
type TableOf<M extends { kind: string }> = {
  readonly [Kind in M["kind"]]: MembersOf<Extract<M, { readonly kind: Kind }>>;
};

const error = { channelId: u32, errorCode: text };
const closeChannel = { channelId: u32, reasonCode: text };

const POOL: TableOf<KnownPoolMessage> = {
  setupConnectionSuccess: { usedVersion: u16, flags: u32 },
  setupConnectionError: { flags: u32, errorCode: text },
  reconnect: { newHost: text, newPort: u16 },
  openExtendedMiningChannelSuccess: {
    requestId: u32,
    channelId: u32,
    target: u256,
    extranonceSize: u16,
    extranoncePrefix: bytes32,
    groupChannelId: u32,
  },
  openMiningChannelError: { requestId: u32, errorCode: text },
  updateChannelError: error,
  closeChannel,
  setExtranoncePrefix: { channelId: u32, extranoncePrefix: bytes32 },
  setTarget: { channelId: u32, target: u256 },
  setGroupChannel: { groupChannelId: u32, channelIds: u32s },
  channelEndpointChanged: { channelId: u32 },
  newExtendedMiningJob: {
    channelId: u32,
    jobId: u32,
    minNtime: fc.option(u32, { nil: undefined }),
    version: u32,
    isVersionRollingAllowed: fc.boolean(),
    merklePath: fc.oneof(
      fc.array(u256, { maxLength: 14 }),
      u256.map((hash) => new Array<Uint8Array>(255).fill(hash)),
    ),
    coinbasePrefix: bytes64k,
    coinbaseSuffix: bytes64k,
  },
  setNewPrevHash: { channelId: u32, jobId: u32, prevHash: u256, minNtime: u32, bits: u32 },
  submitSharesSuccess: {
    channelId: u32,
    lastSequenceNumber: u32,
    acceptedCount: u32,
    sharesSum: u64,
  },
  submitSharesError: { ...error, sequenceNumber: u32 },
  requestExtensionsSuccess: { requestId: u16, extensions: u16s },
  requestExtensionsError: { requestId: u16, unsupported: u16s, required: u16s },
};

const AGENT: TableOf<AgentMessage> = {
  setupConnection: {
    protocol: u8,
    minVersion: u16,
    maxVersion: u16,
    flags: u32,
    endpointHost: text,
    endpointPort: u16,
    vendor: text,
    hardwareVersion: text,
    firmware: text,
    deviceId: text,
  },
  requestExtensions: { requestId: u16, extensions: u16s },
  openExtendedMiningChannel: {
    requestId: u32,
    userIdentity: text,
    nominalHashRate: f32,
    maxTarget: u256,
    minExtranonceSize: u16,
  },
  updateChannel: { channelId: u32, nominalHashRate: f32, maxTarget: u256 },
  closeChannel,
  submitSharesExtended: {
    channelId: u32,
    sequenceNumber: u32,
    jobId: u32,
    nonce: u32,
    ntime: u32,
    version: u32,
    extranonce: bytes32,
    workerName: fc.option(workerName, { nil: undefined }),
  },
};

function arbitrariesOf<M extends { kind: string }>(
  table: TableOf<M>,
): readonly { readonly kind: M["kind"]; readonly message: fc.Arbitrary<M> }[] {
  return Object.entries<Readonly<Record<string, fc.Arbitrary<unknown>>>>(table)
    .map(([kind, members]) => ({
      kind,
      message: fc.record({ ...members, kind: fc.constant(kind) }, {
        noNullPrototype: true,
      }) as unknown as fc.Arbitrary<M>,
    }));
}

/** Of each kind of message that a pool sends. */
export const POOL_MESSAGES = arbitrariesOf(POOL);

/** Of each kind of message that we send. */
export const AGENT_MESSAGES = arbitrariesOf(AGENT);
