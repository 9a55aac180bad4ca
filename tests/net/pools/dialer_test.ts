/**
 * Which way is taken to a pool, what is said of ways that fail, and that everything opened on the
 * way is closed. The ways themselves are tested in loopback/reach_test.ts.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { createDial } from "../../../lib/net/pools/dialer.ts";
import {
  assertAnswers,
  dial,
  failureOf,
  LOGIN_IN_ADDRESS,
  NEVER,
  OPTIONS,
  PINNED,
  PLAIN,
  POOL_PIN,
  saying,
  silent,
  startProxy,
  TestPool,
  UNVERIFIED,
  WITH_TLS,
} from "../../support/dialling.ts";
import { freePort } from "../../support/free_port.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { inTime } from "../../support/patience.ts";
import { LoopbackServer, relay, type Serve } from "../../support/loopback_server.ts";
import { serverCertificate } from "../../support/test_certificates.ts";
import { TunnelProxy } from "../../support/tunnel_proxies.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("without proxies and TLS the dial is plain TCP and nothing else", async () => {
  await using server = new LoopbackServer(silent);
  using conn = await createDial(OPTIONS, systemTime)(server.address, NEVER) as Deno.TcpConn;
  assert.deepEqual({ ...conn.remoteAddr }, {
    transport: "tcp",
    hostname: server.address.host,
    port: server.address.port,
  });
});

const FAILING: [what: string, scheme: string, serve: Serve, reason: string][] = [
  [
    "forbids the pool",
    "http",
    saying("HTTP/1.1 403 Forbidden\r\n\r\n"),
    "its rules do not allow this address (HTTP 403); many allow only port 443",
  ],
  [
    "is something else",
    "http",
    saying("220 mail.example ESMTP\r\n"),
    'it is no HTTP proxy: it answers "220 mail.example ESMTP", wanted HTTP/1.1 200',
  ],
  [
    "repeats what it hears",
    "http",
    async (conn) => {
      const buffer = new Uint8Array(1000);
      const count = await conn.read(buffer);
      await conn.write(buffer.subarray(0, count!));
    },
    'it is no HTTP proxy: it answers "CONNECT pool.test:3333 HTTP/1.1", wanted HTTP/1.1 200',
  ],
  [
    "answers without end",
    "http",
    async (conn) => {
      await conn.write(encode("HTTP/1.1 200 OK\r\n"));
      for (;;) await conn.write(encode("X: y\r\n".repeat(100)));
    },
    "its answer is too long: found more than 16384 bytes, wanted HTTP/1.1 200",
  ],
  ["never answers", "http", silent, "waited 2 s for the proxy's answer"],
  ["never answers", "socks5", silent, "waited 2 s for the proxy's answer"],
  ["never speaks TLS", "https", silent, "waited 2 s for TLS with the proxy"],
  ["closes", "http", async () => {}, "it closed the connection"],
  [
    "is an HTTP proxy",
    "socks5",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "it is no SOCKS 5 proxy: its first byte is 72, wanted 5",
  ],
  [
    "has no TLS",
    "https",
    saying("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "the proxy does not speak TLS on this port; check its port, or write http://",
  ],
  [
    "makes a tunnel to nowhere",
    "http",
    saying("HTTP/1.1 200 OK\r\n\r\n"),
    "waited 2 s for the pool's answer",
  ],
  [
    "makes a tunnel to a web server",
    "http",
    saying("HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n"),
    'no pool answers: found "HTTP/1.1 400 Bad Request", wanted JSON; check the pool\'s port',
  ],
];
for (const [what, scheme, serve, reason] of FAILING) {
  Deno.test(`a proxy for ${scheme} that ${what} is given up with the reason`, async () => {
    await using server = new LoopbackServer(serve);
    const proxies = [`${scheme}://${LOGIN_IN_ADDRESS}@${server.hostPort}`];
    // Where something answers, there is no telling how soon it can on a busy machine.
    const timeoutMs = reason.startsWith("waited") ? 2_500 : 60_000;
    assert.equal(
      await failureOf({ proxies, timeoutMs }),
      `Cannot reach pool.test:3333: through ${scheme}://***@${server.hostPort}: ${reason}`,
    );
    // Deno keeps the socket of a TLS handshake that was given up.
    if (scheme !== "https") await server.until(() => server.open === 0);
  });
}

Deno.test("a proxy that drips its answer byte by byte is good enough", async () => {
  await using pool = await TestPool.start();
  await using server = new LoopbackServer(async (conn) => {
    await conn.read(new Uint8Array(1000));
    for (const byte of encode("HTTP/1.1 200 OK\r\nVia: x\r\n\r\n")) {
      await conn.write(Uint8Array.of(byte));
    }
    const { host, port } = pool.address;
    await relay(conn, await Deno.connect({ hostname: host, port }));
  });
  const { connection } = await dial({ proxies: [`http://${server.hostPort}`] });
  await assertAnswers(connection);
  connection!.close();
});

for (const scheme of ["socks5", "http", "https"] as const) {
  Deno.test(`${scheme}: a wrong or missing login, and a pool it cannot reach, are explained`, async () => {
    await using proxy = startProxy(scheme, {}, true);
    const failure = (login: string) =>
      failureOf({ proxies: [`${scheme}://${login}${proxy.hostPort}`] });
    assert.match(await failure("usr-joe:wrong@"), /: it refused our user and password/);
    assert.match(
      await failure(""),
      /: it wants a user and a password.*; put them into its address/,
    );
    assert.match(await failure(`${LOGIN_IN_ADDRESS}@`), /: it cannot reach the (?:pool|host)/);
    await proxy.server.until(() => proxy.server.open === 0);
  });
}

Deno.test("a pool certificate for another name is refused through a proxy as well", async () => {
  await using elsewhere = new LoopbackServer(silent, serverCertificate("elsewhere"));
  for (const scheme of ["socks5", "https"] as const) {
    await using proxy = startProxy(scheme, { "pool.test:443": elsewhere.address }, false);
    const proxies = [`${scheme}://${proxy.hostPort}`];
    assert.match(
      await failureOf({ proxies, usesTls: true }, WITH_TLS),
      /: the pool's certificate is not for pool\.test, but for elsewhere\.test, other\.test;/,
    );
  }
});

Deno.test("an https proxy is verified, whatever is pinned: pins are for the pool", async () => {
  await using pool = await TestPool.start();
  await using proxy = TunnelProxy.http({
    routes: pool.routes,
    certificate: serverCertificate("elsewhere"),
  });
  const options = { proxies: [`https://${proxy.hostPort}`], usesTls: true };
  assert.match(
    await failureOf({ ...options, tls: PINNED }, WITH_TLS),
    /: the proxy's certificate is not for 127\.0\.0\.1, but for elsewhere\.test/,
  );
  const tls = { ...UNVERIFIED, pins: [POOL_PIN] };
  const { connection } = await dial({ ...options, tls }, WITH_TLS);
  await assertAnswers(connection);
  connection!.close();
});

Deno.test("the proxy whose pool answers first is used, and the slower one is closed", async () => {
  await using pool = await TestPool.start();
  await using fast = startProxy("socks5", pool.routes, true);
  // Slower by as long as it takes: it never answers.
  await using slow = new LoopbackServer(silent);
  const proxies = [
    `socks5://${LOGIN_IN_ADDRESS}@${slow.hostPort}`,
    `socks5://${LOGIN_IN_ADDRESS}@${fast.hostPort}`,
  ];
  const { connection, log } = await dial({ proxies });
  await assertAnswers(connection);
  await slow.until(() => slow.accepted === 1 && slow.open === 0);
  assert.equal(fast.server.open, 1);
  assert.deepEqual(log, [
    `info: Pool pool.test:3333 reached through socks5://***@${fast.hostPort}`,
  ]);
  connection!.close();
});

Deno.test("a proxy that connects to anything but has no pool behind it loses the race", async () => {
  await using pool = await TestPool.start();
  await using liar = new LoopbackServer(saying("HTTP/1.1 200 OK\r\n\r\n"));
  await using honest = startProxy("http", pool.routes, false);
  const proxies = [`http://${liar.hostPort}`, `http://${honest.hostPort}`];
  const { connection, log } = await dial({ proxies });
  await assertAnswers(connection);
  assert.match(log.at(-1)!, new RegExp(`reached through http://${honest.hostPort}$`));
  connection!.close();
});

Deno.test("one proxy that fails is said in the log when another one wins", async () => {
  await using pool = await TestPool.start();
  const failed = Promise.withResolvers<void>();
  await using broken = new LoopbackServer(async (conn) => {
    await conn.read(new Uint8Array(1000));
    failed.resolve();
  });
  await using late = new LoopbackServer(async (conn) => {
    await failed.promise;
    await broken.until(() => broken.open === 0);
    await conn.read(new Uint8Array(1000));
    await conn.write(encode("HTTP/1.1 200 OK\r\n\r\n"));
    const { host, port } = pool.address;
    await relay(conn, await Deno.connect({ hostname: host, port }));
  });
  const proxies = [`http://${LOGIN_IN_ADDRESS}@${broken.hostPort}`, `http://${late.hostPort}`];
  const { connection, log } = await dial({ proxies });
  assert.deepEqual(log, [
    `warning: Pool pool.test:3333 not reached through http://***@${broken.hostPort}: ` +
    "it closed the connection",
    `info: Pool pool.test:3333 reached through http://${late.hostPort}`,
  ]);
  connection!.close();
});

Deno.test("the direct way races with the proxies if it is asked to, and must answer too", async () => {
  await using pool = await TestPool.start();
  await using hanging = new LoopbackServer(silent);
  const proxies = [`socks5://${hanging.hostPort}`];
  const { connection, log } = await dial({ proxies, triesDirectToo: true }, pool.address);
  await assertAnswers(connection);
  assert.match(log.at(-1)!, /reached directly$/);
  connection!.close();
  await hanging.until(() => hanging.open === 0);

  await using web = new LoopbackServer(saying("HTTP/1.1 400 Bad Request\r\n\r\n"));
  assert.match(
    await failureOf({ proxies, triesDirectToo: true, timeoutMs: 2_500 }, web.address),
    /\(1\) directly: no pool answers: found "HTTP\/1\.1 400.* \(2\) through socks5:.*: waited 2 s/,
  );
});

Deno.test("the direct way comes after the proxies have failed, or not at all", async () => {
  await using pool = await TestPool.start();
  await using broken = new LoopbackServer(async () => {});
  const proxies = [`http://${broken.hostPort}`];
  const after = await dial({ proxies, triesDirectAfter: true }, pool.address);
  await assertAnswers(after.connection);
  assert.match(after.log.join("\n"), /not reached through http.*\n.*reached directly$/);
  after.connection!.close();

  const never = await dial({ proxies, triesDirectAfter: false }, pool.address);
  assert.match(never.failure, /: it closed the connection$/);
});

Deno.test("proxies that hang leave time for the direct way after them", async () => {
  await using pool = await TestPool.start();
  await using hanging = new LoopbackServer(silent);
  const proxies = [`http://${hanging.hostPort}`];
  const options = { proxies, triesDirectAfter: true, timeoutMs: 5_000 };
  const { connection, log } = await dial(options, pool.address);
  // Four fifths of it, shared by the two.
  assert.match(log[0]!, /waited 2 s for the proxy's answer$/);
  await assertAnswers(connection);
  connection!.close();
});

Deno.test("when nothing leads there, every way tried is listed with its reason", async () => {
  const address = { host: "127.0.0.1", port: freePort() };
  await using broken = new LoopbackServer(async () => {});
  const proxies = [`http://${LOGIN_IN_ADDRESS}@${broken.hostPort}`];
  assert.equal(
    await failureOf({ proxies, triesDirectAfter: true }, address),
    `Cannot reach 127.0.0.1:${address.port}: ` +
      `(1) through http://***@${broken.hostPort}: it closed the connection ` +
      "(2) directly: Connection refused (os error 111)",
  );
});

Deno.test("ways that fail for the same reason are listed together, with the reason once", async () => {
  await using first = new LoopbackServer(async () => {});
  await using second = new LoopbackServer(async () => {});
  const proxies = [`http://${first.hostPort}`, `http://${second.hostPort}`];
  const failure = await failureOf({ proxies, triesDirectAfter: false }, PLAIN);
  const ways = proxies.map((proxy) => `through ${proxy}`).sort().join(", ");
  assert.ok(failure.endsWith(`: ${ways}: it closed the connection`), failure);
});

Deno.test("system is the proxy in the environment, looked up again each time", async () => {
  await using pool = await TestPool.start();
  await using proxy = startProxy("socks5", pool.routes, true);
  const variables: Record<string, string> = {};
  const dialSystem = createDial({
    ...OPTIONS,
    proxies: ["system"],
    environment: (name) => variables[name],
  }, systemTime);
  variables.ALL_PROXY = `socks5://${LOGIN_IN_ADDRESS}@${proxy.hostPort}`;
  using _capture = new LogCapture();
  const through = await dialSystem(PLAIN, NEVER);
  await assertAnswers(through);
  assert.equal(proxy.asked.length, 1);
  through.close();

  variables.NO_PROXY = "127.0.0.0/8";
  const direct = await dialSystem(pool.address, NEVER);
  await assertAnswers(direct);
  assert.equal(proxy.asked.length, 1);
  direct.close();

  variables.ALL_PROXY = `${LOGIN_IN_ADDRESS}@nowhere`;
  await assert.rejects(dialSystem(PLAIN, NEVER), {
    message: "Cannot reach pool.test:3333: through the proxy of the environment: cannot use the " +
      "environment variable ALL_PROXY: found an address without a port, wanted a proxy such as " +
      "socks5://host:1080",
  });
});

Deno.test("a proxy listed twice, by itself and by the environment, is tried once", async () => {
  await using broken = new LoopbackServer(async () => {});
  const proxies = [`http://${broken.hostPort}`, "system"];
  await failureOf({ proxies, environment: () => `http://${broken.hostPort}` });
  assert.equal(broken.accepted, 1);
});

/** Something that stops at one stage: the proxy's scheme, what it says, whether TLS follows. */
const STAGES: [stage: string, scheme: string | undefined, says: string, usesTls: boolean][] = [
  ["TLS with the proxy", "https", "", false],
  ["a socks proxy's greeting", "socks5", "", false],
  ["a socks proxy's answer", "socks5", "\x05\x00", false],
  ["an http proxy's answer", "http", "HTTP/1.1 200 OK\r\n", false],
  ["TLS with the pool", undefined, "", true],
  ["TLS with the pool behind a proxy", "http", "HTTP/1.1 200 OK\r\n\r\n", true],
  ["the pool's answer", "http", 'HTTP/1.1 200 OK\r\n\r\n{"id":"conn_test"', false],
];
for (const [stage, scheme, says, usesTls] of STAGES) {
  // All but Deno's own TLS closes what is given up; tls_test.ts has that.
  const tls = usesTls || scheme === "https" ? UNVERIFIED : OPTIONS.tls;
  Deno.test(`an abort while waiting for ${stage} closes everything and is the reason`, async () => {
    const heard = Promise.withResolvers<void>();
    await using server = new LoopbackServer(async (conn) => {
      const buffer = new Uint8Array(1000);
      await conn.read(buffer);
      await conn.write(encode(says));
      if (says !== "" && usesTls) await conn.read(buffer);
      heard.resolve();
      while (await conn.read(buffer) !== null);
    });
    const proxies = scheme === undefined ? [] : [`${scheme}://${server.hostPort}`];
    const controller = new AbortController();
    const dialling = dial({ proxies, usesTls, tls }, server.address, controller.signal);
    await inTime(heard.promise, `the dial waits for ${stage}`);
    controller.abort(new Error("enough"));
    assert.equal((await dialling).failure, "enough");
    await server.until(() => server.open === 0);
  });
}

Deno.test("an abort before anything was opened opens nothing", async () => {
  await using server = new LoopbackServer(silent);
  const proxies = [`http://${server.hostPort}`];
  const { failure } = await dial({ proxies }, PLAIN, AbortSignal.abort(new Error("enough")));
  assert.equal(failure, "enough");
  assert.equal(server.accepted, 0);
});

Deno.test("a CA file that cannot be read is the reason, and nothing is dialled", async () => {
  await using server = new LoopbackServer(silent);
  const tls = { ...OPTIONS.tls, caFile: "/nowhere/ca.pem" };
  assert.match(
    await failureOf({ usesTls: true, tls }, server.address),
    /^Cannot read the certificates in tls\.ca_file \(\/nowhere\/ca\.pem\): No such file/,
  );
  assert.equal(server.accepted, 0);
});

Deno.test("each way of a race that reaches the pool after the first one is reported", async () => {
  using _log = new LogCapture();
  await using pool: LoopbackServer = new LoopbackServer(async (conn) => {
    await conn.read(new Uint8Array(1000));
    // The race is open until both are here.
    await pool.until(() => pool.accepted === 2);
    await conn.write(encode('{"id":1,"result":true}\n'));
    await conn.read(new Uint8Array(1000));
  });
  const { host, port } = pool.address;
  await using proxy = new LoopbackServer(async (conn) => {
    await conn.read(new Uint8Array(1000));
    await conn.write(encode("HTTP/1.1 200 OK\r\n\r\n"));
    await relay(conn, await Deno.connect({ hostname: host, port }));
  });
  const again: unknown[] = [];
  const options = { ...OPTIONS, proxies: [`http://${proxy.hostPort}`], triesDirectToo: true };
  const race = createDial(options, systemTime, (address) => again.push(address));
  const connection = await race(pool.address, NEVER, { bytes: encode('{"id":1}\n') });
  assert.deepEqual(again, [pool.address]);
  connection.close();

  const plain = createDial(OPTIONS, systemTime, (address) => again.push(address));
  (await plain(pool.address, NEVER)).close();
  assert.equal(again.length, 1, "one way is one connection");
});
