/** TLS for miners, from the configuration to the shares: with real TLS, on loopback. */

import assert from "node:assert/strict";
import { CannotUseCertificate } from "../../lib/net/tls/certificate_files.ts";
import { CannotListen } from "../../lib/net/miners/listeners.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { freePort } from "../support/free_port.ts";
import { LogCapture } from "../support/log_capture.ts";
import { Program } from "../support/program.ts";
import { RawMiner } from "../support/raw_miner.ts";
import {
  AUTHORITY_FILE,
  certificateFiles,
  type CertificateName,
} from "../support/test_certificates.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["tls/1"]}\n';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["demo.tls","x"]}\n';

const JOB = /"method":"mining.notify"/;

/** The head of a `ClientHello` whose rest never comes. */
const HALF_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1);

/** Two files that a test may replace; they go away with it. */
class Files implements AsyncDisposable {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async create(name: CertificateName): Promise<Files> {
    const files = new Files(await Deno.makeTempDir());
    await files.put(name);
    return files;
  }

  get paths() {
    return { cert_file: `${this.folder}/cert.pem`, key_file: `${this.folder}/key.pem` };
  }

  async put(name: CertificateName): Promise<void> {
    const from = certificateFiles(name);
    await Deno.copyFile(from.cert_file, this.paths.cert_file);
    await Deno.copyFile(from.key_file, this.paths.key_file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** A proxy with a second port, for TLS. */
async function tlsProxy(
  pool: SimPool,
  files = certificateFiles("pool"),
  limits: Readonly<Record<string, unknown>> = {},
): Promise<TestProxy> {
  const tls = new MinerTls(Date.now);
  await tls.load([files]);
  const listen = [{ address: "127.0.0.1", port: freePort(), tls: files }];
  return new TestProxy([pool], { listen, limits }, { tls });
}

function tlsPort({ proxy }: TestProxy): number {
  return proxy.addresses[1]!.port;
}

function connectTls(proxy: TestProxy): Promise<RawMiner> {
  return RawMiner.connectTls(tlsPort(proxy), Deno.readTextFileSync(AUTHORITY_FILE));
}

async function login(miner: RawMiner): Promise<void> {
  await miner.send(SUBSCRIBE + AUTHORIZE);
  await miner.until(() => miner.lines.some((line) => JOB.test(line)), "a job");
}

Deno.test("a miner with TLS logs in, gets jobs and verdicts beside one without", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using proxy = await tlsProxy(pool);
  await using plain = await RawMiner.connect(proxy.port);
  await using miner = await connectTls(proxy);
  await Promise.all([login(plain), login(miner)]);
  for (const each of [plain, miner]) {
    const job = JSON.parse(each.lines.find((line) => JOB.test(line))!);
    const [jobId, , , , , , , time] = job.params;
    const share = ["demo.tls", jobId, "00000001", time, "deadbeef"];
    await each.send(`{"id":7,"method":"mining.submit","params":${JSON.stringify(share)}}\n`);
    await each.until(() => each.lines.some((line) => /"id":7,.*true/.test(line)), "a verdict");
  }
  const jobs = () => [plain, miner].map(({ lines }) => lines.filter((l) => JOB.test(l)));
  const before = jobs().map(({ length }) => length);
  pool.newBlock();
  await until(() => jobs().every(({ length }, i) => length > before[i]!), "both get the new job");
  assert.equal(proxy.statistics().shares.accepted, 2);
});

Deno.test("a handshake that stalls is over with the time to log in, and counted while it lasts", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start();
  await using proxy = await tlsProxy(pool, undefined, { login_timeout_seconds: 1 });
  await using silent = await RawMiner.connect(tlsPort(proxy));
  await using half = await RawMiner.connect(tlsPort(proxy));
  await half.send(HALF_HELLO);
  await until(() => proxy.statistics().connected === 2, "both count as connections");
  await using miner = await connectTls(proxy);
  await login(miner);
  await Promise.all([silent.ended(), half.ended()]);
  const { connected, limitCounts } = proxy.statistics();
  assert.equal(connected, 1);
  assert.equal(limitCounts.login_timeout_seconds, 2);
  assert.equal(log.take().filter((line) => line.includes("did not log in within 1 s")).length, 2);
  assert.ok(!miner.isEnded);
});

Deno.test("a handshake that stalls takes a place: limits per address hold on the TLS port", async () => {
  await using pool = await SimPool.start();
  await using proxy = await tlsProxy(pool, undefined, { max_connections_per_ip: 1 });
  await using half = await RawMiner.connect(tlsPort(proxy));
  await half.send(HALF_HELLO);
  await until(() => proxy.statistics().connected === 1, "it counts as a connection");
  await using refused = await RawMiner.connect(tlsPort(proxy));
  await refused.ended();
  assert.equal(proxy.statistics().limitCounts.max_connections_per_ip, 1);
});

Deno.test("plain stratum on the TLS port is named in the log and counted, and twice is a mark here", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start();
  await using proxy = await tlsProxy(pool, undefined, { ban_after_violations: 2 });
  for (let i = 1; i <= 2; i++) {
    await using miner = await RawMiner.connect(tlsPort(proxy));
    await miner.send(SUBSCRIBE);
    await miner.ended();
  }
  // It has a second to log in, not the ten minutes of this proxy.
  await using silent = await RawMiner.connect(tlsPort(proxy));
  await silent.ended();
  const { limitCounts } = proxy.statistics();
  assert.equal(limitCounts.tls_handshake, 2);
  assert.equal(limitCounts.ban_after_violations, 1);
  const lines = log.take();
  assert.equal(
    lines.filter((line) => /disconnected: it speaks plain stratum to the TLS/.test(line)).length,
    2,
  );
});

Deno.test("certificates are replaced while everybody stays; ones that cannot be used change nothing", async () => {
  await using pool = await SimPool.start();
  await using files = await Files.create("pool");
  await using proxy = await tlsProxy(pool, files.paths);
  await using before = await connectTls(proxy);
  await login(before);
  assert.deepEqual(proxy.proxy.certificates, [{
    file: files.paths.cert_file,
    names: "DNS:pool.test, IP Address:127.0.0.1, IP Address:::1",
    expiresAt: Date.UTC(2060, 0, 1),
  }]);

  await Deno.copyFile(certificateFiles("elsewhere").cert_file, files.paths.cert_file);
  await assert.rejects(proxy.proxy.reconfigure(proxy.proxy.config), CannotUseCertificate);
  await using meanwhile = await connectTls(proxy);
  await login(meanwhile);

  await files.put("elsewhere");
  await proxy.proxy.reconfigure(proxy.proxy.config);
  await assert.rejects(connectTls(proxy), /only valid for DnsName\("elsewhere.test"\)/);
  for (const miner of [before, meanwhile]) {
    const jobs = miner.lines.length;
    pool.newBlock();
    await miner.until(() => miner.lines.length > jobs, "a job of the connection it has");
  }
  assert.equal(proxy.statistics().working, 2);
});

Deno.test("a port with TLS comes, gets another certificate and goes while the program runs", async () => {
  await using pool = await SimPool.start();
  await using proxy = new TestProxy([pool]);
  const [first, second] = [freePort(), freePort()];
  const settings = (port: number, name: CertificateName) => ({
    listen: [{ address: "127.0.0.1", port, tls: certificateFiles(name) }],
  });
  await proxy.reconfigure([pool], settings(first, "pool"));
  await using miner = await connectTls(proxy);
  await login(miner);

  using _taken = Deno.listen({ hostname: "127.0.0.1", port: second });
  await assert.rejects(proxy.reconfigure([pool], settings(second, "elsewhere")), CannotListen);
  assert.match(proxy.proxy.certificates[0]!.names, /pool\.test/, "the one in use is kept");
  await using _another = await connectTls(proxy);

  await proxy.reconfigure([pool], settings(first, "elsewhere"));
  await assert.rejects(connectTls(proxy), /only valid for DnsName\("elsewhere.test"\)/);

  await proxy.reconfigure([pool]);
  await assert.rejects(RawMiner.connect(first), Deno.errors.ConnectionRefused);
  assert.deepEqual(proxy.proxy.certificates, []);
  const jobs = miner.lines.length;
  pool.newBlock();
  await miner.until(() => miner.lines.length > jobs, "a job of the connection it has");
});

Deno.test("SIGHUP takes renewed files though the configuration is the same, and no spoilt ones", async () => {
  await using pool = await SimPool.start();
  await using files = await Files.create("pool");
  const config = configWith(files, pool.port);
  await Deno.writeTextFile(`${files.folder}/agent.jsonc`, JSON.stringify(config));
  await using program = new Program(["-c", `${files.folder}/agent.jsonc`]);
  await program.wrote("serves miners");
  const { port } = config.listen[0]!;
  const authority = Deno.readTextFileSync(AUTHORITY_FILE);
  await using miner = await RawMiner.connectTls(port, authority);
  await login(miner);
  await Deno.writeTextFile(files.paths.key_file, "rubbish");
  program.signal("SIGHUP");
  await program.wrote("keeping the current configuration");
  assert.match(program.output, /Cannot use tls\.key_file \(\S+key\.pem\): found no line/);
  await using _meanwhile = await RawMiner.connectTls(port, authority);
  await files.put("elsewhere");
  program.signal("SIGHUP");
  await program.wrote("nothing changed");
  await assert.rejects(RawMiner.connectTls(port, authority), /only valid for DnsName/);
  const jobs = miner.lines.length;
  pool.newBlock();
  await miner.until(() => miner.lines.length > jobs, "a job of the connection it has");
});

for (
  const [name, spoil, found] of [
    [
      "that is not there",
      (files: Files) => Deno.remove(files.paths.cert_file),
      /Cannot use tls\.cert_file \(\S+cert\.pem\): No such file.*name a file with a certificate/,
    ],
    [
      "whose key is another's",
      (files: Files) => Deno.copyFile(certificateFiles("elsewhere").key_file, files.paths.key_file),
      /Cannot use tls\.key_file \(\S+key\.pem\): it is not the key of the certificate/,
    ],
  ] as const
) {
  Deno.test(`a certificate ${name} is said at the start with what to do; exit 2`, async () => {
    await using files = await Files.create("pool");
    await spoil(files);
    const config = configWith(files, 1);
    await Deno.writeTextFile(`${files.folder}/agent.jsonc`, JSON.stringify(config));
    await using program = new Program(["-c", `${files.folder}/agent.jsonc`]);
    const { code, stderr } = await program.ended();
    assert.match(stderr, found);
    assert.equal(code, 2);
  });
}

Deno.test("the start task's permissions are enough for TLS, and the log says how it is served", async () => {
  await using pool = await SimPool.start();
  await using files = await Files.create("pool");
  const config = configWith(files, pool.port);
  await Deno.writeTextFile(`${files.folder}/agent.jsonc`, JSON.stringify(config));
  await using program = new Program(["-c", `${files.folder}/agent.jsonc`]);
  await program.wrote("serves miners");
  const { address, port } = config.listen[0]!;
  const how =
    `Listening for miners on ${address}:${port} with TLS and the deno engine, not libc: ` +
    "it has no TLS";
  assert.ok(program.output.includes(how), program.output);
  assert.match(
    program.output,
    /Certificate \S+cert\.pem for DNS:pool\.test, .* is good until 2060/,
  );
  await using miner = await RawMiner.connectTls(port, Deno.readTextFileSync(AUTHORITY_FILE));
  await login(miner);
  program.signal("SIGTERM");
  assert.equal((await program.ended()).code, 0);
});

function configWith(files: Files, poolPort: number) {
  return {
    agent_listen_ip: "127.0.0.1",
    agent_listen_port: freePort(),
    listen: [{ address: "127.0.0.1", port: freePort(), tls: files.paths }],
    pools: [agentEntry({ hostname: "127.0.0.1", port: poolPort })],
    status: { listen: "" },
  };
}
