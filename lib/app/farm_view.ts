/**
 * The farm as the status server may see it: values of one moment, and none of the parts they come
 * from.
 *
 * Whatever may be long comes in steps or one entry at a time, so that miners are served in between.
 * Values of one step are of one moment.
 */

import type { KindOfPool } from "../base/pool_kind.ts";
import type { Config } from "../config/schema.ts";
import type { MinerCensus } from "../miner/census.ts";
import type { MinerReport } from "../miner/report.ts";
import type { AccountCounts, PastPool } from "../mux/accounts.ts";
import type { LedgerSnapshot, StrayVerdicts } from "../mux/books/ledger.ts";
import type { Traffic } from "../mux/books/traffic.ts";
import type { Hashrates } from "../mux/books/work_table.ts";
import type { PoolReport, UpstreamReport } from "../mux/upstreams.ts";
import type { CertificateReport } from "../net/tls/miner_tls.ts";
import type { HistogramSnapshot } from "../observe/histogram.ts";
import type { Mark } from "../observe/marks.ts";
import type { Causes, Work } from "../workers/causes.ts";
import type { Window } from "../workers/step_counts.ts";
import type { FarmAttention } from "./farm_watch.ts";
import type { Condition } from "../workers/worker_state.ts";
import type { WorkerSums, WorkerView } from "../workers/worker_view.ts";

/** Now, on both clocks (base/attended_clock.ts): what ages are told by, and hashrates. */
export interface Moment {
  /** Attended time. */
  readonly time: number;
  /** Real time. */
  readonly realTime: number;
}

/** Whether miners have a pool to work for, and why not. */
export type FarmHealth =
  /** They have, or there is no miner yet to need one. */
  | { readonly kind: "served" }
  /** No miner is let in any more. */
  | { readonly kind: "stopping" }
  /** They have not. */
  | {
    readonly kind: "outage";
    /** One pool that fails, and why; `undefined` while none has failed. */
    readonly trouble: { readonly address: string; readonly reason: string } | undefined;
  };

/** Everything in sum. */
export interface FarmSummary {
  /** When the proxy was started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** The time of day now, in milliseconds since 1970. */
  readonly wallTime: number;
  /** How long it has run, in milliseconds. */
  readonly uptimeMs: number;
  /** See {@linkcode FarmHealth}. */
  readonly health: FarmHealth;
  /** Connected miners, and what passed between them and us. */
  readonly miners: MinerCensus & {
    /** Connections, whatever their state. */
    readonly connected: number;
    /** Most at a time. */
    readonly most: number;
    /** Connections that ended without having sent a byte. */
    readonly silentConnections: number;
    /** Payload bytes read from them. */
    readonly bytesRead: number;
    /** Payload bytes their sockets took. */
    readonly bytesWritten: number;
    /** How long it took until all who were to hear some news had their turn. */
    readonly fanout: HistogramSnapshot;
  };
  /** Sub-accounts that are open. */
  readonly accounts: number;
  /** The place in the list, from 0, of the pool that is pinned; `undefined` for none. */
  readonly pinnedPool: number | undefined;
  /** Of all miners together. */
  readonly hashrates: Hashrates;
  /** The difficulties of all shares accepted, assumed to be, or kept, together. */
  readonly creditedDifficulty: number;
  /** Work that pools do not count since miners were braked against floods, as difficulty. */
  readonly brakeLoss: number;
  /** All shares. */
  readonly shares: LedgerSnapshot;
  /** Verdicts that found no miner waiting for them. */
  readonly strayVerdicts: StrayVerdicts;
  /** How long verdicts took. */
  readonly verdictLatency: HistogramSnapshot;
  /** What passed between us and all pools. */
  readonly traffic: Traffic;
  /** How often a miner changed from one pool connection to another. */
  readonly moves: number;
  /** How often a miner was disconnected since no pool that serves has room for its extranonces. */
  readonly outgrown: number;
  /** How long sub-accounts were open and had no pool, all together, in milliseconds. */
  readonly outageMs: number;
  /** What is to be known of the farm at a glance. */
  readonly attention: FarmAttention;
  /** What was lost of late. */
  readonly losses: Readonly<Record<Window, LossReport>>;
  /** What is the matter with workers. */
  readonly workers: WorkerSums;
  /** What the farm should do, in hashes a second; `undefined` if the operator did not say. */
  readonly nominalHashrate: number | undefined;
  /** How often each bound of what miners may ask was reached. */
  readonly limitCounts: Readonly<Record<string, number>>;
  /** Those shown to miners. */
  readonly certificates: readonly CertificateReport[];
  /** Sockets of miners, of pools and those that listen for miners. */
  readonly sockets: number;
  /** Files that may be open; `undefined` if that is not known. */
  readonly openFilesLimit: number | undefined;
}

/** What was lost in one stretch of time. */
export interface LossReport extends Work {
  /** The main causes in a sentence; empty if nothing was lost. */
  readonly sentence: string;
}

/** The same with all causes. */
export interface CausesReport extends LossReport, Pick<Causes, "by"> {}

/** One connected miner. */
export interface MinerView extends MinerReport {
  /** Its sub-account, named as in {@linkcode AccountView}. */
  readonly account: string;
  /** The number of its worker; `undefined` before it has logged in. */
  readonly workerId: number | undefined;
}

/** One pool of the configuration. */
export interface PoolOfList {
  /** Which pool it is, whatever its place in the list. */
  readonly poolId: number;
  /** Its host and port, `host:port`. */
  readonly address: string;
  /** What it speaks, as the configuration has it; {@linkcode PoolView.kind} may know more. */
  readonly kind: KindOfPool;
  /** Whether it is preferred by hand. */
  readonly isPinned: boolean;
  /** What closed sub-accounts counted of it; `undefined` if none had it. */
  readonly past: PastPool | undefined;
}

/** One pool of an open sub-account. */
export interface PoolView extends Omit<PoolReport, "connections"> {
  /** The connections there are. */
  readonly connections: readonly ConnectionView[];
  /** Miners that work on connections of their workers' own. */
  readonly minersOnOwn: number;
  /** Shares on its connections, gone ones included. */
  readonly shares: LedgerSnapshot;
  /** The difficulties that the pool counts for those it accepted, together. */
  readonly credited: number;
  /** Work that it does not count since miners were braked against a flood, as difficulty. */
  readonly brakeLoss: number;
}

/** One connection to a pool. */
export interface ConnectionView extends UpstreamReport {
  /** Miners that work on it. */
  readonly miners: number;
  /** When its last job came, in attended time; `undefined` before the first. */
  readonly jobAt: number | undefined;
  /** What the pool demands of shares now, or miners begin with; `undefined` while it is opening. */
  readonly poolDifficulty: number | undefined;
}

/** A sub-account that is open or was. */
export interface AccountView extends AccountCounts {
  /** As its miners spell it; empty for the one of single-user mode. */
  readonly name: string;
  /** Its miners and pools, while it is open. */
  readonly open: OpenAccountView | undefined;
}

/** Miners and pools of an open sub-account. */
export interface OpenAccountView {
  /** Its miners, waiting ones included. */
  readonly miners: number;
  /** Those of them that wait for a pool. */
  readonly waitingMiners: number;
  /** Estimated hashes a second. */
  readonly hashrates: Hashrates;
  /** Every pool of the list, in its order, then those that were in it once. */
  readonly pools: readonly PoolView[];
}

/** All of the proxy that the status server can see. */
export interface FarmView {
  /** Now. */
  readonly moment: Moment;
  /** The settings in force, secrets included. */
  readonly config: Config;
  /** Every pool of the configuration, in its order. */
  readonly pools: readonly PoolOfList[];
  /** Everything in sum. The last step takes nearly all of it; what takes long comes before. */
  summary(): Generator<void, FarmSummary>;
  /** Whether miners have a pool to work for. */
  health(): FarmHealth;
  /** What was lost of late, and why. */
  causes(): Generator<void, Readonly<Record<Window, CausesReport>>>;
  /** Moments of the last day to be marked in charts, with times in milliseconds since 1970. */
  readonly marks: readonly Mark[];
  /** How often there was something new in them. */
  readonly markChanges: number;
  /** Every connected miner. */
  miners(): Iterable<MinerView>;
  /** The miner with this session id. */
  miner(sessionId: number): MinerView | undefined;
  /** A miner's shares; zero for an id that nobody has. */
  minerShares(sessionId: number | undefined): LedgerSnapshot;
  /** Estimated hashes a second over the last `windowMs`, of a miner that connected at `since`. */
  minerHashrate(
    sessionId: number | undefined,
    windowMs: number,
    since: number,
    realTime: number,
  ): number;
  /** What is the matter with a miner, by its number in the book; `undefined` for 0. */
  minerCondition(attendance: number, time: number): Condition | undefined;
  /** Every worker that was seen lately, connected or not. */
  workers(): Iterable<WorkerView>;
  /** The worker with this number. */
  worker(id: number): WorkerView | undefined;
  /** What pools are to each open sub-account, one sub-account after the other. */
  poolsByAccount(): Iterable<readonly PoolView[]>;
  /** Every sub-account that is open, then those that were lately. */
  accounts(): Iterable<AccountView>;
}

/** What the status server may change. */
export interface FarmControl {
  /** Prefers the pool at this place of the list, from 0, or none. */
  pinPool(place: number | undefined): void;
  /** Ends the connection of the miner with this session id. @returns whether there was one. */
  disconnectMiner(sessionId: number, reason: string): boolean;
  /**
   * Forgets a worker that has no connection.
   *
   * @returns whether it did: not one that has a connection; `undefined` if there is no such worker.
   */
  forgetWorker(id: number): boolean | undefined;
}
