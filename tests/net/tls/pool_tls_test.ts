/**
 * TLS to a pool over real sockets: whose certificate is accepted, by both of Deno's ways, and what
 * an operator reads when it is not.
 */

import assert from "node:assert/strict";
import { Attempt } from "../../../lib/net/pools/attempt.ts";
import type { Connection } from "../../../lib/net/pools/connection.ts";
import { dialTcp } from "../../../lib/net/pools/dial.ts";
import { startTls } from "../../../lib/net/tls/pool_tls.ts";
import { readTlsPolicy, type TlsSettings } from "../../../lib/net/tls/policy.ts";
import { LoopbackServer, relay } from "../../support/loopback_server.ts";
import { inTime, PATIENCE_MS } from "../../support/patience.ts";
import {
  AUTHORITY_FILE,
  certificateFiles,
  type CertificateName,
  fingerprint,
  serverCertificate,
} from "../../support/test_certificates.ts";

const VERIFIED: TlsSettings = { isVerified: true, caFile: AUTHORITY_FILE, pins: [] };
const POOL_PIN = await fingerprint("pool");
const OTHER_PIN = await fingerprint("elsewhere");

/** Says back whatever it hears. */
function echoServer(certificate?: CertificateName): LoopbackServer {
  return new LoopbackServer(async (conn) => {
    const buffer = new Uint8Array(64 * 1024);
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      for (let rest = buffer.subarray(0, count); rest.length > 0;) {
        rest = rest.subarray(await conn.write(rest));
      }
    }
  }, certificate && serverCertificate(certificate));
}

async function connect(
  server: LoopbackServer,
  settings: TlsSettings,
  name: string,
  signal = new AbortController().signal,
): Promise<Connection> {
  const policy = await readTlsPolicy(settings);
  return await new Attempt(signal, Date.now).run(async (attempt) => {
    const tcp = attempt.hold(await dialTcp(server.address, signal));
    return await startTls(tcp, tcp, "the pool", name, policy, attempt);
  });
}

const unknown = (settings: TlsSettings): TlsSettings => ({ ...settings, caFile: undefined });

/** Certificates that signed themselves. */
const OWN: TlsSettings = {
  isVerified: true,
  caFile: certificateFiles("self_signed").cert_file,
  pins: await Promise.all(
    (["self_signed", "self_signed_leaf", "self_signed_expired"] as const).map(fingerprint),
  ),
};
const PIN_IT =
  /; put its SHA-256 fingerprint in tls\.certificate_sha256 \(btcagent check shows it\)$/;

const ACCEPTED: [what: string, settings: TlsSettings, name: string, server: CertificateName][] = [
  ["signed by our authority", VERIFIED, "pool.test", "pool"],
  ["for an IPv4 address", VERIFIED, "127.0.0.1", "pool"],
  ["for an IPv6 address", VERIFIED, "::1", "pool"],
  ["signed and pinned", { ...VERIFIED, pins: [OTHER_PIN, POOL_PIN] }, "pool.test", "pool"],
  ["signed and pinned, for an address", { ...VERIFIED, pins: [POOL_PIN] }, "::1", "pool"],
  [
    "unverified and of nobody known",
    { isVerified: false, caFile: undefined, pins: [] },
    "pool.test",
    "pool",
  ],
  [
    "unverified, for another name",
    { isVerified: false, caFile: undefined, pins: [] },
    "pool.test",
    "elsewhere",
  ],
  [
    "unverified, expired, but pinned",
    { isVerified: false, caFile: undefined, pins: [await fingerprint("expired")] },
    "wrong.test",
    "expired",
  ],
  ["signed by itself as a CA, and pinned", unknown(OWN), "pool.test", "self_signed"],
  ["signed by itself as a CA, pinned and in tls.ca_file", OWN, "pool.test", "self_signed"],
  ["signed by itself as a CA, pinned, for another name", unknown(OWN), "other.test", "self_signed"],
  ["signed by itself, and pinned", unknown(OWN), "pool.test", "self_signed_leaf"],
  [
    "signed by itself, and in tls.ca_file",
    { ...VERIFIED, caFile: certificateFiles("self_signed_leaf").cert_file },
    "pool.test",
    "self_signed_leaf",
  ],
];
for (const [what, settings, name, certificate] of ACCEPTED) {
  Deno.test(`a certificate ${what} is accepted, and bytes go both ways`, async () => {
    await using server = echoServer(certificate);
    const connection = await connect(server, settings, name);
    const sent = Uint8Array.from({ length: 300_000 }, (_, i) => i * 7);
    const written = (async () => {
      for (let rest = sent; rest.length > 0;) rest = rest.subarray(await connection.write(rest));
    })();
    const received = new Uint8Array(sent.length);
    for (let at = 0; at < received.length;) {
      at += (await connection.read(received.subarray(at, at + 5000)))!;
    }
    await written;
    assert.deepEqual(received, sent);
    connection.close();
    await server.until(() => server.open === 0);
  });
}

const UNSIGNED =
  /^the pool's certificate is signed by no authority known here; .*tls\.ca_file, or, if it is signed by itself, its SHA-256 fingerprint in tls\.certificate_sha256/;
const WRONG_NAME =
  /^the pool's certificate is not for pool\.test, but for elsewhere\.test, other\.test; use a host name/;

const PINNED: TlsSettings = { ...VERIFIED, pins: [POOL_PIN] };
const REFUSED: [
  what: string,
  settings: TlsSettings,
  name: string,
  server: CertificateName | undefined,
  reason: RegExp,
][] = [
  ["of an unknown authority", unknown(VERIFIED), "pool.test", "pool", UNSIGNED],
  [
    "of an unknown authority, though pinned",
    unknown(PINNED),
    "pool.test",
    "pool",
    /^the pool's certificate is signed by no authority known here, or .* tls\.ca_file/,
  ],
  ["for another name", VERIFIED, "pool.test", "elsewhere", WRONG_NAME],
  [
    "for another name, though pinned",
    { ...VERIFIED, pins: [OTHER_PIN] },
    "pool.test",
    "elsewhere",
    WRONG_NAME,
  ],
  [
    "for other addresses",
    VERIFIED,
    "127.0.0.2",
    "pool",
    /is not for 127\.0\.0\.2, but for pool\.test, 127\.0\.0\.1/,
  ],
  [
    "that expired",
    VERIFIED,
    "pool.test",
    "expired",
    /^the pool's certificate is not in force; check this machine's clock/,
  ],
  [
    "that expired, though pinned",
    {
      ...VERIFIED,
      pins: [await fingerprint("expired")],
    },
    "pool.test",
    "expired",
    /not in force/,
  ],
  [
    "of an authority itself",
    VERIFIED,
    "pool.test",
    "authority",
    /^the pool's certificate is (?:signed by itself|not for pool\.test)/,
  ],
  [
    "signed by itself as a CA, in tls.ca_file",
    { ...OWN, pins: [] },
    "pool.test",
    "self_signed",
    PIN_IT,
  ],
  ["signed by itself as a CA", unknown({ ...OWN, pins: [] }), "pool.test", "self_signed", PIN_IT],
  ["signed by itself", unknown({ ...OWN, pins: [] }), "pool.test", "self_signed_leaf", UNSIGNED],
  [
    "signed by itself, with the fingerprint of another",
    unknown({ ...OWN, pins: [OTHER_PIN] }),
    "pool.test",
    "self_signed",
    /^the pool's certificate is not one of tls\.certificate_sha256: found [\da-f]{64};/,
  ],
  [
    "signed by itself that expired, though pinned",
    unknown(OWN),
    "pool.test",
    "self_signed_expired",
    /^the pool's certificate is not in force; check this machine's clock/,
  ],
  [
    "with another fingerprint",
    { ...VERIFIED, pins: [OTHER_PIN] },
    "pool.test",
    "pool",
    new RegExp(`^the pool's certificate is not one of tls.certificate_sha256: found ${POOL_PIN};`),
  ],
  [
    "with another fingerprint, unverified",
    { isVerified: false, caFile: undefined, pins: [OTHER_PIN] },
    "pool.test",
    "pool",
    /is not one of tls\.certificate_sha256/,
  ],
  [
    "that is none: the port speaks no TLS",
    VERIFIED,
    "pool.test",
    undefined,
    /^the pool does not speak TLS on this port; use .* write stratum\+tcp:\/\/ in place of stratum\+ssl/,
  ],
  [
    "that is none: the port speaks no TLS, pins or not",
    PINNED,
    "pool.test",
    undefined,
    /^the pool does not speak TLS on this port/,
  ],
];
for (const [what, settings, name, certificate, reason] of REFUSED) {
  Deno.test(`a certificate ${what} is refused with what to do, and the socket is closed`, async () => {
    await using server = echoServer(certificate);
    await assert.rejects(connect(server, settings, name), { message: reason });
    await server.until(() => server.open === 0);
  });
}

const WAYS: [name: string, settings: TlsSettings][] = [
  ["Deno's own TLS", VERIFIED],
  ["node:tls", PINNED],
];
for (const [way, settings] of WAYS) {
  Deno.test(`${way}: a pool that closes, with or without a word, ends the stream`, async () => {
    for (const isPolite of [true, false]) {
      await using server = new LoopbackServer(async (conn) => {
        const buffer = new Uint8Array(10);
        await conn.read(buffer);
        await conn.write(new TextEncoder().encode("bye"));
        if (!isPolite) await conn.read(buffer);
      }, serverCertificate("pool"));
      const cut = Promise.withResolvers<void>();
      await using front = new LoopbackServer(async (conn) => {
        const there = await Deno.connect({
          hostname: server.address.host,
          port: server.address.port,
        });
        const relaying = relay(conn, there);
        // Ends TCP in the middle of TLS.
        cut.promise.then(() => there.close());
        await relaying;
      });
      const connection = await connect(front, settings, "pool.test");
      await connection.write(new Uint8Array(1));
      const into = new Uint8Array(100);
      assert.equal(await connection.read(into), 3);
      if (!isPolite) cut.resolve();
      assert.equal(await connection.read(into), null);
      connection.close();
    }
  });

  Deno.test(`${way}: closing fails a read under way`, async () => {
    await using server = echoServer("pool");
    const connection = await connect(server, settings, "pool.test");
    const reading = connection.read(new Uint8Array(10));
    connection.close();
    await assert.rejects(reading);
  });

  Deno.test(`${way}: closing fails a write under way`, async () => {
    const done = Promise.withResolvers<void>();
    await using server = new LoopbackServer(async (conn) => {
      await conn.read(new Uint8Array(1));
      await done.promise;
    }, serverCertificate("pool"));
    const connection = await connect(server, settings, "pool.test");
    const writing = (async () => {
      // Nobody reads: sooner or later one is stuck.
      for (;;) await connection.write(new Uint8Array(1 << 20));
    })();
    connection.close();
    await assert.rejects(writing);
    done.resolve();
  });

  Deno.test(`${way}: a peer that closes during the handshake is said to have done so`, async () => {
    await using server = new LoopbackServer(async (conn) => {
      await conn.read(new Uint8Array(10_000));
    });
    await assert.rejects(connect(server, settings, "pool.test"), {
      message:
        /^the pool closed the connection during the TLS handshake; .*stratum\+tcp:.*pool_use_tls/,
    });
  });
}

/**
 * Gives up a handshake that the server never answers; says whether its socket was closed within
 * `patienceMs`.
 */
async function giveUpHandshake(
  settings: TlsSettings,
  patienceMs = PATIENCE_MS,
): Promise<boolean> {
  const spokenTo = Promise.withResolvers<void>();
  await using server = new LoopbackServer(async (conn) => {
    const buffer = new Uint8Array(10_000);
    while (await conn.read(buffer) !== null) spokenTo.resolve();
  });
  const controller = new AbortController();
  const rejected = assert.rejects(
    connect(server, settings, "pool.test", controller.signal),
    /^Error: enough$/,
  );
  await inTime(Promise.race([spokenTo.promise, rejected]), "the handshake begins");
  controller.abort(new Error("enough"));
  await rejected;
  return await server.until(() => server.open === 0, patienceMs).then(() => true, () => false);
}

Deno.test("an abort during the handshake is the reason, and node:tls closes the socket", async () => {
  assert.ok(await giveUpHandshake(PINNED));
});

Deno.test("Deno's own TLS leaves sockets of handshakes given up behind, but no more than eight", async () => {
  const closed = [];
  for (let i = 0; i < 10; i++) {
    closed.push(await giveUpHandshake(VERIFIED, i < 8 ? 200 : PATIENCE_MS));
  }
  assert.deepEqual(closed.slice(8), [true, true]);
  // When this fails Deno has learnt to close them, and the limit can go.
  assert.deepEqual(closed.slice(0, 8), Array(8).fill(false));
});

Deno.test("a CA file that is missing, no PEM, or huge is an error that names it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/ca.pem`;
    const reading = () => readTlsPolicy({ ...VERIFIED, caFile: path });
    const named = `^Error: Cannot read the certificates in tls\\.ca_file \\(${path}\\): `;
    await assert.rejects(reading(), new RegExp(`${named}No such file`));
    await Deno.writeTextFile(path, "not PEM");
    await assert.rejects(reading(), new RegExp(`${named}found no line -----BEGIN`));
    await Deno.truncate(path, 2 << 20);
    await assert.rejects(reading(), new RegExp(`${named}it has 2097152 bytes`));
    await Deno.copyFile(AUTHORITY_FILE, path);
    assert.equal((await reading()).caCerts.length, 1);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
