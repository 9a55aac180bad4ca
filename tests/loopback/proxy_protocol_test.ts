/** Miners behind load balancers on real sockets, with either engine and with TLS. */

import assert from "node:assert/strict";
import { connect as connectTls } from "node:tls";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { BalancerPorts } from "../../lib/app/balancer_ports.ts";
import { listenAddresses } from "../../lib/app/settings.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { LogCapture } from "../support/log_capture.ts";
import { headerV1, headerV2, LOCAL_HEADER } from "../support/proxy_headers.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { AUTHORITY_FILE, certificateFiles } from "../support/test_certificates.ts";
import { configOf, TestProxy, type TestProxyOptions, until } from "../support/test_proxy.ts";

const MINER = { hostname: "10.1.2.3", port: 50000 };
const OTHER = { hostname: "2001:db8::7", port: 50001 };
const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["x/1"]}\n';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["demo.rig","x"]}\n';
const LOGIN = new TextEncoder().encode(SUBSCRIBE + AUTHORIZE);
const TRUSTED = { trusted: ["127.0.0.1"] };
const JOB = /"method":"mining.notify"/;

const together = (...pieces: readonly Uint8Array[]) =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));

/** What is logged of connections to the port; the pool of these tests is not there. */
function portLines(log: LogCapture): string[] {
  return log.take().filter((line) => line.includes("127.0.0.1:") && !line.includes("Pool "));
}

/** A proxy whose ports that settings name as behind load balancers are loaded. */
async function proxyWith(
  pools: readonly SimPool[],
  settings: Readonly<Record<string, unknown>>,
  options: TestProxyOptions = {},
): Promise<TestProxy> {
  const balancers = new BalancerPorts();
  await balancers.load(listenAddresses(configOf(pools, settings)));
  return new TestProxy(pools, settings, { ...options, balancers });
}

function addressesOf({ proxy }: TestProxy): string[] {
  return [...proxy.parts.miners.reports()].map(({ address }) => address).sort();
}

async function job(miner: RawMiner): Promise<void> {
  await miner.until(() => miner.lines.some((line) => JOB.test(line)), "a job");
}

for (const io_engine of ["deno", "libc"] as const) {
  const settings = {
    advanced: { io_engine },
    agent_listen_proxy_protocol: TRUSTED,
    use_ip_as_worker_name: true,
    limits: { max_connections_per_ip: 1, deny: ["10.9.0.0/16"], login_timeout_seconds: 600 },
  };

  Deno.test(`${io_engine}: the miner's own address counts for list, name, limits and lists`, async () => {
    using log = new LogCapture();
    await using pool = await SimPool.start({ proofOfWork: false });
    await using proxy = await proxyWith([pool], settings);
    await using first = await RawMiner.connect(proxy.port);
    await first.send(together(headerV2(MINER), LOGIN));
    await using second = await RawMiner.connect(proxy.port);
    await second.send(headerV1(OTHER));
    await second.send(LOGIN);
    await Promise.all([job(first), job(second)]);
    assert.deepEqual(addressesOf(proxy), ["10.1.2.3:50000", "[2001:db8::7]:50001"]);
    const names = [...proxy.proxy.parts.miners.reports()].map(({ workerName }) => workerName);
    assert.deepEqual(names.sort(), ["0x0x0x7", "10x1x2x3"]);

    await using again = await RawMiner.connect(proxy.port);
    await again.send(headerV2({ ...MINER, port: 50002 }));
    await using denied = await RawMiner.connect(proxy.port);
    await denied.send(headerV1({ hostname: "10.9.1.1", port: 1 }));
    await Promise.all([again.ended(), denied.ended()]);
    const { limitCounts } = proxy.statistics();
    assert.deepEqual([limitCounts.max_connections_per_ip, limitCounts.deny], [1, 1]);
    const lines = log.take().filter((line) => line.includes("not let in"));
    assert.ok(lines.some((line) => line.includes("Miner 10.1.2.3:50002 not let in")), `${lines}`);
    assert.ok(lines.some((line) => line.includes("Miner 10.9.1.1:1 not let in")), `${lines}`);

    // Its place is free again, and it was its own, not the balancer's.
    await first[Symbol.asyncDispose]();
    await until(() => proxy.statistics().connected === 1, "it has left");
    await using back = await RawMiner.connect(proxy.port);
    await back.send(together(headerV2(MINER), LOGIN));
    await job(back);
  });

  Deno.test(`${io_engine}: health checks are counted and not logged, a missing header is`, async () => {
    using log = new LogCapture();
    await using proxy = await proxyWith([], { pools: [["127.0.0.1", 1, "demo"]], ...settings });
    const { miners } = proxy.proxy.parts;
    log.take();
    for (const bytes of [LOCAL_HEADER, "PROXY UNKNOWN\r\n", undefined]) {
      const check = await RawMiner.connect(proxy.port);
      if (bytes !== undefined) await check.send(bytes);
      await check[Symbol.asyncDispose]();
    }
    await until(() => miners.healthChecks === 3, "each is counted");
    assert.deepEqual(portLines(log), []);
    assert.equal(miners.silentConnections, 0);

    await using plain = await RawMiner.connect(proxy.port);
    await plain.send(SUBSCRIBE);
    await plain.ended();
    const [line, ...more] = portLines(log);
    assert.match(
      line!,
      /^warning: Load balancer connection 127\.0\.0\.1:\d+ closed: it began without a PROXY header/,
    );
    assert.deepEqual(more, []);
    assert.equal(proxy.statistics().limitCounts.proxy_header, 1);
    assert.equal(proxy.statistics().connected, 0);
  });

  Deno.test(`${io_engine}: miners that share the balancer's address have no limit per address`, async () => {
    await using proxy = await proxyWith([], { pools: [["127.0.0.1", 1, "demo"]], ...settings });
    await using miners = new AsyncDisposableStack();
    for (let i = 0; i < 3; i++) {
      const miner = miners.use(await RawMiner.connect(proxy.port));
      await miner.send(`PROXY UNKNOWN\r\n${SUBSCRIBE}`);
      await miner.until(() => miner.lines.length > 0, "an answer");
    }
    assert.equal(proxy.statistics().connected, 3);
    await miners.disposeAsync();
    await until(() => proxy.statistics().connected === 0, "all have left");
  });

  Deno.test(`${io_engine}: from any other address a header is a violation, and a miner a miner`, async () => {
    using log = new LogCapture();
    await using proxy = await proxyWith([], {
      pools: [["127.0.0.1", 1, "demo"]],
      ...settings,
      agent_listen_proxy_protocol: { trusted: ["127.0.0.9/32", "fd00::/8"] },
      limits: {},
    });
    for (const header of [headerV1(MINER), headerV2(MINER)]) {
      log.take();
      await using liar = await RawMiner.connect(proxy.port);
      await liar.send(together(header, LOGIN));
      await liar.ended();
      await until(() => proxy.statistics().connected === 0, "it is gone");
      const lines = portLines(log);
      assert.equal(lines.length, 1);
      assert.match(
        lines[0]!,
        /it spoke the PROXY protocol .* or list the balancer's address in tr/,
      );
    }
    assert.equal(proxy.statistics().limitCounts.protocol_violations, 2);
    await using miner = await RawMiner.connect(proxy.port);
    await miner.send(SUBSCRIBE);
    await miner.until(() => miner.lines.length > 0, "an answer");
    assert.deepEqual(addressesOf(proxy), [`127.0.0.1:${miner.port}`]);
  });

  Deno.test(`${io_engine}: a reload changes who is trusted, and no miner is disconnected`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false });
    const elsewhere = { trusted: ["127.0.0.9"] };
    const before = { ...settings, agent_listen_proxy_protocol: elsewhere };
    await using proxy = await proxyWith([pool], before);
    await using plain = await RawMiner.connect(proxy.port);
    await plain.send(LOGIN);
    await job(plain);
    const { port } = proxy;
    await proxy.reconfigure([pool], settings);
    assert.equal(proxy.port, port, "the port stays open");
    await using behind = await RawMiner.connect(port);
    await behind.send(together(headerV2(MINER), LOGIN));
    await job(behind);
    assert.deepEqual(addressesOf(proxy), ["10.1.2.3:50000", `127.0.0.1:${plain.port}`]);
    assert.ok(!plain.isEnded);
  });
}

/** A socket of Node, which can begin TLS after some bytes. */
async function plainSocket(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  return socket;
}

Deno.test("on a port with TLS the header comes before the handshake, wherever it is cut", async () => {
  using log = new LogCapture();
  const files = certificateFiles("pool");
  const tls = new MinerTls(Date.now);
  await tls.load([files]);
  await using pool = await SimPool.start({ proofOfWork: false });
  const port = freePort();
  const listen = [{ address: "127.0.0.1", port, tls: files, proxy_protocol: TRUSTED }];
  await using proxy = await proxyWith([pool], { listen }, { tls });
  const ca = Deno.readTextFileSync(AUTHORITY_FILE);
  const long = headerV2(MINER, Array<number>(500).fill(0xee));
  for (
    const pieces of [[headerV1(MINER)], [long.slice(0, 1), long.slice(1, 300), long.slice(300)]]
  ) {
    const tcp = await plainSocket(port);
    for (const piece of pieces) {
      await new Promise((written) => tcp.write(piece, written));
    }
    const socket = connectTls({ socket: tcp, host: "127.0.0.1", ca });
    await once(socket, "secureConnect");
    socket.write(LOGIN);
    let text = "";
    for await (const chunk of socket) {
      text += chunk;
      if (JOB.test(text)) break;
    }
    assert.deepEqual([JOB.test(text), tcp.destroyed], [true, true]);
    await until(() => proxy.statistics().connected === 0, "it has left");
  }
  const lines = log.take().filter((line) => line.includes("10.1.2.3:50000 disconnected"));
  assert.equal(lines.length, 2);

  // One segment with the header and all that begins TLS; then a port that is merely checked.
  const hello = await clientHello();
  const one = await plainSocket(port);
  one.write(together(headerV2(MINER), hello));
  const [answer] = await once(one, "data") as [Uint8Array];
  assert.equal(answer[0], 0x16, "it answers with its part of the handshake");
  one.destroy();
  const check = await plainSocket(port);
  check.end(LOCAL_HEADER);
  await once(check.resume(), "close");
  const bare = await plainSocket(port);
  bare.write(hello);
  await once(bare.resume(), "close");
  const { miners } = proxy.proxy.parts;
  await until(() => miners.healthChecks === 1 && miners.limitCounts.proxy_header === 1, "both");
  assert.equal(miners.limitCounts.tls_handshake, 0);
});

/** What a TLS client says first. */
async function clientHello(): Promise<Uint8Array> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const socket = connectTls({ port: listener.addr.port, host: "127.0.0.1" });
  socket.on("error", () => {});
  const conn = await listener.accept();
  const bytes = new Uint8Array(4096);
  const count = await conn.read(bytes);
  conn.close();
  socket.destroy();
  return bytes.slice(0, count!);
}
