/**
 * Counts of a simulated Stratum pool: shares by verdict, the difficulty it credits, and all
 * behaviour for which a real pool would close, ban or refuse a client.
 */

import { copiedCounts, countOne, countsIn, type ShareCounts } from "../share_counts.ts";

/** Why a share was refused. */
export const SHARE_REFUSALS = [
  "stale",
  "unknownJob",
  "duplicate",
  "lowDifficulty",
  "time",
  "versionBits",
  "extranonce2",
  "worker",
  "unauthorized",
  "malformed",
  /** Refused by the fault `refuseShares`. */
  "madeUp",
] as const;

/** One of {@linkcode SHARE_REFUSALS}. */
export type ShareRefusal = typeof SHARE_REFUSALS[number];

/** Behaviour that real pools punish and no good client shows. */
export const BAD_BEHAVIOURS = [
  /** A line that is not JSON. */
  "notJson",
  /** JSON without a method or without parameters. */
  "notRequest",
  /** An id that is not a whole number from 0. */
  "strangeId",
  /** A first request that makes ckpool close. */
  "firstRequest",
  "secondSubscribe",
  "secondAuthorize",
  /** A name that this pool does not accept. */
  "refusedName",
  /** configure for version rolling without its second parameter, or without version rolling. */
  "badConfigure",
  /** A submit with too few, too many or strange parameters. */
  "malformedShare",
  "extranonce2Length",
  /** A share under another name than the authorized one, where that is refused. */
  "workerMismatch",
  /** Version bits outside the mask. */
  "versionBits",
  /** No sixth parameter where version rolling was agreed. */
  "missingVersion",
  /** Version bits although version rolling was not agreed. */
  "unagreedVersion",
  /** A time outside the range that the pool accepts. */
  "timeRange",
  /** A job that this connection was never sent. */
  "foreignJob",
  /** A job so old that the pool has forgotten it. */
  "expiredJob",
  "unauthorizedSubmit",
  /** More bytes at once than the pool accepts. */
  "flood",
  /** Too many bad shares: banned, or told to reconnect. */
  "badShares",
  /** Nothing useful was sent for too long. */
  "idle",
] as const;

/** One of {@linkcode BAD_BEHAVIOURS}. */
export type BadBehaviour = typeof BAD_BEHAVIOURS[number];

/** Counts at one moment: since the pool started, or current where the name ends in `Now`. */
export interface StratumPoolStatistics {
  /** Shares received; each is accepted, rejected, or unanswered because the connection closed. */
  readonly submits: number;
  /** Of them, accepted. */
  readonly accepted: number;
  /** Of them, rejected. */
  readonly rejected: number;
  /** Rejected shares by reason. */
  readonly rejectedBy: ReadonlyMap<ShareRefusal, number>;
  /** Sum of the difficulties the accepted shares were judged by. */
  readonly difficulty: number;
  /** Accepted shares that are blocks. */
  readonly blocks: number;
  /** By the name the pool books a share to. */
  readonly byName: ReadonlyMap<string, Readonly<ShareCounts>>;
  /** By the number of the connection, which counts from 1. */
  readonly byConnection: ReadonlyMap<number, Readonly<ShareCounts>>;
  /** Counts of bad behaviour. */
  readonly badBehaviour: ReadonlyMap<BadBehaviour, number>;
  /** The last bad lines, each with the behaviour and the connection. */
  readonly badLines: readonly string[];
  /** Requests that no pool, or not this pool, knows. */
  readonly unknownRequests: number;
  /** Authorizes answered with true. */
  readonly namesTaken: number;
  /** Connections accepted. */
  readonly connections: number;
  /** Connections open, subscribed and authorized. */
  readonly authorizedNow: number;
  /** Connections of a banned address, refused. */
  readonly refusedConnections: number;
  /** Difficulties sent. */
  readonly difficultiesTold: number;
  /** Of them, those that differ from the one sent to the connection before. */
  readonly difficultyChanges: number;
  /** Shares accepted within 10 s of such a change, some of them for earlier jobs. */
  readonly acceptedInChange: number;
  /** The highest difficulty that an accepted share was judged by; 0 before the first. */
  readonly highestDifficulty: number;
  /** Lines received. */
  readonly linesIn: number;
}

/** The plain counters. */
export type StratumPoolCounter = {
  [Name in keyof StratumPoolStatistics]: StratumPoolStatistics[Name] extends number ? Name : never;
}[keyof StratumPoolStatistics];

const KEPT_BAD_LINES = 50;
const SHOWN_LINE = 300;

/** The counters of one simulated Stratum pool. */
export class StratumPoolLedger {
  readonly #counters: Record<StratumPoolCounter, number> = {
    submits: 0,
    accepted: 0,
    rejected: 0,
    difficulty: 0,
    blocks: 0,
    unknownRequests: 0,
    namesTaken: 0,
    connections: 0,
    authorizedNow: 0,
    refusedConnections: 0,
    difficultiesTold: 0,
    difficultyChanges: 0,
    acceptedInChange: 0,
    highestDifficulty: 0,
    linesIn: 0,
  };
  readonly #rejectedBy = new Map<ShareRefusal, number>();
  readonly #byName = new Map<string, ShareCounts>();
  readonly #byConnection = new Map<number, ShareCounts>();
  readonly #bad = new Map<BadBehaviour, number>();
  readonly #badLines: string[] = [];

  /** Adds `amount`, which is negative when a `…Now` count drops. */
  count(name: StratumPoolCounter, amount: number = 1): void {
    this.#counters[name] += amount;
  }

  /** Counts an accepted share and its difficulty. */
  accepted(connection: number, name: string, difficulty: number, isBlock: boolean): void {
    this.#counters.accepted++;
    this.#counters.difficulty += difficulty;
    this.#counters.highestDifficulty = Math.max(this.#counters.highestDifficulty, difficulty);
    if (isBlock) this.#counters.blocks++;
    for (const counts of this.#countsOf(connection, name)) {
      counts.accepted++;
      counts.difficulty += difficulty;
    }
  }

  /** Counts a refused share. */
  rejected(connection: number, name: string, reason: ShareRefusal): void {
    this.#counters.rejected++;
    countOne(this.#rejectedBy, reason);
    for (const counts of this.#countsOf(connection, name)) counts.rejected++;
  }

  /** Counts bad behaviour; `line` is what was received, for the message of a failing test. */
  bad(connection: number, kind: BadBehaviour, line: string): void {
    countOne(this.#bad, kind);
    this.#badLines.push(`${kind} (connection ${connection}): ${line.slice(0, SHOWN_LINE)}`);
    if (this.#badLines.length > KEPT_BAD_LINES) this.#badLines.shift();
  }

  /** Returns a copy of the counts. */
  snapshot(): StratumPoolStatistics {
    return {
      ...this.#counters,
      rejectedBy: new Map(this.#rejectedBy),
      byName: copiedCounts(this.#byName),
      byConnection: copiedCounts(this.#byConnection),
      badBehaviour: new Map(this.#bad),
      badLines: [...this.#badLines],
    };
  }

  #countsOf(connection: number, name: string): readonly ShareCounts[] {
    return [countsIn(this.#byConnection, connection), countsIn(this.#byName, name)];
  }
}
