/**
 * The one place that builds the parts and joins them; start, drain, stop.
 *
 *     miners ─▶ Miners ─▶ Accounts ─▶ Multiplexer ─▶ PoolRoster ─▶ pools
 */

import type { Now, Time, Timer } from "../base/clock.ts";
import { AttendedClock, TICK_MS } from "../base/attended_clock.ts";
import { subnetOf } from "../base/subnet.ts";
import { configuredPools } from "../config/pools.ts";
import type { Config } from "../config/schema.ts";
import { BalancerPorts } from "./balancer_ports.ts";
import { drain } from "./drain.ts";
import type { FarmControl, FarmView } from "./farm_view.ts";
import { FarmWatch } from "./farm_watch.ts";
import type { LimitCounts } from "../miner/limits.ts";
import { Miners } from "../miner/miners.ts";
import type { OriginBook } from "../miner/origin_book.ts";
import { type Account, Accounts } from "../mux/accounts.ts";
import { Layouts, type LayoutSettings } from "../mux/layouts.ts";
import { ContradictionLog } from "../mux/contradiction_log.ts";
import { JobNumbers } from "../mux/job_numbers.ts";
import { type LedgerSnapshot, ShareCounter, type StrayVerdicts } from "../mux/books/ledger.ts";
import { Multiplexer } from "../mux/multiplexer.ts";
import { RememberedDifficulties } from "../mux/remembered_difficulties.ts";
import { MAX_SESSION_ID, SessionIds } from "../mux/session_ids.ts";
import { type EngineKind, startEngine } from "../net/miners/choose_engine.ts";
import { ConnectLimiter } from "../net/pools/connect_limiter.ts";
import type { Dial } from "../net/pools/connection.ts";
import type { Engine, EngineEvents, ListenOptions, MinerEvents } from "../net/miners/engine.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { Listeners, type StartEngine } from "../net/miners/listeners.ts";
import { type CertificateReport, MinerTls } from "../net/tls/miner_tls.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import type { MarkKind } from "../observe/marks.ts";
import type { PoolKinds } from "../pool/connection.ts";
import { POOL_KINDS, shortenNames, workerUserAt } from "../pool/kinds.ts";
import { type KnownPool, PoolIds } from "../pool/pool_ids.ts";
import { PoolRoster } from "../pool/roster.ts";
import { SizeProbe } from "../pool/size_probe.ts";
import { WorkerQuota } from "../pool/worker_quota.ts";
import { PoolTroubleLog } from "../pool/trouble_log.ts";
import { Losses } from "../workers/losses.ts";
import type { WorkerBook } from "../workers/worker_book.ts";
import type { WorkerSteps } from "../workers/worker_steps.ts";
import { WORKER_TIMES, type WorkerTimes } from "../workers/worker_times.ts";
import { PoolSizes } from "./pool_sizes.ts";
import { PortRules } from "./port_rules.ts";
import { ProxyView } from "./proxy_view.ts";
import { WorkerWatch } from "./worker_watch.ts";
import {
  accountsSettings,
  certificateFiles,
  dialFor,
  difficultyFor,
  graceMs,
  listenAddresses,
  maxMiners,
  minersSettings,
  mostWorkerConnections,
  poolSettings,
  rememberMs,
} from "./settings.ts";

/** Deadlines are looked at with every tick of the clock; those of miners every fourth time. */
const TICKS_PER_SWEEP = 4;

/** A standstill of at least this length is logged, in milliseconds. */
const SAID_AWAY_MS = 2_000;

/** A stop waits this long for verdicts unless told otherwise, in milliseconds. */
export const DRAIN_TIMEOUT_MS = 10_000;

/** The most bytes that wait for a slow miner: more than a few jobs mean that it does not read. */
const MINER_MAX_WAITING_BYTES = 64 * 1024;
const MINER_STALL_TIMEOUT_MS = 30_000;

/**
 * Each libc engine keeps one of the runtime's few threads waiting, and name lookups and the log
 * need some too.
 */
const MAX_LIBC_LISTENERS = 8;

const log = areaLog("agent");

/** What counts for the history, where one is kept. */
export interface HistoryHooks {
  /** Counts what workers do. */
  readonly workerSteps: WorkerSteps;
  /** Gets the events that charts mark, as they happen. */
  readonly marked: (kind: MarkKind, about: string) => void;
}

/** What the proxy needs beside its configuration. */
export interface ProxyOptions {
  /** Checked and complete. */
  readonly config: Config;
  /** The version of btcagent, for pools and miners that ask. */
  readonly version: string;
  /** Real time, timers and randomness: everything but sockets and disk. */
  readonly time: Time;
  /** How many files this process may have open; `undefined` if that is not known. */
  readonly openFiles?: number | undefined;
  /** Extranonce2 sizes of pools in the last run as far as they are known, by `host:port`. */
  readonly knownSizes?: ReadonlyMap<string, number> | undefined;
  /** Called with these sizes whenever they change, to keep them for the next run. */
  readonly sizesChanged?: ((sizes: ReadonlyMap<string, number>) => void) | undefined;
  /** What counts for the history; `undefined` if none is kept. */
  readonly history?: HistoryHooks | undefined;
  /** The kinds of pools, if not those of pool/kinds.ts. */
  readonly kinds?: PoolKinds;
  /**
   * How long a trouble of a worker lasts before it is reported, if not as in
   * workers/worker_times.ts.
   */
  readonly workerTimes?: WorkerTimes;
  /** Already has the certificates that `listen` of the configuration names, if any. */
  readonly tls?: MinerTls;
  /** Already has the ports of the configuration that are behind load balancers, if any. */
  readonly balancers?: BalancerPorts;
}

/** The proxy at one moment. */
export interface ProxyStatistics {
  /** Connections of miners. */
  readonly connected: number;
  /** Those of them that are subscribed and authorized. */
  readonly working: number;
  /** Sub-accounts that are open. */
  readonly accounts: number;
  /** The number of times that each limit on miners was reached. */
  readonly limitCounts: LimitCounts & {
    readonly max_accounts: number;
    readonly new_accounts_per_minute_per_ip: number;
  };
  /** All shares since the start. */
  readonly shares: LedgerSnapshot;
  /** Each connected miner's shares, by session id. */
  readonly minerShares: (sessionId: number) => LedgerSnapshot;
  /** Shares whose miners wait for a verdict. */
  readonly waitingShares: number;
  /** Session ids in use, including those of miners that the pool does not know yet. */
  readonly sessionIds: number;
  /** Verdicts that found no miner waiting for them. */
  readonly strayVerdicts: StrayVerdicts;
  /** Payload bytes read from pools. */
  readonly poolBytesRead: number;
  /** Payload bytes written to pools. */
  readonly poolBytesWritten: number;
}

/** The parts of a proxy. */
export interface ProxyParts {
  /** Everything about miners. */
  readonly miners: Miners;
  /** Everything about sub-accounts and pools. */
  readonly accounts: Accounts;
  /** Where shares are counted. */
  readonly counter: ShareCounter;
  /** Which work is lost, and why. */
  readonly losses: Losses;
  /** What happens to the farm as a whole. */
  readonly watch: FarmWatch;
  /** Every worker that was seen recently. */
  readonly workers: WorkerBook;
  /** The difficulties of workers that left lately. */
  readonly remembered: RememberedDifficulties;
}

/** A running proxy. */
export class Proxy implements FarmControl {
  /** How many files this process may have open; `undefined` if that is not known. */
  readonly openFiles: number | undefined;
  /** The clock that everything in it is judged by; it runs while the proxy runs. */
  readonly clock: AttendedClock;
  /** The time of day, in milliseconds since 1970. */
  readonly wallNow: Now;
  readonly #time: Time;
  readonly #version: string;
  readonly #kinds: PoolKinds;
  #config: Config;
  /** The configuration that ports are opened by; during a reload, already the new one. */
  #portsConfig: Config;
  readonly #sessionIds: SessionIds;
  readonly #losses = new Losses();
  readonly #counter = new ShareCounter(MAX_SESSION_ID + 1, this.#losses);
  #dial: Dial;
  readonly #connects: ConnectLimiter;
  readonly #troubles: PoolTroubleLog;
  readonly #workerQuota: WorkerQuota;
  readonly #contradictions: ContradictionLog;
  readonly #ids = new PoolIds();
  /** The pools of the list, in its order. */
  #pools: readonly KnownPool[];
  #pinned: number | undefined;
  readonly #accounts: Accounts;
  readonly #tls: MinerTls;
  readonly #balancers: BalancerPorts;
  readonly #listeners: Listeners;
  readonly #miners: Miners;
  readonly #watch: FarmWatch;
  readonly #workers: WorkerWatch;
  readonly #view: FarmView;
  readonly #timer: Timer;
  readonly #jobNumbers: JobNumbers;
  readonly #layouts: Layouts;
  readonly #sizes: PoolSizes;
  readonly #remembered = new RememberedDifficulties();
  readonly #history: HistoryHooks | undefined;
  #vardiffRules: PortRules;
  #ticks = 0;

  /**
   * Starts listening for miners and, in single-user mode, opens the pool connections.
   *
   * @throws CannotListen when an address cannot be listened on.
   */
  constructor(options: ProxyOptions) {
    const { config, version, time, openFiles, tls = new MinerTls(time.wallNow) } = options;
    this.#time = time;
    this.#history = options.history;
    if (this.#history !== undefined) this.#counter.sumWork();
    this.clock = new AttendedClock(time.now);
    this.wallNow = time.wallNow;
    this.#jobNumbers = new JobNumbers(time.wallNow(), time.random);
    this.#sessionIds = new SessionIds(this.clock.now);
    this.#connects = new ConnectLimiter(this.clock.now);
    this.#troubles = new PoolTroubleLog(this.clock.now);
    this.#contradictions = new ContradictionLog(this.clock.now);
    this.openFiles = openFiles;
    this.#workerQuota = new WorkerQuota(mostWorkerConnections(config, openFiles));
    this.#config = this.#portsConfig = config;
    this.#version = version;
    this.#kinds = options.kinds ?? POOL_KINDS;
    this.#tls = tls;
    this.#balancers = options.balancers ?? new BalancerPorts();
    this.#dial = dialFor(config, time, this.#connects);
    this.#pools = this.#ids.of(configuredPools(config));
    this.#kinds.list?.(this.#pools);
    this.#layouts = new Layouts(this.#layoutSettings());
    this.#vardiffRules = new PortRules(config);
    this.#sizes = this.#poolSizes(options);
    this.#sizes.list(this.#pools);
    this.#sizes.recall(options.knownSizes ?? new Map());
    this.#accounts = new Accounts({
      ...accountsSettings(config, openFiles),
      isMultiUser: config.multi_user_mode,
      layouts: this.#layouts,
      sessionIds: this.#sessionIds,
      counter: this.#counter,
      open: (name) => this.#openAccount(name),
      now: this.clock.now,
    });
    this.#workers = new WorkerWatch({
      book: { rememberMs: rememberMs(config), times: options.workerTimes ?? WORKER_TIMES },
      counter: this.#counter,
      accountOf: (name) => this.#accounts.keyOf(name),
      clock: this.clock,
      timers: time,
      steps: this.#history?.workerSteps,
    });
    let listeners: Listeners | undefined;
    this.#miners = new Miners({
      ...minersSettings(config, maxMiners(config, openFiles)),
      listen: (events) => listeners = this.#listen(events),
      mux: this.#accounts,
      shorten: shortenNames,
      origins: this.#originBook(),
      version: `btcagent/${version}`,
      attendance: this.#workers,
      now: this.clock.now,
      rateClock: this.clock,
      timers: time,
    });
    this.#listeners = listeners!;
    this.#watch = this.#watchFarm();
    this.#view = new ProxyView(this);
    this.#accounts.tick();
    // After the connections that serve, which may already be asking.
    this.#askSizes();
    this.#timer = time.every(TICK_MS, () => this.#tick());
  }

  /**
   * Applies a configuration and reads certificates again, even if the configuration is the same; no
   * miner is disconnected. Settings that need a restart are kept: `multi_user_mode`, and
   * `advanced.io_engine` for addresses that are already open.
   *
   * @throws CannotListen when a new address cannot be listened on; then nothing has changed.
   * @throws CannotUseCertificate when a certificate cannot be used; then, too, nothing has changed.
   */
  async reconfigure(config: Config): Promise<void> {
    const takeBack = await this.#tls.load(certificateFiles(config));
    const distrust = await this.#balancers.load(listenAddresses(config));
    this.#portsConfig = config;
    try {
      await this.#listeners.reconfigure(listenAddresses(config));
    } catch (error) {
      takeBack();
      distrust();
      this.#portsConfig = this.#config;
      throw error;
    }
    // All in one turn: accounts may open at any moment, by the settings of that moment.
    this.#config = config;
    this.#dial = dialFor(config, this.#time, this.#connects);
    this.#pools = this.#ids.of(configuredPools(config));
    this.#kinds.list?.(this.#pools);
    this.#layouts.reconfigure(this.#layoutSettings());
    this.#vardiffRules = new PortRules(config);
    if (this.#pinned !== undefined && this.pinnedPool === undefined) {
      log.warn("The pinned pool is no longer in the list: using the configured order");
      this.#pinned = undefined;
      this.#accounts.pin(undefined);
    }
    const most = maxMiners(config, this.openFiles, this.#miners.most);
    this.#miners.reconfigure(minersSettings(config, most));
    this.#workers.book.reconfigure(rememberMs(config));
    this.#workerQuota.reconfigure(mostWorkerConnections(config, this.openFiles));
    this.#accounts.reconfigure(accountsSettings(config, this.openFiles));
    this.#sizes.list(this.#pools);
    this.#askSizes();
    this.#watch.reloaded();
  }

  /** Where miners connect to: `agent_listen_ip` and its port first. */
  get addresses(): readonly PeerAddress[] {
    return this.#listeners.addresses;
  }

  /** The certificates shown to miners. */
  get certificates(): readonly CertificateReport[] {
    return this.#tls.certificates;
  }

  /** The settings in force. */
  get config(): Config {
    return this.#config;
  }

  /** What the status server shows of it. */
  get view(): FarmView {
    return this.#view;
  }

  /** The parts themselves; {@linkcode Proxy.view} gives values only. */
  get parts(): ProxyParts {
    return {
      miners: this.#miners,
      accounts: this.#accounts,
      counter: this.#counter,
      losses: this.#losses,
      watch: this.#watch,
      workers: this.#workers.book,
      remembered: this.#remembered,
    };
  }

  /** Counts what every connected worker did up to now, for the history; some at once. */
  countWorkers(): Generator<void> {
    return this.#workers.countStep(this.#miners.attendees());
  }

  /** The name of a pool that is or was in the list, `host:port`; empty for any other number. */
  poolName(poolId: number): string {
    return this.#ids.nameOf(poolId);
  }

  /** The number of times that each bound of what miners may ask was reached. */
  get limitCounts(): ProxyStatistics["limitCounts"] {
    return {
      ...this.#miners.limitCounts,
      max_accounts: this.#accounts.refusals,
      new_accounts_per_minute_per_ip: this.#accounts.waits,
    };
  }

  /** Everything that is counted. */
  statistics(): ProxyStatistics {
    const { count, waitingShares, strayVerdicts, traffic } = this.#accounts;
    return {
      ...this.#miners.counts,
      limitCounts: this.limitCounts,
      accounts: count,
      shares: this.#counter.total.snapshot(),
      minerShares: (sessionId) => this.#counter.minerShares(sessionId),
      waitingShares,
      sessionIds: this.#sessionIds.leased,
      strayVerdicts,
      poolBytesRead: traffic.bytesRead,
      poolBytesWritten: traffic.bytesWritten,
    };
  }

  /** The pools of the list, in its order; each keeps its number when the list changes. */
  get pools(): readonly KnownPool[] {
    return this.#pools;
  }

  /** The place in the list, from 0, of the pool that is pinned; `undefined` for none. */
  get pinnedPool(): number | undefined {
    const place = this.#pools.findIndex(({ poolId }) => poolId === this.#pinned);
    return place === -1 ? undefined : place;
  }

  /**
   * Moves all miners to one pool of the list, counted from 0, and prefers it to the others until
   * told otherwise; `undefined` for the configured order.
   *
   * @throws RangeError when there is no such pool.
   */
  pinPool(place: number | undefined): void {
    const count = this.#pools.length;
    const number = place === undefined ? undefined : this.#pools[place]?.poolId;
    if (place !== undefined && number === undefined) {
      throw new RangeError(`Cannot pin pool ${place}: the list has ${count}, counted from 0`);
    }
    this.#pinned = number;
    this.#accounts.pin(number);
  }

  disconnectMiner(sessionId: number, reason: string): boolean {
    return this.#miners.disconnect(sessionId, reason);
  }

  forgetWorker(id: number): boolean | undefined {
    return this.#workers.book.forget(id);
  }

  /**
   * Stops reading from miners, writes out the collected shares, waits up to `drainMs` for that and
   * for verdicts, then closes everything. A miner is disconnected as soon as it has nothing to wait
   * for.
   */
  async stop(drainMs: number = DRAIN_TIMEOUT_MS): Promise<void> {
    await this.#sizes.stop();
    const left = await drain(this.parts, this.clock.now, this.#time, drainMs);
    if (left > 0) log.warn("Stopping; shares without a verdict: {left}", { left });
    this.#time.clear(this.#timer);
    this.#workers.stop();
    await this.#miners.stop();
    this.#accounts.stop();
  }

  /** Groups miners by software, network and sub-account, to find what a loss has in common. */
  #originBook(): OriginBook {
    return {
      enter: ({ clientAgent, hostname, account }) =>
        this.#losses.enter({
          software: clientAgent,
          subnet: subnetOf(hostname),
          account: this.#accounts.keyOf(account),
        }),
      leave: (origin) => this.#losses.leave(origin),
    };
  }

  #watchFarm(): FarmWatch {
    const { realNow } = this.clock;
    return new FarmWatch({
      accounts: () => this.#accounts.opened,
      wantedPool: () => this.#pinned ?? this.#pools[0]?.poolId,
      poolName: (poolId) => this.poolName(poolId),
      creditedDifficulty: () => this.#counter.creditedDifficulty,
      marked: this.#history?.marked,
      realNow,
      wallNow: this.wallNow,
    }, this.#version);
  }

  #layoutSettings(): LayoutSettings {
    const poolIds = this.#pools.map(({ poolId }) => poolId);
    return { poolIds, extranonce2Bytes: this.#config.extranonce2_bytes };
  }

  #poolSizes({ version, time, sizesChanged }: ProxyOptions): PoolSizes {
    const { askSize } = this.#kinds;
    return new PoolSizes({
      layouts: this.#layouts,
      probe: askSize && new SizeProbe({
        askSize,
        connects: this.#connects,
        version,
        now: this.clock.now,
        wallNow: time.wallNow,
        timers: time,
      }),
      timers: time,
      released: () => this.#miners.layoutsReleased(),
      changed: sizesChanged,
    });
  }

  #askSizes(): void {
    const { advanced, extranonce2_bytes: wanted } = this.#config;
    const timeoutMs = advanced.pool_connection_dial_timeout_seconds * 1000;
    this.#sizes.ask({ dial: this.#dial, timeoutMs, wanted });
  }

  /** Opens an account; `name` is empty for the one whose sub-accounts the pool list has. */
  #openAccount(name: string): Account {
    const settings = () => poolSettings(this.#config, name, this.#pools, this.#dial);
    const mux = new Multiplexer({
      counter: this.#counter,
      fanout: { tell: (crowd) => this.#miners.tell(crowd) },
      nextJobNumber: () => this.#jobNumbers.next(),
      sizeFound: (poolId, bytes) => this.#sizes.learn(poolId, bytes),
      vardiff: {
        rules: (port) => this.#vardiffRules.of(port),
        remembered: this.#remembered,
      },
      releaseSession: (sessionId) => this.#accounts.releaseSession(sessionId),
      now: this.clock.now,
      realNow: this.clock.realNow,
      timers: this.#time,
      contradictions: this.#contradictions,
      isNamedByMiners: this.#config.multi_user_mode,
      graceMs: graceMs(this.#config),
    });
    const upstreams = new PoolRoster({
      ...settings(),
      open: this.#kinds.open,
      workerUser: workerUserAt,
      version: this.#version,
      mux,
      now: this.clock.now,
      rateClock: this.clock,
      time: this.#time,
      connects: this.#connects,
      troubles: this.#troubles,
      quota: this.#workerQuota,
      need: () => ({
        roomless: mux.roomless,
        minersAt: (upstream) => mux.minersAt(upstream),
        workerNames: () => mux.workerNames,
        hashrateFor: (upstream) => mux.hashrateFor(upstream),
        suggestedDifficulty: this.#config.vardiff.suggest_to_pool
          ? difficultyFor(mux.books.expectedHashrate)
          : undefined,
      }),
      // A name that a miner made up must not cost a pool two connections.
      maySpare: () => !this.#config.multi_user_mode || mux.books.hasCredit,
    });
    const reconfigure = () => {
      mux.reconfigure(graceMs(this.#config));
      upstreams.reconfigure(settings());
    };
    return { name, mux, upstreams, reconfigure };
  }

  #listen(events: MinerEvents): Listeners {
    const isTooManyForLibc = () => {
      const running = this.#listeners?.engines ?? 0;
      const plain = listenAddresses(this.#portsConfig).filter(({ tls }) => tls === undefined);
      return Math.max(plain.length, running + 1) > MAX_LIBC_LISTENERS;
    };
    const start: StartEngine = (wantedPort, engineEvents) => {
      const { hostname, port, tls } = wantedPort;
      const rules = this.#balancers.rulesAt(wantedPort);
      const wanted = isTooManyForLibc() ? "deno" : this.#portsConfig.advanced.io_engine;
      let kind: EngineKind = "deno";
      let reason: string | undefined = tls === undefined ? undefined : "it has no TLS";
      const open = (events: EngineEvents): Engine => {
        const options: ListenOptions = {
          hostname,
          port,
          reusePort: this.#portsConfig.advanced.reuse_port,
          events,
          limits: {
            maxWaitingBytes: MINER_MAX_WAITING_BYTES,
            stallTimeoutMs: MINER_STALL_TIMEOUT_MS,
          },
          now: this.clock.now,
          time: this.#time,
        };
        if (tls !== undefined) return this.#tls.start(tls, options, rules);
        const started = startEngine(wanted, options);
        ({ kind, reason } = started);
        return started.engine;
      };
      const engine = rules === undefined
        ? open(engineEvents)
        : this.#balancers.start(open, engineEvents, rules, {
          now: this.clock.now,
          freePlaces: () => this.#miners.freePlaces,
        });
      log.info("Listening for miners on {address} with {tls}the {kind} engine{reason}{balancers}", {
        address: formatAddress(engine.address),
        tls: tls === undefined ? "" : "TLS and ",
        kind,
        reason: tls === undefined && isTooManyForLibc()
          ? `, not libc, which serves at most ${MAX_LIBC_LISTENERS} addresses`
          : reason === undefined
          ? ""
          : `, not libc: ${reason}`,
        balancers: rules === undefined
          ? ""
          : `; load balancers with PROXY headers: ${wantedPort.trusted!.join(", ")}`,
      });
      return engine;
    };
    return new Listeners(listenAddresses(this.#portsConfig), start, events, this.#time);
  }

  #tick(): void {
    const awayMs = this.clock.tick();
    if (awayMs >= SAID_AWAY_MS) {
      log.warn(
        "btcagent stood still for {seconds} s: it was paused or had no CPU. No miner or pool " +
          "is blamed for this time; if it happens often, give the machine more CPU or memory",
        { seconds: (awayMs / 1000).toFixed(1) },
      );
    }
    try {
      this.#accounts.tick();
      if (++this.#ticks % TICKS_PER_SWEEP > 0) return;
      this.#miners.sweep();
      this.#losses.tick(this.clock.realNow());
      this.#watch.look();
      this.#workers.tick(() => this.#miners.attendees());
    } catch (error) {
      reportFault(log, error);
    }
  }
}
