/**
 * The one place that builds the parts and joins them; start, drain, stop.
 *
 *     miners ─▶ Miners ─▶ Accounts ─▶ Multiplexer ─▶ PoolSlots ─▶ pools
 */

import { monotonicNow } from "./base/clock.ts";
import type { Config } from "./config/schema.ts";
import { Miners } from "./miner/miners.ts";
import { Accounts } from "./mux/accounts.ts";
import { type LedgerSnapshot, ShareCounter } from "./mux/ledger.ts";
import { Multiplexer } from "./mux/multiplexer.ts";
import { SessionIds } from "./mux/session_ids.ts";
import { startEngine } from "./net/choose_engine.ts";
import { createDial } from "./net/dialer.ts";
import { formatAddress, type PeerAddress } from "./net/engine.ts";
import { LibcUnavailable } from "./net/libc.ts";
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
  /** All shares since the start. */
  readonly shares: LedgerSnapshot;
  /** Each connected miner's shares, by session id. */
  readonly minerShares: (sessionId: number) => LedgerSnapshot;
  /** Shares whose verdict may still come. */
  readonly waitingShares: number;
  /** Session ids in use, those of miners the pool is still to be told about included. */
  readonly sessionIds: number;
  /** Verdicts that named no waiting share. */
  readonly strayVerdicts: number;
  /** Payload bytes read from pools. */
  readonly poolBytesRead: number;
  /** Payload bytes written to pools. */
  readonly poolBytesWritten: number;
}

/** A running proxy. */
export class Proxy {
  readonly #sessionIds = new SessionIds(monotonicNow);
  readonly #counter = new ShareCounter(MAX_SESSION_ID + 1);
  readonly #mux: Multiplexer;
  readonly #slots: PoolSlots;
  readonly #miners: Miners;
  readonly #timer: ReturnType<typeof setInterval>;
  #ticks = 0;

  /**
   * Starts listening for miners and opens the pool connections.
   *
   * @throws what listening throws; see {@linkcode listenProblem}.
   */
  constructor({ config, version }: ProxyOptions) {
    const now = monotonicNow;
    // Job ids go on across restarts: a share for a job of the last run must not fit one of this.
    let jobNumber = Math.floor(Date.now() / 1000);
    this.#mux = new Multiplexer({
      counter: this.#counter,
      fanout: { broadcast: (miners, job) => this.#miners.broadcast(miners, job) },
      nextJobNumber: () => jobNumber++,
      releaseSession: (sessionId) => this.#sessionIds.release(sessionId),
      now,
      graceMs: config.outage.grace_seconds * 1000,
    });
    this.#slots = new PoolSlots({
      pools: config.pools.map(([host, port, account]) => ({ host, port, account: account ?? "" })),
      connections: config.advanced.pool_connection_number_per_subaccount,
      clientAgent: `btccom-agent/${version}-deno`,
      wantsVerdicts: config.submit_response_from_server ?? true,
      returnAfterMs: config.failover.return_after_seconds * 1000,
      session: {
        dial: createDial({
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
        }),
        handshakeTimeoutMs: config.advanced.pool_connection_dial_timeout_seconds * 1000,
        readTimeoutMs: config.advanced.pool_connection_read_timeout_seconds * 1000,
        shareWindowMs: config.advanced.share_batch_window_ms,
      },
      mux: this.#mux,
      now,
      random: Math.random,
    });
    this.#miners = new Miners({
      listen: (events) => {
        const { engine, kind, reason } = startEngine(config.advanced.io_engine, {
          hostname: config.agent_listen_ip,
          port: config.agent_listen_port,
          events,
          limits: {
            maxWaitingBytes: MINER_MAX_WAITING_BYTES,
            stallTimeoutMs: MINER_STALL_TIMEOUT_MS,
          },
          now,
        });
        if (reason === undefined) log.info("Miners are served by the {kind} engine", { kind });
        else {log.info("Miners are served by the {kind} engine, not libc: {reason}", {
            kind,
            reason,
          });}
        return engine;
      },
      mux: new Accounts({
        sessionIds: this.#sessionIds,
        counter: this.#counter,
        defaultVersionMask: config.advanced.bitcoin_default_version_mask,
        single: this.#mux,
      }),
      limits: {
        loginTimeoutMs: config.limits.login_timeout_seconds * 1000,
        idleTimeoutMs: config.limits.idle_timeout_seconds * 1000,
        maxLineBytes: config.limits.max_line_bytes,
        maxMiners: config.limits.max_miners,
      },
      naming: {
        fixedName: config.fixed_worker_name,
        ipFormat: config.use_ip_as_worker_name ? config.ip_worker_name_format : undefined,
      },
      version: `btcagent/${version}`,
      now,
    });
    log.info("Listening for miners on {address}", { address: formatAddress(this.#miners.address) });
    this.#slots.tick();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Where miners connect to. */
  get address(): PeerAddress {
    return this.#miners.address;
  }

  /** Everything that is counted. */
  statistics(): ProxyStatistics {
    return {
      ...this.#miners.counts,
      shares: this.#counter.total.snapshot(),
      minerShares: (sessionId) => this.#counter.miners.snapshot(sessionId),
      waitingShares: this.#mux.waitingShares,
      sessionIds: this.#sessionIds.leased,
      strayVerdicts: this.#mux.strayVerdicts,
      poolBytesRead: this.#slots.bytesRead,
      poolBytesWritten: this.#slots.bytesWritten,
    };
  }

  /**
   * Takes no more from miners, writes out what was gathered, waits up to `drainMs` for verdicts,
   * then closes everything.
   */
  async stop(drainMs: number = DRAIN_TIMEOUT_MS): Promise<void> {
    this.#miners.drain();
    this.#slots.flush();
    const deadline = monotonicNow() + drainMs;
    while (this.#mux.waitingShares > 0 && monotonicNow() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    const left = this.#mux.waitingShares;
    if (left > 0) log.warn("Stopping with {left} shares whose verdict did not come", { left });
    clearInterval(this.#timer);
    await this.#miners.stop();
    this.#slots.stop();
  }

  #tick(): void {
    try {
      this.#slots.tick();
      this.#mux.tick();
      if (++this.#ticks % TICKS_PER_SWEEP === 0) this.#miners.sweep();
    } catch (error) {
      const stack = error instanceof Error ? error.stack : String(error);
      log.error("A fault of btcagent itself, please report it: {stack}", { stack });
    }
  }
}

/** What an operator is told when listening failed: what is in the way and what to do. */
export function listenProblem(error: unknown, hostname: string, port: number): string {
  const where = formatAddress({ hostname, port });
  if (error instanceof Deno.errors.AddrInUse) {
    return `Cannot listen for miners on ${where}: another program has this port, perhaps another ` +
      "agent; stop it, or set another agent_listen_port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `Cannot listen for miners on ${where}: this machine has no such address; set ` +
      "agent_listen_ip to one of its own, or to 0.0.0.0 for all";
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `Cannot listen for miners on ${where}: not allowed; ports below 1024 need extra ` +
      "rights, so set agent_listen_port to a higher one";
  }
  if (error instanceof LibcUnavailable) {
    return `Cannot listen for miners on ${where} with the libc engine: ${error.message}; or set ` +
      'advanced.io_engine to "auto"';
  }
  const found = error instanceof Error ? error.message : String(error);
  return `Cannot listen for miners on ${where}: ${found}; check agent_listen_ip and ` +
    "agent_listen_port";
}
