/**
 * The one place that builds the parts and joins them; start, drain, stop.
 *
 *     miners ─▶ Miners ─▶ Accounts ─▶ Multiplexer ─▶ PoolSlots ─▶ pools
 */

import { monotonicNow } from "./base/clock.ts";
import type { Config } from "./config/schema.ts";
import type { LimitCounts } from "./miner/limits.ts";
import { Miners } from "./miner/miners.ts";
import { type Account, Accounts } from "./mux/accounts.ts";
import { type LedgerSnapshot, ShareCounter, type StrayVerdicts } from "./mux/ledger.ts";
import { Multiplexer } from "./mux/multiplexer.ts";
import { SessionIds } from "./mux/session_ids.ts";
import { startEngine } from "./net/choose_engine.ts";
import type { Dial } from "./net/connection.ts";
import { createDial } from "./net/dialer.ts";
import { type EngineEvents, formatAddress, type PeerAddress } from "./net/engine.ts";
import { Listeners, type StartEngine } from "./net/listeners.ts";
import { openFileLimit, roomForMiners } from "./net/open_files.ts";
import { areaLog } from "./observe/log.ts";
import { PoolSlots } from "./pool/slots.ts";
import { MAX_SESSION_ID } from "./protocol/agent_message.ts";

/** How often deadlines are looked at, in milliseconds; those of miners every fourth time. */
const TICK_MS = 250;
const TICKS_PER_SWEEP = 4;

/** How often a drain looks whether all verdicts have come, in milliseconds. */
const DRAIN_POLL_MS = 20;

/** A stop waits this long for verdicts unless told otherwise, in milliseconds. */
export const DRAIN_TIMEOUT_MS = 10_000;

/** What waits for a slow miner: more than a few jobs means that it does not read. */
const MINER_MAX_WAITING_BYTES = 64 * 1024;
const MINER_STALL_TIMEOUT_MS = 30_000;

/**
 * Each libc engine keeps one of the runtime's threads waiting; those are few, and name lookups and
 * the log need some, too.
 */
const MAX_LIBC_LISTENERS = 8;

const log = areaLog("agent");

/** What the proxy needs beside its configuration. */
export interface ProxyOptions {
  /** Checked and complete. */
  readonly config: Config;
  /** Of btcagent, for pools and miners that ask. */
  readonly version: string;
}

/** The proxy at one moment. */
export interface ProxyStatistics {
  /** Connections of miners. */
  readonly connected: number;
  /** Those of them that are subscribed and authorized. */
  readonly working: number;
  /** Sub-accounts that are open. */
  readonly accounts: number;
  /** How often each bound of what miners may ask was reached. */
  readonly limitCounts: LimitCounts;
  /** All shares since the start. */
  readonly shares: LedgerSnapshot;
  /** Each connected miner's shares, by session id. */
  readonly minerShares: (sessionId: number) => LedgerSnapshot;
  /** Shares whose verdict may still come. */
  readonly waitingShares: number;
  /** Session ids in use, those of miners the pool is still to be told about included. */
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
}

/** A running proxy. */
export class Proxy {
  readonly #options: ProxyOptions;
  readonly #sessionIds = new SessionIds(monotonicNow);
  readonly #counter = new ShareCounter(MAX_SESSION_ID + 1);
  readonly #dial: Dial;
  readonly #accounts: Accounts;
  readonly #listeners: Listeners;
  readonly #miners: Miners;
  readonly #timer: ReturnType<typeof setInterval>;
  // Job ids go on across restarts: a share for a job of the last run must not fit one of this.
  #nextJobNumber = Math.floor(Date.now() / 1000);
  #ticks = 0;

  /**
   * Starts listening for miners and, in single-user mode, opens the pool connections.
   *
   * @throws CannotListen when an address cannot be listened on.
   */
  constructor(options: ProxyOptions) {
    this.#options = options;
    const { config, version } = options;
    this.#dial = dialFor(config);
    this.#accounts = new Accounts({
      isMultiUser: config.multi_user_mode,
      maxAccounts: config.limits.max_accounts,
      sessionIds: this.#sessionIds,
      counter: this.#counter,
      defaultVersionMask: config.advanced.bitcoin_default_version_mask,
      open: (name) => this.#openAccount(name),
      now: monotonicNow,
    });
    let listeners: Listeners | undefined;
    this.#miners = new Miners({
      listen: (events) => listeners = listen(config, events),
      mux: this.#accounts,
      limits: {
        loginTimeoutMs: config.limits.login_timeout_seconds * 1000,
        idleTimeoutMs: config.limits.idle_timeout_seconds * 1000,
        maxLineBytes: config.limits.max_line_bytes,
        maxRequestsPerSecond: config.limits.max_requests_per_second,
        maxConnections: maxMiners(config),
        maxConnectionsPerIp: config.limits.max_connections_per_ip,
        newConnectionsPerSecondPerIp: config.limits.new_connections_per_second_per_ip,
        banAfterViolations: config.limits.ban_after_violations,
        banMs: config.limits.ban_seconds * 1000,
        allow: config.limits.allow,
        deny: config.limits.deny,
      },
      naming: {
        fixedName: config.fixed_worker_name,
        ipFormat: config.use_ip_as_worker_name ? config.ip_worker_name_format : undefined,
      },
      reconnectsLostAsicboost: config.disconnect_when_lost_asicboost,
      version: `btcagent/${version}`,
      now: monotonicNow,
    });
    this.#listeners = listeners!;
    this.#accounts.tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Where miners connect to: `agent_listen_ip` and its port first. */
  get addresses(): readonly PeerAddress[] {
    return this.#listeners.addresses;
  }

  /** The parts, for whoever shows what is in them. */
  get parts(): ProxyParts {
    return { miners: this.#miners, accounts: this.#accounts, counter: this.#counter };
  }

  /** Everything that is counted. */
  statistics(): ProxyStatistics {
    const { count, waitingShares, strayVerdicts, traffic } = this.#accounts;
    return {
      ...this.#miners.counts,
      limitCounts: this.#miners.limitCounts,
      accounts: count,
      shares: this.#counter.total.snapshot(),
      minerShares: (sessionId) => this.#counter.miners.snapshot(sessionId),
      waitingShares,
      sessionIds: this.#sessionIds.leased,
      strayVerdicts,
      poolBytesRead: traffic.bytesRead,
      poolBytesWritten: traffic.bytesWritten,
    };
  }

  /**
   * Moves all miners to one pool of the list, counted from 0, and prefers it to the others until
   * told otherwise; `undefined` for the configured order.
   *
   * @throws RangeError when there is no such pool.
   */
  pinPool(pool: number | undefined): void {
    const { pools } = this.#options.config;
    if (pool !== undefined && !(pool in pools)) {
      throw new RangeError(`Cannot pin pool ${pool}: there are ${pools.length}, from 0 on`);
    }
    this.#accounts.pin(pool);
  }

  /**
   * Takes no more from miners, writes out what was gathered, waits up to `drainMs` for that and for
   * verdicts, then closes everything.
   */
  async stop(drainMs: number = DRAIN_TIMEOUT_MS): Promise<void> {
    this.#miners.drain();
    this.#accounts.flush();
    const deadline = monotonicNow() + drainMs;
    const isDrained = () => this.#accounts.waitingShares === 0 && this.#accounts.waitingBytes === 0;
    while (!isDrained() && monotonicNow() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    const left = this.#accounts.waitingShares;
    if (left > 0) log.warn("Stopping with {left} shares whose verdict did not come", { left });
    clearInterval(this.#timer);
    await this.#miners.stop();
    this.#accounts.stop();
  }

  /** Opens an account; `name` is empty for the one whose sub-accounts the pool list has. */
  #openAccount(name: string): Account {
    const { config, version } = this.#options;
    const mux = new Multiplexer({
      counter: this.#counter,
      fanout: { broadcast: (miners, job) => this.#miners.broadcast(miners, job) },
      nextJobNumber: () => this.#nextJobNumber++,
      releaseSession: (sessionId) => this.#sessionIds.release(sessionId),
      now: monotonicNow,
      isNamedByMiners: config.multi_user_mode,
      graceMs: config.always_keep_downconn ? Infinity : config.outage.grace_seconds * 1000,
    });
    const upstreams = new PoolSlots({
      pools: config.pools.map(([host, port, account]) => ({
        host,
        port,
        account: name === "" ? account ?? "" : name,
      })),
      connections: config.advanced.pool_connection_number_per_subaccount,
      clientAgent: `btccom-agent/${version}-deno`,
      wantsVerdicts: config.submit_response_from_server ?? true,
      returnAfterMs: config.failover.return_after_seconds * 1000,
      standbyIntervalMs: config.always_keep_downconn
        ? config.advanced.fake_job_notify_interval_seconds * 1000
        : undefined,
      session: {
        dial: this.#dial,
        handshakeTimeoutMs: config.advanced.pool_connection_dial_timeout_seconds * 1000,
        readTimeoutMs: config.advanced.pool_connection_read_timeout_seconds * 1000,
        shareWindowMs: config.advanced.share_batch_window_ms,
      },
      mux,
      now: monotonicNow,
      random: Math.random,
    });
    return { mux, upstreams };
  }

  #tick(): void {
    try {
      this.#accounts.tick();
      if (++this.#ticks % TICKS_PER_SWEEP === 0) this.#miners.sweep();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      log.error("A fault of btcagent itself, please report it: {stack}", { stack });
    }
  }
}

/** How many miners may be connected, said in the log with what decides it. */
function maxMiners(config: Config): number {
  const accounts = config.multi_user_mode ? config.limits.max_accounts : 1;
  const connections = config.advanced.pool_connection_number_per_subaccount ?? 1;
  const wanted = config.limits.max_miners;
  const openFiles = openFileLimit();
  // Beside those in use: one spare, and one being dialled.
  const { miners, reserve } = roomForMiners(openFiles, wanted, accounts * (connections + 2));
  const values = { miners, openFiles, reserve, wanted };
  if (openFiles === undefined) {
    log.info("Up to {miners} miners: how many files may be open is not known here", values);
  } else if (wanted !== undefined && wanted > miners) {
    log.warn(`Only {miners} miners, not {wanted} as in limits.max_miners: ${FILES}`, values);
  } else if (miners < (wanted ?? MAX_SESSION_ID)) {
    log.info(`Up to {miners} miners: ${FILES}`, values);
  } else {
    log.info("Up to {miners} miners", values);
  }
  return miners;
}

const FILES = "{openFiles} files may be open, {reserve} of them are kept for pools and logs. " +
  "For more, raise the limit (ulimit -n, or LimitNOFILE= of the service)";

function listen(config: Config, events: EngineEvents): Listeners {
  const addresses = [
    { hostname: config.agent_listen_ip, port: config.agent_listen_port },
    ...config.listen.map(({ address, port }) => ({ hostname: address, port })),
  ];
  const isTooManyForLibc = addresses.length > MAX_LIBC_LISTENERS;
  const start: StartEngine = (address, engineEvents) => {
    const wanted = isTooManyForLibc ? "deno" : config.advanced.io_engine;
    const { engine, kind, reason } = startEngine(wanted, {
      ...address,
      events: engineEvents,
      limits: {
        maxWaitingBytes: MINER_MAX_WAITING_BYTES,
        stallTimeoutMs: MINER_STALL_TIMEOUT_MS,
      },
      now: monotonicNow,
    });
    log.info("Listening for miners on {address} with the {kind} engine{reason}", {
      address: formatAddress(engine.address),
      kind,
      reason: isTooManyForLibc
        ? `, not libc: that serves at most ${MAX_LIBC_LISTENERS} addresses`
        : reason === undefined
        ? ""
        : `, not libc: ${reason}`,
    });
    return engine;
  };
  return new Listeners(addresses, start, events);
}

function dialFor(config: Config): Dial {
  return createDial({
    proxies: config.use_proxy ? config.proxy : [],
    triesDirectToo: config.direct_connect_with_proxy,
    triesDirectAfter: config.direct_connect_after_proxy,
    usesTls: config.pool_use_tls,
    tls: {
      isVerified: config.advanced.tls_skip_certificate_verify !== true,
      caFile: config.tls.ca_file,
      pins: config.tls.certificate_sha256,
    },
    timeoutMs: config.advanced.pool_connection_dial_timeout_seconds * 1000,
    environment: (name) => Deno.env.get(name),
  });
}
