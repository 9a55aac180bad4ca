/**
 * Reaches pools: directly or through proxies, in plain TCP or TLS.
 *
 * All proxies are tried at once, with the direct way if configured; if all fail, the direct way is
 * tried alone, if configured. A way that races, or that goes through something that accepts any
 * connection, counts only once the pool has answered the opening, if one is given
 * (first_answer.ts), or else our own question (pool_probe.ts).
 */

import type { Time } from "../../base/clock.ts";
import {
  formatProxyAddress,
  parseProxyAddress,
  type ProxyAddress,
} from "../../base/proxy_address.ts";
import { areaLog } from "../../observe/log.ts";
import { OutageLines } from "../../observe/outage_lines.ts";
import type { Attempt } from "./attempt.ts";
import type { Connection, Dial, Opening, PoolAddress } from "./connection.ts";
import { dialTcp } from "./dial.ts";
import { awaitFirstAnswer } from "./first_answer.ts";
import { writeAll } from "./handshake_bytes.ts";
import { probePool } from "./pool_probe.ts";
import { type Entrant, type Failure, race } from "./race.ts";
import { type Environment, systemProxy } from "./system_proxy.ts";
import { readTlsPolicy, type TlsPolicy, type TlsSettings } from "../tls/policy.ts";
import { openTrusted, type Way } from "./way.ts";

/** Settings of the dialer. */
export interface DialerOptions {
  /**
   * Addresses of proxies, or `system` for the proxy in the environment; empty for the direct way.
   */
  readonly proxies: readonly string[];
  /** Whether the direct way is tried together with the proxies. */
  readonly triesDirectToo: boolean;
  /** Whether the direct way is tried after every proxy has failed. */
  readonly triesDirectAfter: boolean;
  /** Whether pools whose address does not say so use TLS. */
  readonly usesTls: boolean;
  /** For the pool and for proxies with TLS; the pins are only for the pool. */
  readonly tls: TlsSettings;
  /**
   * The caller gives up after this time, in milliseconds. All ways together get a part of it, which
   * leaves time for the pool's handshake, or to report why there is no connection.
   */
  readonly timeoutMs: number;
  /** Where `system` looks up its proxy at every dial. */
  readonly environment: Environment;
}

/** The part of the time-out within which a connection must be made. */
const DIAL_PART = 0.8;

const DIRECT: Way = { name: "directly", proxy: undefined };

const log = areaLog("pool");

/**
 * The dial for these options. Its error names each way that was tried and why it failed, but never
 * a user or a password.
 *
 * @param reachedAgain Called for each further connection of one dial that reaches the pool.
 * @throws Error if the address of a proxy is not valid; the configuration has checked them.
 */
export function createDial(
  options: DialerOptions,
  time: Time,
  reachedAgain: (address: PoolAddress) => void = () => {},
): Dial {
  const listed = listedWays(options);
  // A proxy that is down is logged with the first connection, then once a minute.
  const outages = new OutageLines(time.now);
  return async (address, signal, opening) => {
    const usesTls = address.usesTls ?? options.usesTls;
    if (listed.length === 0 && !usesTls) return await dialTcp(address, signal, opening);
    const where = `${address.host}:${address.port}`;
    const tls = await readTlsPolicy(options.tls);
    signal.throwIfAborted();
    const rounds = waysInRounds(listed, address, options);
    const timeoutMs = options.timeoutMs * DIAL_PART / rounds.length;
    const failures: Failure[] = [];
    let connections = 0;
    const reached = () => {
      if (++connections > 1) reachedAgain(address);
    };
    for (const ways of rounds) {
      const result = await race(
        ways.map((way) =>
          entrant(way, { address, usesTls, tls, opening, reached }, ways.length > 1)
        ),
        signal,
        timeoutMs,
        time,
      );
      failures.push(...result.failures);
      if (result.winner === undefined) continue;
      for (const { name, reason } of failures) {
        const line = outages.failed(`${where} ${name}`);
        if (line === undefined) continue;
        const more = line.more === 0 ? "" : `; ${line.more} more like this in ${line.seconds} s`;
        const values = { pool: where, way: name, reason, more };
        log.warn("Pool {pool} not reached {way}: {reason}{more}", values);
      }
      const { name, connection } = result.winner;
      outages.works(`${where} ${name}`);
      if (listed.length > 0) log.info("Pool {pool} reached {way}", { pool: where, way: name });
      return connection;
    }
    throw new Error(`Cannot reach ${where}: ${formatFailures(failures)}`);
  };
}

/**
 * Every way that {@linkcode createDial} with the same options tries to `address`.
 *
 * @throws Error if the address of a proxy is not valid; the configuration has checked them.
 */
export function waysTo(address: PoolAddress, options: DialerOptions): readonly Way[] {
  return waysInRounds(listedWays(options), address, options).flat();
}

function listedWays({ proxies }: DialerOptions): (Way | "system")[] {
  return proxies.map((text) => text === "system" ? text : listedWay(text));
}

function listedWay(text: string): Way {
  const result = parseProxyAddress(text);
  if (!result.ok) throw new Error(`Cannot use a proxy: found ${result.found}`);
  return proxyWay(result.proxy);
}

function proxyWay(proxy: ProxyAddress): Way {
  return { name: `through ${formatProxyAddress(proxy)}`, proxy };
}

/** Groups the ways: those of one group are tried at once, the next group after all have failed. */
function waysInRounds(
  listed: readonly (Way | "system")[],
  address: PoolAddress,
  { triesDirectToo, triesDirectAfter, environment }: DialerOptions,
): (readonly Way[])[] {
  const ways = listed.map((way) => way === "system" ? systemWay(environment, address) : way);
  if (triesDirectToo || ways.length === 0) ways.push(DIRECT);
  // The environment may name a proxy that is also in the list, or none, which means the direct way.
  const unique = [...new Map(ways.map((way) => [JSON.stringify(way), way])).values()];
  return unique.includes(DIRECT) || !triesDirectAfter ? [unique] : [unique, [DIRECT]];
}

function systemWay(environment: Environment, address: PoolAddress): Way {
  const found = systemProxy(environment, address);
  if (found === undefined) return DIRECT;
  return typeof found === "string"
    ? { name: "through the proxy of the environment", proxy: undefined, problem: found }
    : proxyWay(found);
}

/** The connection to open, whichever way. */
interface Target {
  readonly address: PoolAddress;
  readonly usesTls: boolean;
  readonly tls: TlsPolicy;
  readonly opening: Opening | undefined;
  readonly reached: () => void;
}

function entrant(
  way: Way,
  { address, usesTls, tls, opening, reached }: Target,
  hasRivals: boolean,
): Entrant {
  const { name, proxy } = way;
  const open = async (attempt: Attempt): Promise<Connection> => {
    const connection = await openTrusted(way, address, usesTls, tls, attempt, reached);
    if (opening !== undefined) await writeAll(connection, opening.bytes);
    if (proxy === undefined && !usesTls && !hasRivals) return connection;
    if (opening !== undefined) return await awaitFirstAnswer(connection, attempt, opening);
    attempt.waitingFor = "the pool's answer";
    return await probePool(connection);
  };
  return { name, open };
}

/**
 * The reasons in words, numbered if there are several; ways that failed for the same reason are
 * named together.
 */
function formatFailures(failures: readonly Failure[]): string {
  const byReason = Map.groupBy(failures, ({ reason }) => reason);
  const lines = Array.from(
    byReason,
    // Sorted, so that the same trouble gives the same text, whichever way failed first.
    ([reason, ways]) => `${ways.map(({ name }) => name).sort().join(", ")}: ${reason}`,
  );
  return lines.length === 1 ? lines[0]! : lines.map((line, i) => `(${i + 1}) ${line}`).join(" ");
}
