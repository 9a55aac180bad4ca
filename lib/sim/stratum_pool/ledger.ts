/**
 * What a simulated Stratum pool counts: shares by verdict, the difficulty it credits, and
 * everything a real one would close, ban or refuse a client for.
 */

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
  /** By the fault `refuseShares`. */
  "madeUp",
] as const;

/** One of {@linkcode SHARE_REFUSALS}. */
export type ShareRefusal = typeof SHARE_REFUSALS[number];

/** What a real pool takes amiss and no good client does. */
export const BAD_BEHAVIOURS = [
  /** A line that is no JSON. */
  "notJson",
  /** JSON without a method or without parameters. */
  "notRequest",
  /** An id that is no whole number from 0. */
  "strangeId",
  /** A first request that makes ckpool close. */
  "firstRequest",
  "secondSubscribe",
  "secondAuthorize",
  /** A name this pool does not take. */
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
  /** Version bits where version rolling was not agreed. */
  "unagreedVersion",
  /** A time outside of what the pool takes. */
  "timeRange",
  /** A job this connection was never given. */
  "foreignJob",
  /** A job the pool has forgotten by age. */
  "expiredJob",
  "unauthorizedSubmit",
  /** More bytes at once than the pool takes. */
  "flood",
  /** Too many bad shares: banned, or told to reconnect. */
  "badShares",
  /** Nothing useful was sent for too long. */
  "idle",
] as const;

/** One of {@linkcode BAD_BEHAVIOURS}. */
export type BadBehaviour = typeof BAD_BEHAVIOURS[number];

/** What was counted for one connection, or for one name. */
export interface ShareCounts {
  /** Shares accepted. */
  accepted: number;
  /** Shares refused. */
  rejected: number;
  /** Sum of the difficulties the accepted ones were judged by. */
  difficulty: number;
}

/** Counts of one moment, all since the pool started except those that end in `Now`. */
export interface StratumPoolStatistics {
  /** Shares that came; each is accepted, rejected, or unanswered because the connection closed. */
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
  /** What was taken amiss. */
  readonly badBehaviour: ReadonlyMap<BadBehaviour, number>;
  /** The last lines taken amiss, with what and by which connection. */
  readonly badLines: readonly string[];
  /** Requests nobody knows, or that this pool does not. */
  readonly unknownRequests: number;
  /** Authorizes answered with true. */
  readonly namesTaken: number;
  /** Connections accepted. */
  readonly connections: number;
  /** Connections open, subscribed and authorized. */
  readonly authorizedNow: number;
  /** Connections of a banned address, refused. */
  readonly refusedConnections: number;
  /** Difficulties told. */
  readonly difficultiesTold: number;
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
    linesIn: 0,
  };
  readonly #rejectedBy = new Map<ShareRefusal, number>();
  readonly #byName = new Map<string, ShareCounts>();
  readonly #byConnection = new Map<number, ShareCounts>();
  readonly #bad = new Map<BadBehaviour, number>();
  readonly #badLines: string[] = [];

  /** Adds `amount`, which is negative when one of a `…Now` goes away. */
  count(name: StratumPoolCounter, amount: number = 1): void {
    this.#counters[name] += amount;
  }

  /** A share counts, and its difficulty with it. */
  accepted(connection: number, name: string, difficulty: number, isBlock: boolean): void {
    this.#counters.accepted++;
    this.#counters.difficulty += difficulty;
    if (isBlock) this.#counters.blocks++;
    for (const counts of this.#countsOf(connection, name)) {
      counts.accepted++;
      counts.difficulty += difficulty;
    }
  }

  /** A share was refused. */
  rejected(connection: number, name: string, reason: ShareRefusal): void {
    this.#counters.rejected++;
    add(this.#rejectedBy, reason);
    for (const counts of this.#countsOf(connection, name)) counts.rejected++;
  }

  /** Something was taken amiss; `line` is what came, for the test that fails by it. */
  bad(connection: number, kind: BadBehaviour, line: string): void {
    add(this.#bad, kind);
    this.#badLines.push(`${kind} (connection ${connection}): ${line.slice(0, SHOWN_LINE)}`);
    if (this.#badLines.length > KEPT_BAD_LINES) this.#badLines.shift();
  }

  /** The counts of this moment, which do not change any more. */
  snapshot(): StratumPoolStatistics {
    return {
      ...this.#counters,
      rejectedBy: new Map(this.#rejectedBy),
      byName: copied(this.#byName),
      byConnection: copied(this.#byConnection),
      badBehaviour: new Map(this.#bad),
      badLines: [...this.#badLines],
    };
  }

  #countsOf(connection: number, name: string): readonly ShareCounts[] {
    return [countsIn(this.#byConnection, connection), countsIn(this.#byName, name)];
  }
}

function countsIn<Key>(all: Map<Key, ShareCounts>, key: Key): ShareCounts {
  const counts = all.get(key) ?? { accepted: 0, rejected: 0, difficulty: 0 };
  all.set(key, counts);
  return counts;
}

function copied<Key>(all: ReadonlyMap<Key, ShareCounts>): Map<Key, ShareCounts> {
  return new Map([...all].map(([key, counts]) => [key, { ...counts }]));
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
