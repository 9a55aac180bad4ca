/**
 * The farm as the status server sees it: values of one moment, without the parts they come from.
 *
 * Long results come in steps or one entry at a time, so that miners are served in between. Values
 * of one step are of one moment.
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
import type { Counts } from "../observe/chart_samples.ts";
import type { KeptHistory } from "../observe/history/kept_history.ts";
import type { Mark } from "../observe/marks.ts";
import type { KeptHistoryShape } from "../observe/status/history_shapes.ts";
import type { Span } from "../observe/status/spans.ts";
import type { DeliveryReport } from "../observe/notify/delivery.ts";
import type { TestResult } from "../observe/notify/notifications.ts";
import type { Causes, Work } from "../workers/causes.ts";
import type { Window } from "../workers/step_counts.ts";
import type { FarmAttention } from "./farm_watch.ts";
import type { Condition } from "../workers/worker_state.ts";
import type { WorkerSums, WorkerView } from "../workers/worker_view.ts";

/** Now, on both clocks (base/attended_clock.ts); ages and hashrates are computed from it. */
export interface Moment {
  /** Attended time. */
  readonly time: number;
  /** Real time. */
  readonly realTime: number;
}

/** Whether miners have a pool to work for, and why not. */
export type FarmHealth =
  /** Miners have a pool, or no miner needs one yet. */
  | { readonly kind: "served" }
  /** btcagent accepts no more miners. */
  | { readonly kind: "stopping" }
  /** Miners have no pool. */
  | {
    readonly kind: "outage";
    /** One pool that fails, and why; `undefined` while none has failed. */
    readonly trouble: { readonly address: string; readonly reason: string } | undefined;
  };

/** The sums of everything. */
export interface FarmSummary {
  /** When the proxy was started, in milliseconds since 1970. */
  readonly startedAt: number;
  /** The time of day now, in milliseconds since 1970. */
  readonly wallTime: number;
  /** How long it has run, in milliseconds. */
  readonly uptimeMs: number;
  /** Whether miners have a pool. */
  readonly health: FarmHealth;
  /** Connected miners, and what passed between them and us. */
  readonly miners: MinerCensus & {
    /** Connections, whatever their state. */
    readonly connected: number;
    /** The highest number at one time. */
    readonly most: number;
    /** Connections that ended without having sent a byte. */
    readonly silentConnections: number;
    /** Connections of load balancers that checked a port and stood for no miner. */
    readonly healthChecks: number;
    /** Payload bytes read from them. */
    readonly bytesRead: number;
    /** Payload bytes written to them. */
    readonly bytesWritten: number;
    /** How long it took until every miner had got some news, such as a job. */
    readonly fanout: HistogramSnapshot;
  };
  /** Sub-accounts that are open. */
  readonly accounts: number;
  /** The place in the list, from 0, of the pool that is pinned; `undefined` for none. */
  readonly pinnedPool: number | undefined;
  /** The hashrates of all miners together. */
  readonly hashrates: Hashrates;
  /** The total difficulty of all good shares. */
  readonly creditedDifficulty: number;
  /**
   * Work that pools do not count because the difficulty was raised against floods, as difficulty.
   */
  readonly brakeLoss: number;
  /** All shares. */
  readonly shares: LedgerSnapshot;
  /** Verdicts that found no miner waiting for them. */
  readonly strayVerdicts: StrayVerdicts;
  /** How long verdicts took. */
  readonly verdictLatency: HistogramSnapshot;
  /** What passed between us and all pools. */
  readonly traffic: Traffic;
  /** The number of times that a miner changed from one pool connection to another. */
  readonly moves: number;
  /**
   * The number of times that a miner was disconnected because no serving pool had room for its
   * extranonces.
   */
  readonly outgrown: number;
  /** How long open sub-accounts had no pool, all together, in milliseconds. */
  readonly outageMs: number;
  /** What an operator should see at a glance. */
  readonly attention: FarmAttention;
  /** What was lost recently. */
  readonly losses: Readonly<Record<Window, LossReport>>;
  /** How many workers have which trouble. */
  readonly workers: WorkerSums;
  /** The hashrate the farm should have, in hashes a second; `undefined` if not configured. */
  readonly nominalHashrate: number | undefined;
  /** The number of times that each limit on miners was reached. */
  readonly limitCounts: Readonly<Record<string, number>>;
  /** The certificates shown to miners. */
  readonly certificates: readonly CertificateReport[];
  /** Sockets of miners, of pools and those that listen for miners. */
  readonly sockets: number;
  /** The limit of open files; `undefined` if that is not known. */
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
  /** Whether the operator pinned it. */
  readonly isPinned: boolean;
  /** What closed sub-accounts counted for it; `undefined` if none used it. */
  readonly past: PastPool | undefined;
}

/** One pool of an open sub-account. */
export interface PoolView extends Omit<PoolReport, "connections"> {
  /** Its connections. */
  readonly connections: readonly ConnectionView[];
  /** Miners that work on connections of their workers' own. */
  readonly minersOnOwn: number;
  /** Shares on its connections, closed ones included. */
  readonly shares: LedgerSnapshot;
  /** The total difficulty that the pool counts for the shares it accepted. */
  readonly credited: number;
  /**
   * Work that it does not count because the difficulty was raised against a flood, as difficulty.
   */
  readonly brakeLoss: number;
}

/** One connection to a pool. */
export interface ConnectionView extends UpstreamReport {
  /** Miners that work on it. */
  readonly miners: number;
  /** When its last job came, in attended time; `undefined` before the first. */
  readonly jobAt: number | undefined;
  /** The difficulty the pool demands now, or that miners start with; `undefined` while opening. */
  readonly poolDifficulty: number | undefined;
}

/** A sub-account that is open or was. */
export interface AccountView extends AccountCounts {
  /** Its name as its miners spell it; empty in single-user mode. */
  readonly name: string;
  /** Its miners and pools, while it is open. */
  readonly open: OpenAccountView | undefined;
}

/** Miners and pools of an open sub-account. */
export interface OpenAccountView {
  /** Its miners, waiting ones included. */
  readonly miners: number;
  /** Its miners that wait for a pool. */
  readonly waitingMiners: number;
  /** Estimated hashes a second. */
  readonly hashrates: Hashrates;
  /** Every pool of the list, in its order, then pools that were in it earlier. */
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
  /** The sums of everything. The last step reads nearly all of them; slow work comes before it. */
  summary(): Generator<void, FarmSummary>;
  /** The few counts that charts are drawn from. */
  counts(): Generator<void, Counts>;
  /** Whether miners have a pool to work for. */
  health(): FarmHealth;
  /** What was lost recently, and why. */
  causes(): Generator<void, Readonly<Record<Window, CausesReport>>>;
  /** Moments of the last day to mark in charts, with times in milliseconds since 1970. */
  readonly marks: readonly Mark[];
  /** The number of times that the marks changed. */
  readonly markChanges: number;
  /** Every connected miner. */
  miners(): Iterable<MinerView>;
  /** The miner with this session id. */
  miner(sessionId: number): MinerView | undefined;
  /** A miner's shares; zero for an id that no miner has. */
  minerShares(sessionId: number | undefined): LedgerSnapshot;
  /** Estimated hashes a second over the last `windowMs`, of a miner that connected at `since`. */
  minerHashrate(
    sessionId: number | undefined,
    windowMs: number,
    since: number,
    realTime: number,
  ): number;
  /** The condition of a miner, by its number in the book of workers; `undefined` for 0. */
  minerCondition(attendance: number, time: number): Condition | undefined;
  /** Every worker that was seen recently, connected or not. */
  workers(): Iterable<WorkerView>;
  /** The worker with this number. */
  worker(id: number): WorkerView | undefined;
  /** The pools of each open sub-account, one sub-account after the other. */
  poolsByAccount(): Iterable<readonly PoolView[]>;
  /** Every open sub-account, then those that were open recently. */
  accounts(): Iterable<AccountView>;
}

/** The history on disk as the status server sees it. */
export interface HistoryView {
  /** What is kept; `undefined` while the file cannot be opened. */
  readonly kept: KeptHistory | undefined;
  /** How it is doing, and the last seven days in short. */
  readonly shape: KeptHistoryShape;
  /** What was lost over a span, and why; `undefined` if that is not known. */
  causesOver(span: Span): Generator<void, CausesReport | undefined>;
}

/** What the status server sees and does of alarms that are sent to people. */
export interface FarmAlarms {
  /** What became of the messages, channel by channel; empty without a channel. */
  readonly reports: readonly DeliveryReport[];
  /** Sends a test message to every channel. */
  test(): Promise<readonly TestResult[]>;
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
   * @returns whether it was forgotten: false while it has a connection; `undefined` if there is no
   * such worker.
   */
  forgetWorker(id: number): boolean | undefined;
}
