/**
 * What each part of the proxy is told, out of the configuration.
 */

import type { Time } from "../base/clock.ts";
import { configuredPools } from "../config/pools.ts";
import type { Config } from "../config/schema.ts";
import type { MinersSettings } from "../miner/miners.ts";
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
 * Connections to a pool that are being opened at a time, whatever opens them: 10 at once and one a
 * second (net/pools/connect_limiter.ts) for the 15 s that each may take.
 */
const DIALS_AT_ONCE = 25;

/** Connections of one account that serve, at most: looking after more takes too much of a tick. */
const MOST_CONNECTIONS = 1_000;

const log = areaLog("agent");

/** Where miners connect to: `agent_listen_ip` and its port first. */
export function listenAddresses(config: Config): ListenAddress[] {
  return [
    { hostname: config.agent_listen_ip, port: config.agent_listen_port },
    ...config.listen.map(({ address, port, tls }) => ({ hostname: address, port, tls })),
  ];
}

/** The certificates that are shown to miners. */
export function certificateFiles(config: Config): CertificateFiles[] {
  return config.listen.flatMap(({ tls }) => tls ?? []);
}

/** What the miners' side is told; `maxConnections` is as {@linkcode maxMiners} says. */
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
 * What all accounts are told.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function accountsSettings(
  config: Config,
  openFiles: number | undefined,
): AccountsSettings {
  const { max_miners: wanted, max_accounts: most } = config.limits;
  const { poolConnections } = roomForMiners(openFiles, wanted, poolFiles(config));
  // Files must not run out for the connections of those that are open.
  const fitting = Math.floor((poolConnections - mostDials(config, most)) / perAccount(config));
  const isBoundByFiles = openFiles !== undefined && fitting < most;
  return {
    maxAccounts: isBoundByFiles ? Math.max(1, fitting) : most,
    accountsBound: isBoundByFiles
      ? "all that open files allow (ulimit -n, or LimitNOFILE= of the service)"
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
 * What the pool connections of one account are told.
 *
 * @param account The sub-account or user at every pool; empty where the pool list has them.
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

/** Milliseconds; 0 is never. */
function msOrNever(seconds: number): number {
  return seconds === 0 ? Infinity : seconds * 1000;
}

/** How pools are reached; what one dial opens to a pool beside the first counts with `connects`. */
export function dialFor(config: Config, time: Time, connects: ConnectLimiter): Dial {
  return createDial(dialerOptions(config), time, (address) => connects.connectsAgain(address));
}

/** The same as settings. */
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
    // In a planned move from one to another both pools have theirs for a while.
    minersPerConnection: fewestMiners(config) / 2,
    wantsOneEach: configuredPools(config)
      .some(({ kind, workers }) => kind !== "agent" && workers === "connection"),
  };
}

/**
 * The fewest miners that a full connection to a pool of the list may have: the operator's wish counts,
 * and a pool may leave 4 bytes, of which miners roll 3. Infinity where one holds all.
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

/** Connections of one account: those in use, and a spare. */
function perAccount({ advanced }: Config): number {
  return (advanced.pool_connection_number_per_subaccount ?? 1) + 1;
}

/** Sockets of connections that are being opened: proxies race for each. */
function mostDials(config: Config, accounts: number): number {
  const ways = config.use_proxy ? config.proxy.length + 1 : 1;
  return Math.min(accounts, DIALS_AT_ONCE) * ways;
}

/**
 * How many miners may be connected. Logs it with what decides it, unless it equals `before`.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function maxMiners(config: Config, openFiles: number | undefined, before?: number): number {
  const wanted = config.limits.max_miners;
  const { miners, reserve } = roomForMiners(openFiles, wanted, poolFiles(config));
  if (miners === before) return miners;
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

/**
 * How many connections of single workers may be open, for pools whose entries want them. Logs it if
 * those are fewer than there may be miners.
 *
 * @param openFiles How many files may be open; `undefined` if that is not known.
 */
export function mostWorkerConnections(config: Config, openFiles: number | undefined): number {
  const files = poolFiles(config);
  const { miners, workerConnections } = roomForMiners(openFiles, config.limits.max_miners, files);
  if (files.wantsOneEach && workerConnections < miners) {
    log.warn(
      "Up to {miners} miners, but open files leave room for no more than {workers} connections of " +
        'single workers, as workers "connection" wants them: other miners work on the connection ' +
        "for all. Raise the limit (ulimit -n, or LimitNOFILE= of the service), or lower " +
        "limits.max_miners",
      { miners, workers: workerConnections },
    );
  }
  return workerConnections;
}

const FILES = "{openFiles} files may be open, {reserve} of them are kept for pools and logs. " +
  "For more, raise the limit (ulimit -n, or LimitNOFILE= of the service)";

/** Pools that follow a farm aim at a share in this time, in seconds. */
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
