/**
 * Dialling a Stratum pool: the opening goes out on every way, nothing else does, and a way counts
 * once a pool has answered it.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { Connection, PoolAddress } from "../../../lib/net/pools/connection.ts";
import { createDial, type DialerOptions } from "../../../lib/net/pools/dialer.ts";
import {
  failureOf,
  NEVER,
  OPTIONS,
  PINNED,
  PLAIN,
  saying,
  silent,
  startProxy,
  WITH_TLS,
} from "../../support/dialling.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { LoopbackServer } from "../../support/loopback_server.ts";
import { inTime } from "../../support/patience.ts";
import { ANSWERS, OPENING, StrictPool } from "../../support/strict_pool.ts";
import { serverCertificate } from "../../support/test_certificates.ts";

const OPENING_LINES = new TextDecoder().decode(OPENING).trimEnd().split("\n");

function dialWith(options: Partial<DialerOptions>, address: PoolAddress): Promise<Connection> {
  return createDial({ ...OPTIONS, ...options }, systemTime)(address, NEVER, { bytes: OPENING });
}

/** Reads the answers to the opening, all of them and in order, and closes. */
async function assertAnswered(connection: Connection): Promise<void> {
  const into = new Uint8Array(1000);
  let text = "";
  while (text.length < ANSWERS.length) {
    const count = await inTime(connection.read(into), "the pool's answers");
    assert.ok(count !== null, `closed after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(into.subarray(0, count));
  }
  assert.equal(text, ANSWERS);
  connection.close();
}

Deno.test("directly: the opening is written, and its answers are all there to read", async () => {
  await using pool = new StrictPool();
  await assertAnswered(await dialWith({}, pool.address));
  assert.deepEqual(pool.heard, OPENING_LINES);
});

Deno.test("without an opening nothing is written directly", async () => {
  await using pool = new StrictPool();
  const connection = await createDial(OPTIONS, systemTime)(pool.address, NEVER);
  connection.close();
  await pool.server.until(() => pool.server.accepted === 1 && pool.server.open === 0);
  assert.deepEqual(pool.heard, []);
});

Deno.test("an opening for a pool that closes at once: the session hears of it", async () => {
  await using server = new LoopbackServer(async () => {});
  // Written before or after the close arrives: an error here or at the first read.
  const ended = dialWith({}, server.address)
    .then(async (connection) => {
      const count = await connection.read(new Uint8Array(10)).finally(() => connection.close());
      assert.equal(count, null);
      throw new Error("closed");
    });
  await assert.rejects(ended);
  await server.until(() => server.open === 0);
});

Deno.test("an abort while the opening is written closes the connection and is the reason", async () => {
  const over = Promise.withResolvers<void>();
  await using server = new LoopbackServer(() => over.promise);
  const controller = new AbortController();
  const dial = createDial(OPTIONS, systemTime);
  // More than the kernels' buffers on both sides take.
  const dialling = dial(server.address, controller.signal, {
    bytes: new Uint8Array(64 * 1024 * 1024),
  });
  await server.until(() => server.accepted === 1);
  controller.abort(new Error("enough"));
  await assert.rejects(inTime(dialling, "the dial ends"), { message: "enough" });
  over.resolve();
});

for (const scheme of ["socks5", "http", "https"] as const) {
  for (const pieceBytes of [Infinity, 1]) {
    const pieces = pieceBytes === 1 ? ", answered byte by byte" : "";
    Deno.test(`through ${scheme}${pieces}: nothing but the opening is asked`, async () => {
      await using pool = new StrictPool({ pieceBytes });
      await using proxy = startProxy(scheme, { "pool.test:3333": pool.address }, false);
      using _capture = new LogCapture();
      const proxies = [`${scheme}://${proxy.hostPort}`];
      await assertAnswered(await dialWith({ proxies }, PLAIN));
      assert.deepEqual(pool.heard, OPENING_LINES);
    });
  }
}

Deno.test("with TLS: nothing but the opening is asked", async () => {
  await using pool = new StrictPool({ certificate: serverCertificate("pool"), pieceBytes: 10 });
  await using proxy = startProxy("socks5", { "pool.test:443": pool.address }, false);
  using _capture = new LogCapture();
  await assertAnswered(await dialWith({ usesTls: true, tls: PINNED }, pool.address));
  const proxies = [`socks5://${proxy.hostPort}`];
  await assertAnswered(await dialWith({ usesTls: true, proxies }, WITH_TLS));
  assert.deepEqual(pool.heard, [...OPENING_LINES, ...OPENING_LINES]);
});

Deno.test("an address says itself whether TLS is spoken, whatever the others do", async () => {
  await using plain = new StrictPool();
  await using secure = new StrictPool({ certificate: serverCertificate("pool") });
  const onlyTls = createDial({ ...OPTIONS, usesTls: true }, systemTime);
  const noTls = createDial({ ...OPTIONS, usesTls: false }, systemTime);
  await assertAnswered(
    await onlyTls({ ...plain.address, usesTls: false }, NEVER, { bytes: OPENING }),
  );
  await assertAnswered(
    await noTls({ ...secure.address, usesTls: true }, NEVER, { bytes: OPENING }),
  );
  await assertAnswered(await onlyTls(secure.address, NEVER, { bytes: OPENING }));
  // Verified as ever: the name on the certificate is another.
  await using elsewhere = new StrictPool({ certificate: serverCertificate("elsewhere") });
  await assert.rejects(
    noTls({ ...elsewhere.address, usesTls: true }, NEVER, { bytes: OPENING }),
    /certificate is not for 127\.0\.0\.1/,
  );
});

Deno.test("of two proxies the one that leads to a pool wins, whatever the other accepts", async () => {
  await using pool = new StrictPool({ pieceBytes: 1 });
  await using liar = new LoopbackServer(saying("HTTP/1.1 200 OK\r\n\r\n"));
  await using deaf = new LoopbackServer(silent);
  await using honest = startProxy("http", { "pool.test:3333": pool.address }, false);
  using capture = new LogCapture();
  const proxies = [liar, deaf, honest].map(({ hostPort }) => `http://${hostPort}`);
  await assertAnswered(await dialWith({ proxies }, PLAIN));
  assert.match(capture.take().at(-1)!, new RegExp(`reached through http://${honest.hostPort}$`));
  assert.deepEqual(pool.heard, OPENING_LINES);
  await liar.until(() => liar.open === 0);
  await deaf.until(() => deaf.open === 0);
});

Deno.test("the direct way that races has to answer the opening, too", async () => {
  await using pool = new StrictPool();
  await using hanging = new LoopbackServer(silent);
  using _capture = new LogCapture();
  const proxies = [`socks5://${hanging.hostPort}`];
  await assertAnswered(await dialWith({ proxies, triesDirectToo: true }, pool.address));
  assert.deepEqual(pool.heard, OPENING_LINES);
});

Deno.test("behind a proxy, what a server says instead of JSON is in the error", async () => {
  const answer = "HTTP/1.1 200 OK\r\n\r\n";
  const failure = async (server: LoopbackServer) => {
    using _capture = new LogCapture();
    const proxies = [`http://${server.hostPort}`];
    let message = "";
    await assert.rejects(dialWith({ proxies, timeoutMs: 2_500 }, PLAIN), (error: Error) => {
      message = error.message;
      return true;
    });
    return message.replace(/^.*:\d+: /, "");
  };
  await using parting = new LoopbackServer(async (conn) => {
    await conn.read(new Uint8Array(1000));
    await conn.write(new TextEncoder().encode(`${answer}Invalid JSON, disconnecting\n`));
    await conn.read(new Uint8Array(1000));
  });
  assert.equal(
    await failure(parting),
    'no pool answers: it closed the connection after it said "Invalid JSON, disconnecting"',
  );
  await using staying = new LoopbackServer(saying(`${answer}220 mail.example ESMTP\r\n`));
  assert.equal(
    await failure(staying),
    'waited 2 s for a line of JSON after "220 mail.example ESMTP"',
  );
});

Deno.test("an agent's dial asks for capabilities behind a proxy, which a strict pool closes on", async () => {
  await using pool = new StrictPool();
  await using proxy = startProxy("http", { "pool.test:3333": pool.address }, false);
  assert.match(
    await failureOf({ proxies: [`http://${proxy.hostPort}`] }),
    /no pool answers: it closed the connection$/,
  );
  assert.equal(pool.heard.length, 1);
  assert.match(pool.heard[0]!, /agent\.get_capabilities/);
});
