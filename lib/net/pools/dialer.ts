/**
 * How pools are reached: directly or through proxies, in plain TCP or TLS.
 *
 * Proxies race each other, and the direct way with them if asked to; when all have failed the
 * direct way is tried alone, if that is wanted. A way that ends at something that accepts any
 * connection, or that races, counts only when a pool has answered: the opening, where one is given
 * (first_answer.ts), else a question of our own (pool_probe.ts).
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
import type { Connection, Dial, PoolAddress } from "./connection.ts";
import { dialTcp } from "./dial.ts";
import { awaitFirstAnswer } from "./first_answer.ts";
import { writeAll } from "./handshake_bytes.ts";
import { probePool } from "./pool_probe.ts";
import { type Entrant, type Failure, race } from "./race.ts";
import { type Environment, systemProxy } from "./system_proxy.ts";
import { readTlsPolicy, type TlsPolicy, type TlsSettings } from "../tls/policy.ts";
import { openTrusted, type Way } from "./way.ts";

/** How pools are to be reached. */
export interface DialerOptions {
  /** Addresses of proxies, or `system` for the one of the environment; none for the direct way. */
  readonly proxies: readonly string[];
  /** Whether the direct way races with the proxies. */
  readonly triesDirectToo: boolean;
  /** Whether the direct way is tried when every proxy has failed. */
  readonly triesDirectAfter: boolean;
  /** Whether TLS is spoken to pools whose address does not say so itself. */
  readonly usesTls: boolean;
  /** For the pool and for proxies behind TLS; the pins are for the pool alone. */
  readonly tls: TlsSettings;
  /**
   * Who dials gives up after so long, in milliseconds. All ways together get a part of it, which
   * leaves time for the pool's handshake, or to say why there is no connection.
   */
  readonly timeoutMs: number;
  /** Where `system` looks its proxy up, each time it is dialled. */
  readonly environment: Environment;
}

/** The part of the time-out in which a connection must be made. */
const DIAL_PART = 0.8;

const DIRECT: Way = { name: "directly", proxy: undefined };

const log = areaLog("pool");

/**
 * The dial for these options. When it fails its error names each way tried with what was in the
 * way, and never a user or a password.
 *
 * @param reachedAgain Hears of each connection of one dial that reaches the pool after the first.
 * @throws Error when one of the proxies is no address; the configuration has checked them.
 */
export function createDial(
  options: DialerOptions,
  time: Time,
  reachedAgain: (address: PoolAddress) => void = () => {},
): Dial {
  const listed = listedWays(options);
  // A proxy that is down is heard of with the first connection, then once a minute.
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
 * @throws Error when one of the proxies is no address; the configuration has checked them.
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

/** Which ways are tried at once, and which after those have failed. */
function waysInRounds(
  listed: readonly (Way | "system")[],
  address: PoolAddress,
  { triesDirectToo, triesDirectAfter, environment }: DialerOptions,
): (readonly Way[])[] {
  const ways = listed.map((way) => way === "system" ? systemWay(environment, address) : way);
  if (triesDirectToo || ways.length === 0) ways.push(DIRECT);
  // The environment may name a proxy of the list, or none, which is the direct way.
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

/** What is opened, whichever way. */
interface Target {
  readonly address: PoolAddress;
  readonly usesTls: boolean;
  readonly tls: TlsPolicy;
  readonly opening: Uint8Array | undefined;
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
    if (opening !== undefined) await writeAll(connection, opening);
    if (proxy === undefined && !usesTls && !hasRivals) return connection;
    if (opening !== undefined) return await awaitFirstAnswer(connection, attempt);
    attempt.waitingFor = "the pool's answer";
    return await probePool(connection);
  };
  return { name, open };
}

/** One reason, or all of them numbered; ways that failed for the same reason are named together. */
function formatFailures(failures: readonly Failure[]): string {
  const byReason = Map.groupBy(failures, ({ reason }) => reason);
  const lines = Array.from(
    byReason,
    // In one order, whichever was the first to fail: the same trouble reads the same.
    ([reason, ways]) => `${ways.map(({ name }) => name).sort().join(", ")}: ${reason}`,
  );
  return lines.length === 1 ? lines[0]! : lines.map((line, i) => `(${i + 1}) ${line}`).join(" ");
}
