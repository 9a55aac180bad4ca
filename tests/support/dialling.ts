/**
 * Dialling in tests: a pool with and without TLS, proxies of every kind, and a dial that checks
 * that no error and no log line contains a password.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import type { Connection, PoolAddress } from "../../lib/net/pools/connection.ts";
import { createDial, type DialerOptions } from "../../lib/net/pools/dialer.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "./log_capture.ts";
import { LoopbackServer, relay, type Serve } from "./loopback_server.ts";
import {
  AUTHORITY_FILE,
  type CertificateName,
  fingerprint,
  type ServerCertificate,
  serverCertificate,
} from "./test_certificates.ts";
import { TunnelProxy } from "./tunnel_proxies.ts";

const CERTIFICATE = serverCertificate("pool");
export const POOL_PIN = await fingerprint("pool");

/** A user and a password that occur nowhere else; plain, and as in an address. */
export const LOGIN = "usr-joe:pä55 w@rd";
export const LOGIN_IN_ADDRESS = "usr-joe:p%C3%A455%20w%40rd";
export const SECRETS = /usr-joe|p(?:ä|%C3%A4)55|w(?:@|%40)rd|dXNyLWpvZTpw/;

/** The pool's addresses when it is reached through a proxy, without and with TLS. */
export const PLAIN: PoolAddress = { host: "pool.test", port: 3333 };
export const WITH_TLS: PoolAddress = { host: "pool.test", port: 443 };

export const NEVER = new AbortController().signal;

export const OPTIONS: DialerOptions = {
  proxies: [],
  triesDirectToo: false,
  triesDirectAfter: false,
  usesTls: false,
  tls: { isVerified: true, caFile: AUTHORITY_FILE, pins: [] },
  timeoutMs: 5000,
  environment: () => undefined,
};

/** The result of a dial, and all lines that it logged. */
export interface Outcome {
  readonly connection: Connection | undefined;
  /** The error's message; empty if there was none. */
  readonly failure: string;
  readonly log: readonly string[];
}

/** Dials, and checks that no error and no log line contains a password. */
export async function dial(
  options: Partial<DialerOptions>,
  address: PoolAddress = PLAIN,
  signal: AbortSignal = NEVER,
): Promise<Outcome> {
  using capture = new LogCapture();
  let connection: Connection | undefined;
  let failure = "";
  try {
    connection = await createDial({ ...OPTIONS, ...options }, systemTime)(address, signal);
  } catch (error) {
    assert.ok(error instanceof Error);
    failure = error.message;
    assert.doesNotMatch(Deno.inspect(error), SECRETS);
  }
  const log = capture.take();
  assert.doesNotMatch(log.join("\n"), SECRETS);
  return { connection, failure, log };
}

/** The reason why a dial with these options fails. */
export async function failureOf(
  options: Partial<DialerOptions>,
  address: PoolAddress = PLAIN,
): Promise<string> {
  const { connection, failure } = await dial(options, address);
  connection?.close();
  assert.notEqual(failure, "", "it was reached");
  return failure;
}

/** Asks the pool for something and waits for its answer. */
export async function assertAnswers(connection: Connection | undefined): Promise<void> {
  assert.ok(connection !== undefined);
  const question = '{"id":"still there","method":"agent.get_capabilities","params":[[]]}\n';
  await connection.write(new TextEncoder().encode(question));
  const into = new Uint8Array(1000);
  const count = await connection.read(into);
  assert.match(new TextDecoder().decode(into.subarray(0, count!)), /^\{"id":"still there"/);
}

/** A simulated pool with and without TLS, and both addresses. */
export class TestPool implements AsyncDisposable {
  readonly pool: SimPool;
  readonly terminator: LoopbackServer;

  private constructor(pool: SimPool, certificate: ServerCertificate) {
    this.pool = pool;
    this.terminator = new LoopbackServer(async (conn) => {
      await relay(conn, await Deno.connect({ hostname: pool.hostname, port: pool.port }));
    }, certificate);
  }

  static async start(certificate: CertificateName = "pool"): Promise<TestPool> {
    return new TestPool(await SimPool.start(), serverCertificate(certificate));
  }

  get address(): PoolAddress {
    return { host: this.pool.hostname, port: this.pool.port };
  }

  /** For proxies. */
  get routes(): Readonly<Record<string, PoolAddress>> {
    return { "pool.test:3333": this.address, "pool.test:443": this.terminator.address };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.stop();
    await this.terminator[Symbol.asyncDispose]();
  }
}

/** A proxy that makes tunnels along `routes`, for everyone or only for `LOGIN`. */
export function startProxy(
  scheme: "socks5" | "http" | "https",
  routes: Readonly<Record<string, PoolAddress>>,
  hasLogin: boolean,
): TunnelProxy {
  const login = hasLogin ? { login: LOGIN } : {};
  if (scheme === "socks5") return TunnelProxy.socks5({ routes, ...login });
  const certificate = scheme === "https" ? { certificate: CERTIFICATE } : {};
  return TunnelProxy.http({ routes, ...login, ...certificate });
}

/** Policies: verified and pinned; any certificate will do. */
export const PINNED = { ...OPTIONS.tls, pins: [POOL_PIN] };
export const UNVERIFIED = { isVerified: false, caFile: undefined, pins: [] };
const encode = (text: string) => new TextEncoder().encode(text);

/** Reads once, says `text`, and keeps the connection open. */
export function saying(text: string): Serve {
  return async (conn) => {
    await conn.read(new Uint8Array(1000));
    await conn.write(encode(text));
    while (await conn.read(new Uint8Array(1000)) !== null);
  };
}

/** Reads forever and answers nothing. */
export async function silent(conn: Deno.Conn): Promise<void> {
  while (await conn.read(new Uint8Array(1000)) !== null);
}
