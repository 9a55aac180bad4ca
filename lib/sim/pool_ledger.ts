/**
 * Counts of the simulated pool, which tests compare with those of agent and miners.
 */

import { addToChecksum, type SummedShare } from "./share_checksum.ts";
import { SHARE_ACCEPTED } from "../protocol/agent/status.ts";

/** Counts at one moment: since the pool started, or current where the name ends in `Now`. */
export interface PoolStatistics {
  /** Submits of the right length for a registered session; these got an index. */
  readonly submits: number;
  /** Of them, shares accepted. */
  readonly accepted: number;
  /** Of them, shares rejected. */
  readonly rejected: number;
  /** Rejected shares by status code. */
  readonly rejectedByCode: ReadonlyMap<number, number>;
  /**
   * Of them, those the real pool writes into its own books: not 22 or 36, and of a worker with many
   * refusals only the first of a minute.
   */
  readonly bookedByCode: ReadonlyMap<number, number>;
  /** Of them, those made up by the pool's fault `everyVerdict`. */
  readonly madeUpByCode: ReadonlyMap<number, number>;
  /** Shares accepted, by worker name. */
  readonly acceptedByWorker: ReadonlyMap<string, number>;
  /** Checksum over all accepted shares (share_checksum.ts). */
  readonly acceptedChecksum: number;
  /** Submits that still wait for their check. */
  readonly waitingNow: number;
  /** Verdicts sent, strays and repeats not counted. */
  readonly verdicts: number;
  /** Shares judged without a verdict: the worker had left, or `subres` was never asked for. */
  readonly verdictsWithheld: number;
  /** Submits for sessions that were not registered: dropped. */
  readonly unregisteredSubmits: number;
  /** Submits of a length that is not their command's: dropped. */
  readonly wrongLengthSubmits: number;
  /** Registers of over 100 or under 8 bytes, or for session 0xffff: dropped. */
  readonly droppedRegisters: number;
  /** Registers for a session that was registered already: the old worker stays. */
  readonly repeatedRegisters: number;
  /** Frames before authorize or from a connection that is no agent's: dropped. */
  readonly ignoredFrames: number;
  /** Frames of an unknown command, or unregisters of a wrong length: dropped. */
  readonly unknownFrames: number;
  /** Lines that were not JSON: ignored. */
  readonly badLines: number;
  /** `agent.get_capabilities` with `params: []`: a real pool's process would have ended. */
  readonly fatalCapabilities: number;
  /** Connections ended because nothing came for the time allowed before authorize. */
  readonly handshakeTimeouts: number;
  /** Connections that stated a frame length below 4 and are not read any more. */
  readonly jammedConnections: number;
  /** Connections accepted. */
  readonly connections: number;
  /** Connections open. */
  readonly connectionsNow: number;
  /** Connections open and authorized. */
  readonly authorizedNow: number;
  /** Workers registered. */
  readonly workersNow: number;
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes sent. */
  readonly bytesOut: number;
  /** Frames received, dropped ones included. */
  readonly framesIn: number;
  /** Frames sent. */
  readonly framesOut: number;
  /** Lines received. */
  readonly linesIn: number;
  /** Lines sent. */
  readonly linesOut: number;
  /** Chunks received: about one for each packet an agent sent. */
  readonly readsIn: number;
}

/** The names of the plain counters. */
export type PoolCounter = {
  [Name in keyof PoolStatistics]: PoolStatistics[Name] extends number ? Name : never;
}[keyof PoolStatistics];

/** The counters of one simulated pool. */
export class PoolLedger {
  readonly #counters: Record<PoolCounter, number> = {
    submits: 0,
    accepted: 0,
    rejected: 0,
    acceptedChecksum: 0,
    waitingNow: 0,
    verdicts: 0,
    verdictsWithheld: 0,
    unregisteredSubmits: 0,
    wrongLengthSubmits: 0,
    droppedRegisters: 0,
    repeatedRegisters: 0,
    ignoredFrames: 0,
    unknownFrames: 0,
    badLines: 0,
    fatalCapabilities: 0,
    handshakeTimeouts: 0,
    jammedConnections: 0,
    connections: 0,
    connectionsNow: 0,
    authorizedNow: 0,
    workersNow: 0,
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    linesIn: 0,
    linesOut: 0,
    readsIn: 0,
  };
  readonly #rejectedByCode = new Map<number, number>();
  readonly #bookedByCode = new Map<number, number>();
  readonly #madeUpByCode = new Map<number, number>();
  readonly #acceptedByWorker = new Map<string, number>();

  /** Adds `amount`, which is negative when a `…Now` count drops. */
  count(name: PoolCounter, amount: number = 1): void {
    this.#counters[name] += amount;
  }

  /** Counts a share as judged. */
  judged(status: number, workerName: string, share: SummedShare): void {
    if (status === SHARE_ACCEPTED) {
      this.#counters.accepted++;
      add(this.#acceptedByWorker, workerName);
      this.#counters.acceptedChecksum = addToChecksum(
        this.#counters.acceptedChecksum,
        workerName,
        share,
      );
    } else {
      this.#counters.rejected++;
      add(this.#rejectedByCode, status);
    }
  }

  /** Counts a rejected share as written into the pool's books. */
  booked(status: number): void {
    add(this.#bookedByCode, status);
  }

  /** Counts a share as rejected by a fault, without a reason. */
  madeUp(status: number): void {
    add(this.#madeUpByCode, status);
  }

  /** Returns a copy of the counts. */
  snapshot(): PoolStatistics {
    return {
      ...this.#counters,
      rejectedByCode: new Map(this.#rejectedByCode),
      bookedByCode: new Map(this.#bookedByCode),
      madeUpByCode: new Map(this.#madeUpByCode),
      acceptedByWorker: new Map(this.#acceptedByWorker),
    };
  }
}

function add<Key>(counts: Map<Key, number>, key: Key): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
