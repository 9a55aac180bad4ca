/**
 * The test vectors of Stratum V2, and which test file runs which of them.
 */

import data from "../sv2_upstream_vectors.json" with { type: "json" };

/** One vector. Which members it has depends on what it shows. */
export interface Vector {
  /** Its unique name. */
  readonly name: string;
  /** The sender and the receiver, such as `agent>pool`. */
  readonly direction?: string;
  /** Whether it has to be refused. */
  readonly negative?: boolean;
  /** What becomes of it, for people. */
  readonly expect?: string;
  /** The values in it, by name. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** The exact bytes. */
  readonly hex?: string;
  /** The messages of the handshake. */
  readonly act1?: string;
  readonly act2?: string;
  /** The handshake's values on the way, one in each. */
  readonly steps?: readonly Readonly<Record<string, string | undefined>>[];
  /** An exchange, in order: plain frames from the client (c2s) and the server (s2c). */
  readonly frames?: readonly { readonly c2s?: string; readonly s2c?: string }[];
}

/** All of them, in the file's order. */
export const VECTORS: readonly Vector[] = data.vectors;

/**
 * The names of the vectors that a test file runs. Every vector is in one list, and a file runs the
 * whole list of its name: vectors_test.ts holds the lists to the first.
 */
export const RUN_BY = {
  noise: [
    "noise-handshake",
    "noise-raw-ecdh",
    "certificate",
    "certificate-bad-signature",
    "certificate-other-authority",
    "certificate-expired",
    "certificate-not-yet-valid",
    "certificate-version-1",
    "frame-c2s-first",
    "frame-s2c-first",
    "frame-s2c-two-blocks",
    "ecdh-bip324",
  ],
  message: [
    "msg-SetupConnection",
    "msg-SetupConnection.Success",
    "msg-SetupConnection.Error",
    "msg-Reconnect",
    "msg-ChannelEndpointChanged",
    "msg-OpenExtendedMiningChannel",
    "msg-OpenExtendedMiningChannel.Success",
    "msg-OpenMiningChannel.Error",
    "msg-UpdateChannel",
    "msg-UpdateChannel.Error",
    "msg-CloseChannel",
    "msg-SetExtranoncePrefix",
    "msg-SubmitSharesExtended",
    "msg-SubmitShares.Success",
    "msg-SubmitShares.Error",
    "msg-NewExtendedMiningJob-future",
    "msg-NewExtendedMiningJob-now",
    "msg-SetNewPrevHash",
    "msg-SetTarget",
    "msg-SetGroupChannel",
    "msg-RequestExtensions",
    "msg-RequestExtensions.Success",
    "msg-RequestExtensions.Error",
  ],
  exchange: ["share-accepted", "share-as-sv1"],
  authorityKey: [
    "authority-key-9bXiEd",
    "authority-key-9auqWE",
    "authority-key-9avdFU",
    "authority-key-bad-checksum",
    "authority-key-other-version",
  ],
  workerName: ["tlv-worker", "tlv-worker-spec-example"],
  target: [
    "difficulty-1",
    "difficulty-2",
    "difficulty-8192",
    "difficulty-65536",
    "difficulty-1048576",
    "difficulty-0.5",
    "difficulty-0.001",
    "difficulty-123456.789",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** The vectors that the test file `file` runs. */
export function vectorsOf(file: keyof typeof RUN_BY): readonly Vector[] {
  return RUN_BY[file].map(vector);
}

/** The vector of this name. @throws Error if there is none. */
export function vector(name: string): Vector {
  const found = VECTORS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No vector is called ${name}`);
  return found;
}
