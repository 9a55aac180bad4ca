/**
 * What alarms are decided by, read from a running proxy.
 *
 * Pools are looked at each time. Workers and lost work are counted now and then, a few in a turn:
 * that takes longer, and they change slowly.
 */

import type { WorkerState } from "../base/worker_state.ts";
import { columnOf } from "../mux/books/ledger.ts";
import { logTroubles } from "../observe/log.ts";
import type {
  DiskTrouble,
  FarmSnapshot,
  LostWorkFacts,
  PoolFacts,
  UnservedFacts,
  WorkersFacts,
} from "../observe/notify/snapshot.ts";
import { causeSentence } from "../workers/cause_sentence.ts";
import { OTHER_POOLS } from "../workers/cause_table.ts";
import { lossesOf, partLost } from "../workers/causes.ts";
import { OTHERS } from "../workers/origins.ts";
import { workerSums } from "../workers/worker_view.ts";
import type { HistoryView } from "./farm_view.ts";
import { failureOf } from "./farm_watch.ts";
import type { Proxy } from "./proxy.ts";

/** A certificate's days are counted in these. */
const DAY_MS = 86_400_000;

/** The most names of each state. */
const MOST_NAMES = 5;

/** The most sub-accounts without a pool that are followed at a time: miners make up their names. */
const MOST_UNSERVED = 20;

const NO_WORKERS: WorkersFacts = {
  states: {
    missing: 0,
    refused: 0,
    flapping: 0,
    silent: 0,
    weak: 0,
    waiting: 0,
    working: 0,
  },
  names: {},
  missingMachines: 0,
  connected: 0,
};

const BLOCKS = columnOf("blocks");

/** What is read; a {@linkcode Proxy} fits. */
export type SnapshotSource = Pick<
  Proxy,
  "clock" | "wallNow" | "config" | "parts" | "pinnedPool" | "view" | "poolName" | "certificates"
>;

/** Reads snapshots. */
export class FarmReader {
  readonly #proxy: SnapshotSource;
  readonly #startedReal: number;
  readonly #history: Pick<HistoryView, "shape"> | undefined;
  #workers = NO_WORKERS;
  #lostWork: LostWorkFacts = { part: 0, shares: 0, causes: "" };
  #changes = 0;
  #pinned: number | undefined;
  /** Blocks in all, and of each miner that has found some, at the last look. */
  #blocks = 0;
  #finders = new Map<number, number>();
  #finder = "";
  /** The sub-accounts without a pool that are followed. */
  #unserved: ReadonlySet<string> = new Set();

  /** Hashrates are counted from `startedReal` on, when the proxy was started in real time. */
  constructor(
    proxy: SnapshotSource,
    startedReal: number,
    history: Pick<HistoryView, "shape"> | undefined,
  ) {
    this.#proxy = proxy;
    this.#startedReal = startedReal;
    this.#history = history;
    this.#pinned = proxy.pinnedPool;
    this.#blocks = proxy.parts.counter.total.snapshot().blocks;
  }

  /** The operator changed the configuration. */
  changed(): void {
    this.#changes++;
  }

  /** Counts what takes longer, in steps. */
  *count(): Generator<void> {
    const { parts: { workers: book, losses, miners }, clock } = this.#proxy;
    const names: { [state in WorkerState]?: string[] } = {};
    const { states, missingMachines } = yield* workerSums(
      book,
      clock.now(),
      (state, account, name) => {
        const list = names[state] ??= [];
        if (list.length < MOST_NAMES) list.push(account === "" ? name : `${account}.${name}`);
      },
    );
    yield;
    const { working } = (yield* miners.census()).states;
    this.#workers = { states, names, missingMachines, connected: working };
    yield;
    const endings = yield* losses.endingsInSteps("hour");
    yield;
    const lost = lossesOf(endings);
    const poolName = (poolId: number) =>
      poolId === OTHER_POOLS ? OTHERS : this.#proxy.poolName(poolId);
    this.#lostWork = {
      part: partLost(lost),
      shares: lost.lost,
      causes: lost.lost === 0 ? "" : causeSentence(endings, "hour", poolName),
    };
  }

  /** The farm now; in steps, one for each sub-account. */
  *read(): Generator<void, FarmSnapshot> {
    const { parts, view, config, clock, certificates } = this.#proxy;
    const pools = yield* this.#pools();
    const unserved = this.#unservedAccounts();
    const { outageSince, backup, usualHashrate } = parts.watch.attention;
    const health = view.health();
    const { quarter, hour } = parts.counter.work.hashrates(
      0,
      this.#startedReal,
      clock.realNow(),
    );
    const wallTime = this.#proxy.wallNow();
    const { blocks, blocksLost } = parts.counter.total.snapshot();
    if (blocks !== this.#blocks) this.#findFinder(blocks);
    if (this.#proxy.pinnedPool !== this.#pinned) {
      this.#pinned = this.#proxy.pinnedPool;
      this.#changes++;
    }
    const trouble = health.kind === "outage" ? health.trouble : undefined;
    return {
      isStopping: health.kind === "stopping",
      changes: this.#changes,
      outage: outageSince === undefined
        ? undefined
        : { reason: trouble === undefined ? "" : `${trouble.address}: ${trouble.reason}` },
      unserved,
      backup,
      pools,
      workers: this.#workers,
      hashrate: Math.max(quarter, hour),
      expected: { usual: usualHashrate, nominal: config.workers.nominal_hashrate },
      lostWork: this.#lostWork,
      certificates: certificates.map(({ file, expiresAt }) => ({
        file,
        daysLeft: (expiresAt - wallTime) / DAY_MS,
      })),
      disk: [...logTroubles(), ...historyTroubles(this.#history)],
      blocks,
      blocksLost,
      finder: this.#finder,
    };
  }

  /** Those that were followed and still have no pool, then as many others as there is room for. */
  #unservedAccounts(): UnservedFacts[] {
    const all = [...this.#proxy.parts.watch.unserved()];
    const known = all.filter(({ name }) => this.#unserved.has(name));
    const others = all.filter(({ name }) => !this.#unserved.has(name));
    const followed = [...known, ...others].slice(0, MOST_UNSERVED);
    this.#unserved = new Set(followed.map(({ name }) => name));
    return followed.map((account) => ({ account: account.name, reason: failureOf(account) }));
  }

  /** A pool is lost if it fails for a sub-account and none has a connection to it. */
  *#pools(): Generator<void, PoolFacts[]> {
    const { view } = this.#proxy;
    const found = new Map<number, { isUsed: boolean; reason: string | undefined }>();
    for (const pools of view.poolsByAccount()) {
      for (const { poolId, connections, workerConnections, trouble } of pools) {
        const facts = found.get(poolId) ?? { isUsed: false, reason: undefined };
        facts.isUsed ||= workerConnections.ready > 0 ||
          connections.some(({ role }) => role !== "opening");
        facts.reason ??= trouble;
        found.set(poolId, facts);
      }
      yield;
    }
    return view.pools.map(({ poolId, address }) => {
      const { isUsed = false, reason } = found.get(poolId) ?? {};
      return {
        poolId,
        name: this.#proxy.poolName(poolId) || address,
        isLost: !isUsed && reason !== undefined,
        reason: reason ?? "",
      };
    });
  }

  /** Whose count of blocks has grown; nobody's, if that miner is gone already. */
  #findFinder(blocks: number): void {
    const { counter, miners } = this.#proxy.parts;
    const finders = new Map<number, number>();
    this.#finder = "";
    for (const { sessionId, workerName, account } of miners.attendees()) {
      const its = counter.minerCount(sessionId, BLOCKS);
      if (its === 0) continue;
      finders.set(sessionId, its);
      if (its > (this.#finders.get(sessionId) ?? 0)) {
        this.#finder = account === "" ? workerName : `${account}.${workerName}`;
      }
    }
    this.#finders = finders;
    this.#blocks = blocks;
  }
}

/**
 * What is wrong with the disk of the history. A clock that is not set yet is no trouble of it, nor a
 * file that the process before this one still has.
 */
function historyTroubles(history: Pick<HistoryView, "shape"> | undefined): DiskTrouble[] {
  if (history === undefined) return [];
  const { state, problem } = history.shape;
  const isWell = state === "working" || state === "waiting" || state === "no_clock";
  return isWell ? [] : [{ what: "the history", reason: problem }];
}
