/**
 * The settings of each part of the proxy, from the configuration.
 */

import type { Time } from "../base/clock.ts";
import { configuredPools } from "../config/pools.ts";
import type { Config } from "../config/schema.ts";
import type { MinersSettings } from "../miner/miners_options.ts";
import type { AccountsSettings } from "../mux/accounts.ts";
import type { CertificateFiles } from "../net/tls/certificate_files.ts";
import type { ConnectLimiter } from "../net/pools/connect_limiter.ts";
import type { Dial } from "../net/pools/connection.ts";
import { createDial, type DialerOptions } from "../net/pools/dialer.ts";
import type { ListenAddress } from "../net/miners/listeners.ts";
import { type PoolFiles, roomForMiners } from "../host/open_files.ts";
import { areaLog } from "../observe/log.ts";
import type { KnownPool } from "../pool/pool_ids.ts";
import type { RosterSettings } from "../pool/settings.ts";
import { MINERS_BY_BYTE } from "../mux/terms.ts";
import { MAX_SESSION_ID } from "../mux/session_ids.ts";

/**
 * The most connections to a pool that are being opened at one time: 10 at once, plus one a second
 * (net/pools/connect_limiter.ts) for the 15 s that each may take.
 */
const DIALS_AT_ONCE = 25;

/** The most serving connections of one account: more would take too much of a tick. */
const MOST_CONNECTIONS = 1_000;

const log = areaLog("agent");

/** Where miners connect to: `agent_listen_ip` and its port first. */
export function listenAddresses(config: Config): ListenAddress[] {
  return [
    {
      hostname: config.agent_listen_ip,
      port: config.agent_listen_port,
      trusted: config.agent_listen_proxy_protocol?.trusted,
    },
    ...config.listen.map(({ address, port, tls, proxy_protocol }) => ({
      hostname: address,
      port,
      tls,
      trusted: proxy_protocol?.trusted,
    })),
  ];
}

/** The certificates that are shown to miners. */
export function certificateFiles(config: Config): CertificateFiles[] {
  return config.listen.flatMap(({ tls }) => tls ?? []);
}

/** The settings of the miners' side; `maxConnections` comes from {@linkcode maxMiners}. */
export function minersSettings(config: Config, maxConnections: number): MinersSettings {
  const { limits } = config;
  return {
    limits: {
      loginTimeoutMs: limits.login_timeout_seconds * 1000,
      idleTimeoutMs: limits.idle_timeout_seconds * 1000,
      maxLineBytes: limits.max_line_bytes,
      maxRequestsPerSecond: limits.max_requests_per_second,
      maxConnections,
      maxConnectionsPerIp: limits.max_connections_per_ip,
      newConnectionsPerSecondPerIp: limits.new_connections_per_second_per_ip,
      banAfterViolations: limits.ban_after_violations,
      banMs: limits.ban_seconds * 1000,
      allow: limits.allow,
      deny: limits.deny,
    },
    naming: {
      fixedName: config.fixed_worker_name,
      ipFormat: config.use_ip_as_worker_name ? config.ip_worker_name_format : undefined,
    },
    reconnectsLostAsicboost: config.disconnect_when_lost_asicboost,
  };
}

/**
 * The settings of all accounts.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function accountsSettings(
  config: Config,
  openFiles: number | undefined,
): AccountsSettings {
  const { max_miners: wanted, max_accounts: most } = config.limits;
  const { poolConnections } = roomForMiners(openFiles, wanted, poolFiles(config));
  // The connections of open accounts must not run out of files.
  const fitting = Math.floor((poolConnections - mostDials(config, most)) / perAccount(config));
  const isBoundByFiles = openFiles !== undefined && fitting < most;
  return {
    maxAccounts: isBoundByFiles ? Math.max(1, fitting) : most,
    accountsBound: isBoundByFiles
      ? "the limit of open files (ulimit -n, or LimitNOFILE= of the service)"
      : "limits.max_accounts",
    newAccountsPerMinutePerIp: config.limits.new_accounts_per_minute_per_ip,
    graceMs: graceMs(config),
  };
}

/** How long an account's miners are kept without any pool, in milliseconds. */
export function graceMs(config: Config): number {
  return config.always_keep_downconn ? Infinity : config.outage.grace_seconds * 1000;
}

/**
 * The settings of one account's pool connections.
 *
 * @param account The sub-account or user at every pool; empty if the pool list names it.
 * @param pools The pools of the configuration, in its order.
 */
export function poolSettings(
  config: Config,
  account: string,
  pools: readonly KnownPool[],
  dial: Dial,
): RosterSettings {
  const { advanced, failover } = config;
  const { pool_connection_read_timeout_seconds: readTimeout } = advanced;
  return {
    pools: pools.map((pool) => ({
      ...pool,
      account: account === "" ? pool.account ?? "" : account,
    })),
    connections: advanced.pool_connection_number_per_subaccount,
    mostConnections: MOST_CONNECTIONS,
    returnAfterMs: failover.return_after_seconds * 1000,
    halfDead: {
      noJobMs: msOrNever(failover.no_job_seconds),
      allRefusedMs: msOrNever(failover.all_refused_seconds),
      noVerdictMs: msOrNever(failover.no_verdict_seconds),
    },
    leavesOnPayoutChange: failover.leave_on_payout_change,
    standbyIntervalMs: config.always_keep_downconn
      ? advanced.fake_job_notify_interval_seconds * 1000
      : undefined,
    connection: {
      dial,
      extranonce2Bytes: config.extranonce2_bytes,
      wantsVerdicts: config.submit_response_from_server ?? true,
      handshakeTimeoutMs: advanced.pool_connection_dial_timeout_seconds * 1000,
      readTimeoutMs: readTimeout === undefined ? undefined : readTimeout * 1000,
      shareWindowMs: advanced.share_batch_window_ms,
      verify: config.verify,
    },
  };
}

/** Seconds in milliseconds; 0 means never. */
function msOrNever(seconds: number): number {
  return seconds === 0 ? Infinity : seconds * 1000;
}

/**
 * How to reach pools. If one dial opens more than one connection to a pool, `connects` counts them.
 */
export function dialFor(config: Config, time: Time, connects: ConnectLimiter): Dial {
  return createDial(dialerOptions(config), time, (address) => connects.connectsAgain(address));
}

/** The same as options of the dialer. */
export function dialerOptions(config: Config): DialerOptions {
  return {
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
  };
}

/** What connections to pools need. */
export function poolFiles(config: Config): PoolFiles {
  const accounts = config.multi_user_mode ? config.limits.max_accounts : 1;
  return {
    connections: accounts * perAccount(config) + mostDials(config, accounts),
    // During a planned move, both pools have connections for a while.
    minersPerConnection: fewestMiners(config) / 2,
    wantsOneEach: configuredPools(config)
      .some(({ kind, workers }) => kind !== "agent" && workers === "connection"),
  };
}

/**
 * The fewest miners on a full connection to a pool of the list: as `miners_per_connection` says, or
 * less where a pool leaves 4 bytes, of which miners roll 3. Infinity where one connection holds
 * all.
 */
function fewestMiners(config: Config): number {
  const byBytes = config.extranonce2_bytes === 2 ? Infinity : MINERS_BY_BYTE;
  return configuredPools(config)
    .filter(({ kind }) => kind !== "agent")
    .reduce(
      (fewest, { minersPerConnection = Infinity }) =>
        Math.min(fewest, byBytes, minersPerConnection),
      Infinity,
    );
}

/** How many connections one account has: those in use, and a spare. */
function perAccount({ advanced }: Config): number {
  return (advanced.pool_connection_number_per_subaccount ?? 1) + 1;
}

/** The most sockets of connections that are being opened: for each, several proxies may race. */
function mostDials(config: Config, accounts: number): number {
  const ways = config.use_proxy ? config.proxy.length + 1 : 1;
  return Math.min(accounts, DIALS_AT_ONCE) * ways;
}

/**
 * How many miners may be connected. Logs the number and its reason, unless it equals `before`.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function maxMiners(config: Config, openFiles: number | undefined, before?: number): number {
  const wanted = config.limits.max_miners;
  const { miners, reserve } = roomForMiners(openFiles, wanted, poolFiles(config));
  if (miners === before) return miners;
  const values = { miners, openFiles, reserve, wanted };
  if (openFiles === undefined) {
    log.info("Up to {miners|miner}: the limit of open files is not known here", values);
  } else if (wanted !== undefined && wanted > miners) {
    log.warn(`Only {miners|miner}, not {wanted} as in limits.max_miners: ${FILES}`, values);
  } else if (miners < (wanted ?? MAX_SESSION_ID)) {
    log.info(`Up to {miners|miner}: ${FILES}`, values);
  } else {
    log.info("Up to {miners|miner}", values);
  }
  return miners;
}

/**
 * How many connections of single workers may be open, for pools whose entries want them. Logs it if
 * there may be more miners than that.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function mostWorkerConnections(config: Config, openFiles: number | undefined): number {
  const files = poolFiles(config);
  const { miners, workerConnections } = roomForMiners(openFiles, config.limits.max_miners, files);
  if (files.wantsOneEach && workerConnections < miners) {
    log.warn(
      "Up to {miners|miner}, but the limit of open files leaves room for only " +
        '{workers|connection} of single workers (workers is "connection"): the others work on ' +
        "the shared connection. " +
        "Raise the limit (ulimit -n, or LimitNOFILE= of the service), or lower " +
        "limits.max_miners",
      { miners, workers: workerConnections },
    );
  }
  return workerConnections;
}

const FILES = "the limit of open files is {openFiles}, of which {reserve} are reserved for " +
  "pools and logs. For more, raise the limit (ulimit -n, or LimitNOFILE= of the service)";

/** A pool that adjusts its difficulty to a farm aims at one share in this time, in seconds. */
const POOL_SHARE_SECONDS = 3.3;

/** The difficulty to suggest to a pool for miners with this hashrate; `undefined` if unknown. */
export function difficultyFor(hashrate: number | undefined): number | undefined {
  if (hashrate === undefined || hashrate <= 0) return undefined;
  return hashrate * POOL_SHARE_SECONDS / 2 ** 32;
}

/** How long workers are remembered after they left, in milliseconds. */
export function rememberMs({ workers }: Config): number {
  return workers.remember_hours * 3_600_000;
}
