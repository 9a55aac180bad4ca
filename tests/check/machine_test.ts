/** Ports, open files and the folder of the log. */

import assert from "node:assert/strict";
import {
  examineLogFolder,
  examineMinerCertificate,
  examinePort,
  examineStatusPort,
  judgeOpenFiles,
  judgePort,
  judgeWorkerConnections,
} from "../../lib/check/machine.ts";
import { BalancerPorts } from "../../lib/app/balancer_ports.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { roomForMiners } from "../../lib/host/open_files.ts";
import { saying, silent } from "../support/dialling.ts";
import { LoopbackServer, type Serve } from "../support/loopback_server.ts";
import { LogCapture } from "../support/log_capture.ts";
import { serverCertificate } from "../support/test_certificates.ts";
import { TestProxy } from "../support/test_proxy.ts";

Deno.test("a free port is free, and is so again afterwards", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const address = { hostname: "127.0.0.1", port };
  for (let i = 0; i < 2; i++) {
    const { level, found } = judgePort(await examinePort(address, systemTime));
    assert.equal(`${level}: ${found}`, `ok: 127.0.0.1:${port} is free`);
  }
  assert.equal(examineStatusPort(address, false).level, "ok");
});

const OWNERS: [name: string, serve: Serve, level: string, found: RegExp][] = [
  [
    "by a btcagent is worth a note",
    saying('{"id":1,"result":"btcagent/0.1.0","error":null}\n'),
    "note",
    /^127\.0\.0\.1:\d+ is already served by btcagent\/0\.1\.0$/,
  ],
  ["by who says nothing is a failure", silent, "failure", /: another program has this port/],
  ["by who says something else", saying("220 mail\r\n"), "failure", /: another program has this/],
];
for (const [name, serve, level, found] of OWNERS) {
  Deno.test(`a port taken ${name}`, async () => {
    await using server = new LoopbackServer(serve);
    const { host, port } = server.address;
    const finding = await examinePort({ hostname: host, port }, systemTime);
    const row = judgePort(finding);
    assert.equal(row.level, level);
    assert.match(row.found, found);
    const status = examineStatusPort({ hostname: host, port }, level === "note");
    assert.equal(status.level, level === "note" ? "note" : "warning");
  });
}

Deno.test("an address this machine does not have is told as such", async () => {
  const row = judgePort(await examinePort({ hostname: "192.0.2.1", port: 3333 }, systemTime));
  assert.equal(row.level, "failure");
  assert.match(row.found, /this machine has no such address/);
});

Deno.test("a btcagent that trusts this machine as a load balancer is known as well", async () => {
  using log = new LogCapture();
  const settings = { pools: [["127.0.0.1", 1, "me"]] };
  const trusted = ["127.0.0.1"];
  const balancers = new BalancerPorts();
  await balancers.load([{ hostname: "127.0.0.1", port: 0, trusted }]);
  await using proxy = new TestProxy(
    [],
    { ...settings, agent_listen_proxy_protocol: { trusted } },
    { balancers },
  );
  const { port } = proxy;
  const finding = await examinePort({ hostname: "127.0.0.1", port, trusted }, systemTime);
  assert.equal(finding.runningAgent, "btcagent/0.0.0-test");
  assert.ok(!log.take().some((line) => line.includes("Load balancer connection")));
});

Deno.test("a btcagent behind a port with TLS is known as well", async () => {
  const answer = saying('{"id":1,"result":"btcagent/0.1.0","error":null}\n');
  await using server = new LoopbackServer(answer, serverCertificate("pool"));
  const { host, port } = server.address;
  const tls = { cert_file: "x", key_file: "y" };
  assert.equal(
    judgePort(await examinePort({ hostname: host, port, tls }, systemTime)).level,
    "note",
  );
});

const CERTIFICATES: [cert: string, key: string, level: string, found: RegExp][] = [
  ["pool", "pool", "ok", /pool\.pem, for DNS:pool\.test.*: \d+ days left$/],
  ["expired", "expired", "failure", /: expired \d+ days ago$/],
  ["pool", "elsewhere", "failure", /it is not the key of the certificate/],
];
for (const [cert, key, level, found] of CERTIFICATES) {
  Deno.test(`the miners' certificate "${cert}" with the key of "${key}" is ${level}`, async () => {
    const { row, canBeUsed } = await examineMinerCertificate({
      cert_file: `tests/support/certificates/${cert}.pem`,
      key_file: `tests/support/certificates/${key}_key.pem`,
    }, Date.now());
    assert.equal(row.level, level);
    assert.match(row.found, found);
    assert.equal(canBeUsed, cert === key);
  });
}

const FILES: [files: number | undefined, wanted: number | undefined, level: string][] = [
  [undefined, 10_000, "note"],
  [1024, undefined, "ok"],
  [1024, 890, "ok"],
  [1024, 10_000, "warning"],
  [65_536, 10_000, "ok"],
];
for (const [files, wanted, level] of FILES) {
  Deno.test(`${files} open files and limits.max_miners ${wanted} is ${level}`, () => {
    const pools = { connections: 3, minersPerConnection: Infinity, wantsOneEach: false };
    const row = judgeOpenFiles(files, wanted, roomForMiners(files, wanted, pools).miners);
    assert.equal(row.level, level);
    assert.equal(row.advice !== undefined, level === "warning");
  });
}

Deno.test("a folder for the log is made, tried and left empty; one that cannot be is told", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal((await examineLogFolder(`${folder}/a/b`)).level, "ok");
    assert.deepEqual([...Deno.readDirSync(`${folder}/a/b`)], []);
    await Deno.writeTextFile(`${folder}/file`, "");
    const row = await examineLogFolder(`${folder}/file`);
    assert.equal(row.level, "failure");
    assert.equal(row.advice, "name a writable folder with -l");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("room for connections of single workers is told, and where it is not enough for all miners", () => {
  const [enough, few, unknown] = [
    judgeWorkerConnections(20_000, 5_000, 5_000),
    judgeWorkerConnections(1_024, 600, 290),
    judgeWorkerConnections(undefined, 500, 400),
  ];
  assert.deepEqual([enough.level, few.level, unknown.level], ["ok", "warning", "ok"]);
  assert.match(few.found, /290 pool connections of single workers, not for 600/);
});
