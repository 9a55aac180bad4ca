/**
 * Counts of a simulated Stratum V2 pool: shares by verdict, the difficulty it credits, and all
 * behaviour for which a real pool would refuse a client or lose a block.
 */

import { copiedCounts, countOne, countsIn, type ShareCounts } from "../share_counts.ts";

/** Behaviour that no good client shows. */
export const SV2_BAD_BEHAVIOURS = [
  /** Act 1 begins with a byte by which other protocols are known. */
  "takenFirstByte",
  /** Act 1 came in more than one segment. */
  "splitAct1",
  /** Bytes after act 1, before act 2. */
  "earlyBytes",
  /** A frame whose seal is wrong. */
  "badSeal",
  /** A frame that is too long, or a message that cannot be read. */
  "malformed",
  /** A frame whose bit for channels is wrong. */
  "wrongBit",
  /** Bytes after the last field of a share that are no worker's name. */
  "leftOverBytes",
  /** Another message before SetupConnection. */
  "firstMessage",
  "secondSetup",
  /** A version, protocol or flag that no pool takes, or no vendor. */
  "badSetup",
  /** A request before the one before was answered. */
  "pipelined",
  "repeatedRequestId",
  /** A user that this pool does not accept. */
  "refusedUser",
  /** UpdateChannel, CloseChannel or a share for channel 0. */
  "channelZero",
  /** The same for a channel that is not open. */
  "foreignChannel",
  /** UpdateChannel twice within a second. */
  "hastyUpdate",
  /** UpdateChannel twice within `updateIntervalMs`. */
  "frequentUpdate",
  "repeatedSequence",
  /** A sequence number that is not the last one plus 1, or a first one that is not 0 or 1. */
  "jumpedSequence",
  "extranonceSize",
  /** Version bits outside the mask. */
  "versionBits",
  /** Another version where a job forbids it. */
  "fixedVersion",
  /** A time below the job's least. */
  "earlyTime",
  /** A time more than two hours after the job's least. */
  "lateTime",
  /** A job that this channel was never sent. */
  "foreignJob",
  /** A share for a job that no miner should have been given. */
  "insaneJob",
  /** A worker's name where that was not agreed on. */
  "foreignName",
  /** No worker's name where that was agreed on. */
  "missingName",
  /** A worker's name that is not 1 to 32 bytes of UTF-8. */
  "badName",
  /** Nothing was sent for too long. */
  "idle",
] as const;

/** One of {@linkcode SV2_BAD_BEHAVIOURS}. */
export type Sv2BadBehaviour = typeof SV2_BAD_BEHAVIOURS[number];

/** Counts at one moment: since the pool started, or current where the name ends in `Now`. */
export interface Sv2PoolStatistics {
  /** Shares received; each is accepted, rejected or ignored. */
  readonly submits: number;
  /** Of them, accepted. */
  readonly accepted: number;
  /** Of them, rejected. */
  readonly rejected: number;
  /** Of them, neither, because of the fault `isDeafToShares`. */
  readonly ignored: number;
  /** Rejected shares by error code. */
  readonly rejectedBy: ReadonlyMap<string, number>;
  /** Accepted shares that were acknowledged. */
  readonly acknowledged: number;
  /** The sum of their difficulties: what a client can know of `difficulty`. */
  readonly acknowledgedDifficulty: number;
  /** SubmitShares.Success sent. */
  readonly acknowledgements: number;
  /** SubmitShares.Error sent. */
  readonly errors: number;
  /** Sum of the difficulties of the jobs the accepted shares were for. */
  readonly difficulty: number;
  /** The same, exactly: accepted shares by target, as 64 hex digits, the most significant first. */
  readonly acceptedByTarget: ReadonlyMap<string, number>;
  /** Accepted shares that are blocks. */
  readonly blocks: number;
  /** By worker's name where that was agreed on, otherwise by user identity. */
  readonly byName: ReadonlyMap<string, Readonly<ShareCounts>>;
  /** By the number of the connection, which counts from 1. */
  readonly byConnection: ReadonlyMap<number, Readonly<ShareCounts>>;
  /** Counts of bad behaviour. */
  readonly badBehaviour: ReadonlyMap<Sv2BadBehaviour, number>;
  /** The last cases of it in words, each with the connection. */
  readonly badNotes: readonly string[];
  /** Messages, or extensions, that this pool does not know. */
  readonly unknownMessages: number;
  /** Connections accepted. */
  readonly connections: number;
  /** Of them, those whose handshake was answered in full. */
  readonly handshakes: number;
  /** Channels opened. */
  readonly channels: number;
  /** Channels open. */
  readonly channelsNow: number;
  /** The most channels that one connection had open at once. */
  readonly mostChannels: number;
  /** CloseChannel received. */
  readonly goodbyes: number;
  /** UpdateChannel received. */
  readonly updates: number;
  /** Targets sent, the first of each channel included. */
  readonly targetsTold: number;
  /** Of them, those that differ from the one sent to the channel before. */
  readonly targetChanges: number;
  /** Whole frames received. */
  readonly framesIn: number;
  /** Bytes received, act 1 included. */
  readonly bytesIn: number;
}

/** The plain counters. */
export type Sv2PoolCounter = {
  [Name in keyof Sv2PoolStatistics]: Sv2PoolStatistics[Name] extends number ? Name : never;
}[keyof Sv2PoolStatistics];

const KEPT_NOTES = 50;

/** The counters of one simulated Stratum V2 pool. */
export class Sv2PoolLedger {
  readonly #counters: Record<Sv2PoolCounter, number> = {
    submits: 0,
    accepted: 0,
    rejected: 0,
    ignored: 0,
    acknowledged: 0,
    acknowledgedDifficulty: 0,
    acknowledgements: 0,
    errors: 0,
    difficulty: 0,
    blocks: 0,
    unknownMessages: 0,
    connections: 0,
    handshakes: 0,
    channels: 0,
    channelsNow: 0,
    mostChannels: 0,
    goodbyes: 0,
    updates: 0,
    targetsTold: 0,
    targetChanges: 0,
    framesIn: 0,
    bytesIn: 0,
  };
  readonly #rejectedBy = new Map<string, number>();
  readonly #acceptedByTarget = new Map<string, number>();
  readonly #byName = new Map<string, ShareCounts>();
  readonly #byConnection = new Map<number, ShareCounts>();
  readonly #bad = new Map<Sv2BadBehaviour, number>();
  readonly #badNotes: string[] = [];

  /** Adds `amount`, which is negative when a `…Now` count drops. */
  count(name: Sv2PoolCounter, amount: number = 1): void {
    this.#counters[name] += amount;
  }

  /** Notes that a connection has this many channels open. */
  channelsOpen(count: number): void {
    this.#counters.mostChannels = Math.max(this.#counters.mostChannels, count);
  }

  /** Counts an accepted share of `name`, and the difficulty of its job's target. */
  accepted(
    connection: number,
    name: string,
    { target, difficulty, isBlock }: {
      readonly target: bigint;
      readonly difficulty: number;
      readonly isBlock: boolean;
    },
  ): void {
    this.#counters.accepted++;
    this.#counters.difficulty += difficulty;
    if (isBlock) this.#counters.blocks++;
    countOne(this.#acceptedByTarget, target.toString(16).padStart(64, "0"));
    for (const counts of this.#countsOf(connection, name)) {
      counts.accepted++;
      counts.difficulty += difficulty;
    }
  }

  /** Counts a refused share. */
  rejected(connection: number, name: string, code: string): void {
    this.#counters.rejected++;
    countOne(this.#rejectedBy, code);
    for (const counts of this.#countsOf(connection, name)) counts.rejected++;
  }

  /** Counts bad behaviour; `note` is for the message of a failing test. */
  bad(connection: number, kind: Sv2BadBehaviour, note: string): void {
    countOne(this.#bad, kind);
    this.#badNotes.push(`${kind} (connection ${connection}): ${note}`);
    if (this.#badNotes.length > KEPT_NOTES) this.#badNotes.shift();
  }

  /** Returns a copy of the counts. */
  snapshot(): Sv2PoolStatistics {
    return {
      ...this.#counters,
      rejectedBy: new Map(this.#rejectedBy),
      acceptedByTarget: new Map(this.#acceptedByTarget),
      byName: copiedCounts(this.#byName),
      byConnection: copiedCounts(this.#byConnection),
      badBehaviour: new Map(this.#bad),
      badNotes: [...this.#badNotes],
    };
  }

  #countsOf(connection: number, name: string): readonly ShareCounts[] {
    return [countsIn(this.#byConnection, connection), countsIn(this.#byName, name)];
  }
}
