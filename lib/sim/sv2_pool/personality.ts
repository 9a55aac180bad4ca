/**
 * How the Stratum V2 pools that can be played differ: a table of traits. Each trait is also an
 * option, so that a test can have any mixture, and any older pool.
 */

/** The pools that can be played: the reference implementation's, Blitzpool, and Braiins Pool. */
export const SV2_LIKES = ["sri", "blitzpool", "braiins"] as const;

/** One of {@linkcode SV2_LIKES}. */
export type Sv2Like = typeof SV2_LIKES[number];

/** What one pool does and another does not. Times are in milliseconds, 0 for never. */
export interface Sv2Traits {
  /** A SubmitShares.Success is sent after this many accepted shares of a channel. */
  readonly acksEvery: number;
  /** Whether it counts all shares accepted so far, as pools did before 2026-02. */
  readonly hasCumulativeCounts: boolean;
  /** Bytes of extranonce that a channel gets, whatever it asks for. */
  readonly extranonceSize: number;
  /** Whether a channel that asks for more is refused instead. */
  readonly refusesLargeSizes: boolean;
  /** Bytes of the extranonce prefix, different in every channel. */
  readonly prefixBytes: number;
  /** Whether channels are in a group, to which later jobs are addressed. */
  readonly hasGroup: boolean;
  /** Whether SetTarget, too, is addressed to the group. */
  readonly tellsTargetsToGroup: boolean;
  /** Whether OpenExtendedMiningChannel.Success ends in the group's id: pools before 2025-11 do not. */
  readonly hasGroupField: boolean;
  /** Whether it repeats the flags of SetupConnection in its answer, as pools before 2026-02 do. */
  readonly echoesFlags: boolean;
  /** Whether a client that does not ask for version rolling gets jobs that forbid it. */
  readonly fixesVersions: boolean;
  /** Whether a new channel gets its first job twice, under two ids. */
  readonly repeatsFirstJob: boolean;
  /**
   * Whether other protocols are served on the same port: act 1 must come in one segment, and some
   * first bytes are taken.
   */
  readonly sharesPort: boolean;
  /** Whether shares of a wrong extranonce size, time or version are accepted. */
  readonly isLenient: boolean;
  /** The error code of a duplicate. */
  readonly duplicateCode: string;
  /** Whether a share with the top bit of the version set closes the connection. */
  readonly breaksOnTopBit: boolean;
  /** Shares for jobs before the last block are accepted for this long. */
  readonly staleGraceMs: number;
  /** A connection that sends nothing for this long is closed. */
  readonly idleMs: number;
  /** Whether an unknown user loses the connection, and not only the channel. */
  readonly closesUnknownUsers: boolean;
  /** Whether users have to be Bitcoin addresses, the same one in all channels of a connection. */
  readonly asksAddress: boolean;
  /** Bytes of the coinbase's script before the extranonce prefix. */
  readonly scriptBytes: number;
  /** Whether the coinbase has its SegWit fields, which pools have to take out. */
  readonly isUnstripped: boolean;
  /**
   * Extensions it grants; `undefined` for a pool that does not know how to negotiate and answers
   * nothing.
   */
  readonly extensions: readonly number[] | undefined;
  /** Whether it answers with an error if it grants none of the extensions asked for. */
  readonly refusesExtensions: boolean;
  /** Whether an UpdateChannel is always answered with SetTarget, changed or not. */
  readonly repeatsTargets: boolean;
  /** Its certificate is valid from this long before a handshake. */
  readonly certificateAgeMs: number;
  /** Its certificate is valid for this long after a handshake. */
  readonly certificateLifeMs: number;
}

const HOUR_MS = 3_600_000;

const SRI: Sv2Traits = {
  acksEvery: 10,
  hasCumulativeCounts: false,
  extranonceSize: 18,
  refusesLargeSizes: true,
  prefixBytes: 2,
  hasGroup: true,
  tellsTargetsToGroup: false,
  hasGroupField: true,
  echoesFlags: false,
  fixesVersions: false,
  repeatsFirstJob: false,
  sharesPort: false,
  isLenient: false,
  duplicateCode: "duplicate-share",
  breaksOnTopBit: false,
  staleGraceMs: 0,
  idleMs: 0,
  closesUnknownUsers: false,
  asksAddress: false,
  scriptBytes: 24,
  isUnstripped: false,
  extensions: [0x0002],
  refusesExtensions: true,
  repeatsTargets: true,
  certificateAgeMs: 0,
  certificateLifeMs: HOUR_MS,
};

/** The traits of each. */
export const SV2_TRAITS: Readonly<Record<Sv2Like, Sv2Traits>> = {
  sri: SRI,
  blitzpool: {
    ...SRI,
    acksEvery: 1,
    extranonceSize: 8,
    refusesLargeSizes: false,
    prefixBytes: 4,
    hasGroup: false,
    fixesVersions: true,
    repeatsFirstJob: true,
    sharesPort: true,
    isLenient: true,
    duplicateCode: "stale-share",
    breaksOnTopBit: true,
    staleGraceMs: 5_000,
    idleMs: 300_000,
    closesUnknownUsers: true,
    asksAddress: true,
    extensions: [],
    refusesExtensions: false,
    repeatsTargets: false,
    certificateAgeMs: HOUR_MS,
    certificateLifeMs: 24 * HOUR_MS,
  },
  braiins: {
    ...SRI,
    acksEvery: 1,
    extranonceSize: 6,
    refusesLargeSizes: false,
    prefixBytes: 0,
    hasGroup: false,
    scriptBytes: 64,
    isUnstripped: true,
    extensions: undefined,
    certificateAgeMs: HOUR_MS,
    certificateLifeMs: 12 * HOUR_MS,
  },
};
