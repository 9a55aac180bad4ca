/**
 * How pools are reached: directly or through proxies, in plain TCP or TLS.
 *
 * Proxies race each other, and the direct way with them if asked to; when all have failed the
 * direct way is tried alone, if that is wanted. A way that ends at something that accepts any
 * connection, or that races, counts only when a pool has answered.
 */

import { formatProxyAddress, parseProxyAddress, type ProxyAddress } from "../base/proxy_address.ts";
import { areaLog } from "../observe/log.ts";
import type { Attempt } from "./attempt.ts";
import type { Connection, Dial, PoolAddress } from "./connection.ts";
import { dialTcp } from "./dial.ts";
import { withBytesAhead } from "./handshake_bytes.ts";
import { openHttpTunnel } from "./http_tunnel.ts";
import { probePool } from "./pool_probe.ts";
import { type Entrant, type Failure, race } from "./race.ts";
import { openSocksTunnel } from "./socks_tunnel.ts";
import { type Environment, systemProxy } from "./system_proxy.ts";
import { startTls, UntrustedByOwnAuthorities } from "./tls.ts";
import { readTlsPolicy, type TlsPolicy, type TlsSettings } from "./tls_policy.ts";

/** How pools are to be reached. */
export interface DialerOptions {
  /** Addresses of proxies, or `system` for the one of the environment; none for the direct way. */
  readonly proxies: readonly string[];
  /** Whether the direct way races with the proxies. */
  readonly triesDirectToo: boolean;
  /** Whether the direct way is tried when every proxy has failed. */
  readonly triesDirectAfter: boolean;
  /** Whether TLS is spoken to the pool. */
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

/** A way to a pool. */
interface Way {
  readonly name: string;
  /** `undefined` for the direct way. */
  readonly proxy: ProxyAddress | undefined;
  /** Why it cannot even be tried. */
  readonly problem?: string;
}

const DIRECT: Way = { name: "directly", proxy: undefined };

const log = areaLog("pool");

/**
 * The dial for these options. When it fails its error names each way tried with what was in the
 * way, and never a user or a password.
 *
 * @throws Error when one of the proxies is no address; the configuration has checked them.
 */
export function createDial(options: DialerOptions): Dial {
  if (options.proxies.length === 0 && !options.usesTls) return dialTcp;
  const listed = options.proxies.map((text) => text === "system" ? text : listedWay(text));
  return async (address, signal) => {
    const where = `${address.host}:${address.port}`;
    const tls = await readTlsPolicy(options.tls);
    signal.throwIfAborted();
    const rounds = waysInRounds(listed, address, options);
    const timeoutMs = options.timeoutMs * DIAL_PART / rounds.length;
    const failures: Failure[] = [];
    for (const ways of rounds) {
      const result = await race(
        ways.map((way) => entrant(way, address, options.usesTls, tls, ways.length > 1)),
        signal,
        timeoutMs,
      );
      failures.push(...result.failures);
      if (result.winner === undefined) continue;
      for (const { name, reason } of failures) {
        log.warn("Pool {pool} not reached {way}: {reason}", { pool: where, way: name, reason });
      }
      const { name, connection } = result.winner;
      if (listed.length > 0) log.info("Pool {pool} reached {way}", { pool: where, way: name });
      return connection;
    }
    throw new Error(`Cannot reach ${where}: ${formatFailures(failures)}`);
  };
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

function entrant(
  { name, proxy, problem }: Way,
  address: PoolAddress,
  usesTls: boolean,
  tls: TlsPolicy,
  hasRivals: boolean,
): Entrant {
  const open = async (attempt: Attempt): Promise<Connection> => {
    if (problem !== undefined) throw new Error(problem);
    const connection = await openTrusted(proxy, address, usesTls, tls, attempt);
    if (proxy === undefined && !usesTls && !hasRivals) return connection;
    attempt.waitingFor = "the pool's answer";
    return await probePool(connection);
  };
  return { name, open };
}

/** As `openConnection`, once more for each certificate that a well-known authority may have signed. */
async function openTrusted(
  proxy: ProxyAddress | undefined,
  address: PoolAddress,
  usesTls: boolean,
  policy: TlsPolicy,
  attempt: Attempt,
): Promise<Connection> {
  let poolTls = usesTls ? policy : undefined;
  let proxyTls = { ...policy, pins: [] };
  for (;;) {
    try {
      return await openConnection(proxy, address, poolTls, proxyTls, attempt);
    } catch (error) {
      if (!(error instanceof UntrustedByOwnAuthorities)) throw error;
      if (error.peer === "the proxy") proxyTls = { ...proxyTls, caCerts: [] };
      else poolTls = { ...policy, caCerts: [] };
    }
  }
}

/** Opens one connection: TCP, TLS to the proxy, the tunnel, TLS to the pool; whatever is asked. */
async function openConnection(
  proxy: ProxyAddress | undefined,
  address: PoolAddress,
  poolTls: TlsPolicy | undefined,
  proxyTls: TlsPolicy,
  attempt: Attempt,
): Promise<Connection> {
  attempt.waitingFor = "a connection";
  const tcp = attempt.hold(await dialTcp(proxy ?? address, attempt.signal));
  let carrier: Connection = tcp;
  if (proxy?.protocol === "https") {
    attempt.waitingFor = "TLS with the proxy";
    carrier = await startTls(tcp, tcp, "the proxy", proxy.host, proxyTls, attempt);
  }
  let bytesAhead: Uint8Array = new Uint8Array(0);
  if (proxy !== undefined) {
    attempt.waitingFor = "the proxy's answer";
    if (proxy.protocol === "socks5") await openSocksTunnel(carrier, address, proxy.credentials);
    else bytesAhead = await openHttpTunnel(carrier, address, proxy.credentials);
  }
  if (poolTls === undefined) return withBytesAhead(carrier, bytesAhead);
  if (bytesAhead.length > 0) {
    throw new Error("what is behind the proxy does not speak TLS: it speaks first");
  }
  attempt.waitingFor = "TLS with the pool";
  return await startTls(carrier, tcp, "the pool", address.host, poolTls, attempt);
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
