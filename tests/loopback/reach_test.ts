/**
 * Every way to a pool, over real sockets, up to a pool session that has its first job, and from the
 * configuration file on.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { AttendedClock } from "../../lib/base/attended_clock.ts";
import { createDial, type DialerOptions } from "../../lib/net/pools/dialer.ts";
import type { ReadyUpstream } from "../../lib/pool/connection.ts";
import { AgentSession } from "../../lib/pool/agent/session.ts";
import {
  LOGIN_IN_ADDRESS,
  OPTIONS,
  PINNED,
  PLAIN,
  POOL_PIN,
  SECRETS,
  startProxy,
  TestPool,
  UNVERIFIED,
  WITH_TLS,
} from "../support/dialling.ts";
import { LogCapture } from "../support/log_capture.ts";
import { inTime } from "../support/patience.ts";
import { AUTHORITY_FILE, certificateFiles, fingerprint } from "../support/test_certificates.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

/** Kinds of proxies: the scheme, whether it wants a login, whether it speaks TLS itself. */
const KINDS: [scheme: "socks5" | "http" | "https", hasLogin: boolean][] = [
  ["socks5", false],
  ["socks5", true],
  ["http", false],
  ["http", true],
  ["https", false],
  ["https", true],
];

const TO_THE_POOL: [name: string, options: Partial<DialerOptions>][] = [
  ["plain TCP", {}],
  ["TLS", { usesTls: true }],
  ["pinned TLS", { usesTls: true, tls: PINNED }],
  ["unverified TLS", { usesTls: true, tls: UNVERIFIED }],
];

for (const [name, options] of TO_THE_POOL) {
  const address = options.usesTls ? WITH_TLS : PLAIN;
  for (const [scheme, hasLogin] of KINDS) {
    const login = hasLogin ? " with a login" : "";
    Deno.test(`${name} through ${scheme}${login}: a pool session gets its job`, async () => {
      await using pool = await TestPool.start();
      await using proxy = startProxy(scheme, pool.routes, hasLogin);
      const proxies = [`${scheme}://${hasLogin ? `${LOGIN_IN_ADDRESS}@` : ""}${proxy.hostPort}`];
      await assertHandshake({ ...options, proxies }, address);
      assert.deepEqual(proxy.asked, [`${address.host}:${address.port}`]);
    });
  }

  Deno.test(`${name} without a proxy: a pool session gets its job`, async () => {
    await using pool = await TestPool.start();
    await assertHandshake(options, options.usesTls ? pool.terminator.address : pool.address);
  });
}

/** Runs a pool session until it has its first job. */
async function assertHandshake(
  options: Partial<DialerOptions>,
  address: PoolAddress,
): Promise<void> {
  using capture = new LogCapture();
  const ready = Promise.withResolvers<ReadyUpstream>();
  const session = new AgentSession({
    poolId: 0,
    name: "test",
    address,
    account: "sub",
    kind: "agent",
    password: "",
    wantsVerdicts: true,
    version: "1.2.3",
    dial: createDial({ ...OPTIONS, ...options }, systemTime),
    now: systemTime.now,
    wallNow: systemTime.wallNow,
    timers: systemTime,
    rateClock: new AttendedClock(systemTime.now),
    handshakeTimeoutMs: 5000,
    readTimeoutMs: 5000,
    shareWindowMs: 0,
    // Nothing follows the first job.
    mux: {} as never,
    owner: {
      ready: (_, upstream) => ready.resolve(upstream),
      ended: (_, reason) => ready.reject(new Error(reason)),
    },
  });
  const upstream = await inTime(ready.promise, "the first job");
  assert.equal(upstream.latestJob.isClean, true);
  assert.equal(upstream.terms.verdicts, "given");
  session.close();
  assert.doesNotMatch(capture.take().join("\n"), SECRETS);
}

Deno.test("proxy, pool_use_tls and tls of the configuration lead to the pool", async () => {
  using capture = new LogCapture();
  await using pool = await TestPool.start();
  await using proxy = startProxy("socks5", pool.routes, true);
  const settings = {
    proxy: [`socks5://${LOGIN_IN_ADDRESS}@${proxy.hostPort}`],
    direct_connect_after_proxy: false,
    pool_use_tls: true,
    tls: { ca_file: AUTHORITY_FILE, certificate_sha256: [POOL_PIN] },
    pools: [["pool.test", 443, "demo"]],
  };
  {
    await using _agent = new TestProxy([], settings);
    await pool.pool.until(() => pool.pool.statistics().authorizedNow === 2);
  }
  const lines = capture.take().join("\n");
  assert.match(lines, /Pool pool\.test:443 reached through socks5:\/\/\*\*\*@127\.0\.0\.1:/);
  assert.doesNotMatch(lines, SECRETS);
});

Deno.test("a pin of the configuration keeps other pools out", async () => {
  using capture = new LogCapture();
  await using pool = await TestPool.start();
  const { host, port } = pool.terminator.address;
  const settings = {
    pool_use_tls: true,
    tls: { ca_file: AUTHORITY_FILE, certificate_sha256: ["00".repeat(32)] },
    pools: [[host, port, "demo"]],
  };
  await using _agent = new TestProxy([], settings);
  const refused =
    /the pool's certificate is not one of tls\.certificate_sha256: found [0-9a-f]{64};/;
  await until(() => capture.take().some((line) => refused.test(line)), "the refusal in the log");
});

Deno.test("a pool whose certificate is signed by itself is let in as the log advises: by its fingerprint", async () => {
  using capture = new LogCapture();
  await using pool = await TestPool.start("self_signed");
  const { host, port } = pool.terminator.address;
  const authorized = (count: number) => () => pool.pool.statistics().authorizedNow === count;
  const pin = await fingerprint("self_signed");
  for (const tls of [{}, { ca_file: certificateFiles("self_signed").cert_file }]) {
    const settings = { pool_use_tls: true, pools: [[host, port, "demo"]], tls };
    {
      await using _agent = new TestProxy([], settings);
      const advice = (line: string) => line.includes("fingerprint in tls.certificate_sha256");
      await until(() => capture.take().some(advice), "the advice in the log");
      assert.ok(authorized(0)());
    }
    {
      const pinned = { ...settings, tls: { ...tls, certificate_sha256: [pin] } };
      await using _agent = new TestProxy([], pinned);
      await pool.pool.until(authorized(2));
    }
    await pool.pool.until(authorized(0));
  }
});

Deno.test("proxies of the configuration are left alone when use_proxy is false", async () => {
  using capture = new LogCapture();
  await using pool = await TestPool.start();
  await using proxy = startProxy("http", pool.routes, false);
  {
    const settings = { proxy: [`http://${proxy.hostPort}`], use_proxy: false };
    await using _agent = new TestProxy([pool.pool], settings);
    await pool.pool.until(() => pool.pool.statistics().authorizedNow === 2);
  }
  assert.equal(proxy.server.accepted, 0);
  assert.doesNotMatch(capture.take().join("\n"), /through/);
});

/** A certificate that signed nothing here. */
const STRANGE_AUTHORITY_FILE = AUTHORITY_FILE.replace("authority.pem", "elsewhere.pem");

Deno.test("tls.ca_file is trusted beside the well-known authorities, with pins and without", async () => {
  await using pool = await TestPool.start();
  const { host, port } = pool.terminator.address;
  // To this process the test's authority is a well-known one.
  const args = (pin: string[]) => [
    "run",
    `--cert=${AUTHORITY_FILE}`,
    "--allow-net",
    "--allow-read",
    "tests/support/dial_once.ts",
    host,
    String(port),
    STRANGE_AUTHORITY_FILE,
    ...pin,
  ];
  for (const pin of [[], [POOL_PIN]]) {
    const { stdout } = await new Deno.Command("deno", { args: args(pin) }).output();
    assert.equal(new TextDecoder().decode(stdout), "reached\n");
  }
});
