/** An engine on a TLS listener: what every engine does, and what TLS brings with it. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection } from "node:net";
import { connect as connectTls, createSecureContext } from "node:tls";
import { systemTime } from "../../../lib/base/system_time.ts";
import { startEngineOn } from "../../../lib/net/miners/deno_engine.ts";
import { listenForMiners } from "../../../lib/net/miners/miner_listener.ts";
import type { Engine, ListenOptions } from "../../../lib/net/miners/engine.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import { TlsListener } from "../../../lib/net/tls/listener.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { PATIENCE_MS } from "../../support/patience.ts";
import { AUTHORITY_FILE, serverCertificate } from "../../support/test_certificates.ts";
import { LIMITS } from "../miners/engine_contract.ts";
import { testEngineOnLoopback } from "../miners/engine_loopback.ts";

const AUTHORITY = Deno.readTextFileSync(AUTHORITY_FILE);
const CONTEXT = createSecureContext(serverCertificate("pool"));

function startTlsEngine(options: ListenOptions): Engine {
  return startEngineOn(new TlsListener(listenForMiners(options), () => CONTEXT), options);
}

async function connect(address: PeerAddress): Promise<Deno.TlsConn> {
  const peer = await Deno.connectTls({ ...address, caCerts: [AUTHORITY] });
  await peer.handshake();
  return peer;
}

testEngineOnLoopback("tls", startTlsEngine, {
  connect,
  connectNode: async ({ hostname, port }) => {
    const tcp = createConnection(port, hostname);
    await once(tcp, "connect");
    const socket = connectTls({ socket: tcp, host: hostname, ca: AUTHORITY });
    await once(socket, "secureConnect");
    return tcp;
  },
});

const encoder = new TextEncoder();

/** An engine on a TLS port with a way to count what it has open. */
class World implements AsyncDisposable {
  readonly events = new EngineRecord();
  readonly engine: Engine;
  context = CONTEXT;

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, events: this.events };
    this.engine = startEngineOn(
      new TlsListener(
        listenForMiners({ ...options, limits: LIMITS, now: () => 0, time: systemTime }),
        () => this.context,
      ),
      { events: this.events, limits: LIMITS, now: () => 0, time: systemTime },
    );
  }

  /** A peer without TLS that has sent `text`, one byte a character, and its handle. */
  async tell(text: string): Promise<[Deno.TcpConn, number]> {
    const opens = this.events.opens.length;
    const peer = await Deno.connect(this.engine.address);
    await peer.write(Uint8Array.from(text, (char) => char.charCodeAt(0)));
    await this.events.when(() => this.events.opens.length > opens);
    return [peer, this.events.opens.at(-1)!];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.stop();
  }
}

/** Reads to the end, which must come. */
async function ended(peer: Deno.Conn): Promise<void> {
  const deadline = setTimeout(() => peer.close(), PATIENCE_MS);
  const buffer = new Uint8Array(4096);
  try {
    while (await peer.read(buffer) !== null);
  } catch (error) {
    // A reset ends it as well; closing it after the deadline does not count.
    if (!(error instanceof Deno.errors.ConnectionReset)) throw error;
  } finally {
    clearTimeout(deadline);
  }
  peer.close();
}

/** The head of a `ClientHello` whose rest never comes. */
const HALF_HELLO = "\x16\x03\x01\x02\x00\x01";

for (
  const [name, text, reason] of [
    ["plain stratum", '{"id":1,"method":"mining.subscribe","params":[]}\n', /plain stratum to the/],
    ["an HTTP request", "GET / HTTP/1.1\r\n\r\n", /it spoke HTTP \(GET\)/],
    ["a record that is none", "\x16\xff\x13rubbish", /TLS handshake failed/],
    ["a hello of rubbish", `\x16\x03\x01\x00\x20${"\xee".repeat(32)}`, /TLS handshake failed/],
  ] as const
) {
  Deno.test(`${name} on the TLS port ends only its sender, as a fault with its reason`, async () => {
    await using world = new World();
    const fine = await connect(world.engine.address);
    const [peer, handle] = await world.tell(text);
    await world.events.when(() => world.events.closes.length === 1);
    assert.equal(world.events.closes[0]![0], handle);
    assert.match(world.events.closes[0]![1], reason);
    assert.deepEqual(world.events.faults, ["tls_handshake"]);
    await ended(peer);
    await fine.write(encoder.encode("hello"));
    await world.events.when(() => world.events.text.get(0) === "hello");
    fine.close();
  });
}

Deno.test("a miner that does not trust the certificate is told so in the log, as its fault", async () => {
  await using world = new World();
  const peer = await Deno.connectTls(world.engine.address);
  await assert.rejects(peer.handshake(), /UnknownIssuer/);
  await world.events.when(() => world.events.closes.length === 1);
  assert.match(world.events.closes[0]![1], /does not trust our certificate.*UnknownCA/);
  assert.deepEqual(world.events.faults, ["tls_handshake"]);
  peer.close();
});

Deno.test("a peer that disconnects before or during the handshake is not at fault", async () => {
  await using world = new World();
  const [silent] = await world.tell("");
  silent.close();
  await world.events.when(() => world.events.closes.length === 1);
  assert.equal(world.events.closes[0]![1], "it closed the connection");
  const [half] = await world.tell(HALF_HELLO);
  half.close();
  await world.events.when(() => world.events.closes.length === 2);
  assert.match(world.events.closes[1]![1], /during the TLS handshake|reset by peer/);
  assert.deepEqual(world.events.faults, []);
});

Deno.test("handshakes that stall are connections like any other: counted, and closed for good", async () => {
  await using world = new World();
  const stalled: [Deno.TcpConn, number][] = [];
  for (let i = 0; i < 100; i++) stalled.push(await world.tell(i % 2 === 0 ? "" : HALF_HELLO));
  const fine = await connect(world.engine.address);
  await fine.write(encoder.encode("hello"));
  await world.events.when(() => [...world.events.text.values()].includes("hello"));
  for (const [, handle] of stalled) world.engine.close(handle);
  // Each sees the end: its socket is not kept for a handshake that may still come.
  await Promise.all(stalled.map(([peer]) => ended(peer)));
  assert.deepEqual(world.events.closes, [], "the one who closed them knows");
  fine.close();
});

Deno.test("a connection that is not let in is closed without a handshake", async () => {
  await using world = new World();
  world.events.letsIn = false;
  const [peer] = await world.tell("");
  await ended(peer);
});

Deno.test("a new certificate is used for new connections; open ones go on", async () => {
  await using world = new World();
  const before = await connect(world.engine.address);
  await before.write(encoder.encode("one"));
  await world.events.when(() => world.events.text.get(0) === "one");
  world.context = createSecureContext(serverCertificate("elsewhere"));
  const after = await Deno.connectTls({ ...world.engine.address, caCerts: [AUTHORITY] });
  await assert.rejects(after.handshake(), /only valid for DnsName\("elsewhere.test"\)/);
  after.close();
  await before.write(encoder.encode("two"));
  await world.events.when(() => world.events.text.get(0) === "onetwo");
  before.close();
});
