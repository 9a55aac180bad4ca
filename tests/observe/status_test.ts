/** The status API and the metrics say what the simulated pool and farm counted themselves. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { finished } from "../../lib/base/steps.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { answerOptions, answerRequest } from "../../lib/observe/status/server.ts";
import {
  MinerSchema,
  MinersSchema,
  MinerTableSchema,
} from "../../lib/observe/status/miner_shapes.ts";
import { UpstreamsSchema } from "../../lib/observe/status/pool_shapes.ts";
import {
  ConfigAnswerSchema,
  EventsSchema,
  HealthSchema,
  SummarySchema,
} from "../../lib/observe/status/shapes.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { freePort } from "../support/free_port.ts";
import { FakeStatus } from "../support/fake_status.ts";
import { QUICK_DIFFICULTY } from "../support/hashing_farms.ts";
import { LogCapture } from "../support/log_capture.ts";
import { OPEN_FILES, StatusRig } from "../support/status_rig.ts";
import { certificateFiles } from "../support/test_certificates.ts";
import { inTime } from "../support/patience.ts";
import { until } from "../support/test_proxy.ts";

Deno.test("every number is the pool's and the farm's own", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using rig = new StatusRig([pool], { status: { worker_series_max: 3 } });
  await using farm = SimFarm.start({ port: rig.port, count: 20, mode: { kind: "hash" } });
  await farm.until(() => farm.statistics().accepted >= 60);
  farm.setMode({ kind: "idle" });
  await until(() => farm.statistics().waitingNow === 0, "all shares are judged");
  pool.newBlock();
  const { fanout } = rig.proxy.parts.miners;
  await until(() => sum(rig.proxy.parts.miners.fanout.counts) > sum(fanout.counts), "a job is out");
  const { submitted, accepted } = farm.statistics();

  const summary = await rig.get("/api/v1/summary", SummarySchema);
  const judged = pool.statistics();
  assert.equal(summary.shares.received, submitted);
  assert.equal(summary.shares.accepted, accepted);
  assert.equal(summary.shares.accepted, judged.accepted);
  assert.equal(summary.shares.waiting, 0);
  assert.equal(summary.miners.connected, 20);
  assert.equal(summary.process.open_files_limit, OPEN_FILES);
  assert.equal(summary.miners.states.working, 20);
  assert.equal(
    summary.miners.asicboost.never + summary.miners.asicboost.rolling,
    20 - summary.miners.asicboost.lost,
  );
  assert.deepEqual(summary.traffic, {
    bytes_read: judged.bytesOut,
    bytes_written: judged.bytesIn,
    frames_read: judged.framesOut,
    frames_written: judged.framesIn,
    frames_ignored: 0,
  });
  assert.ok(Math.abs(summary.credited_difficulty - accepted * QUICK_DIFFICULTY) < 1e-9);
  const seconds = summary.credited_difficulty * 2 ** 32 / summary.hashrate.minutes_60;
  assert.ok(Math.abs(seconds - summary.uptime_seconds) < 1, `${seconds} s`);
  assert.equal(summary.hashrate.minutes_1, summary.hashrate.minutes_60);
  assert.equal(sum(summary.verdict_latency.counts), accepted);
  assert.ok(sum(summary.job_fanout.counts) >= 1);
  assert.equal(summary.moves, 0);
  assert.ok(summary.serving);

  // Each miner has had at least one job, and an answer to each of its shares.
  assert.ok(summary.miners.bytes_written > 20 * 200 + submitted * 30);

  const { pools, accounts } = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.equal(pools.length, 1);
  assert.deepEqual(pools[0]!.shares, summary.shares);
  assert.deepEqual(pools[0]!.traffic, summary.traffic);
  assert.equal(pools[0]!.miners, 20);
  assert.equal(accounts[0]!.pools[0]!.state, "serving");
  assert.deepEqual(accounts[0]!.shares, summary.shares);

  const { total, miners } = await rig.get("/api/v1/miners", MinersSchema);
  assert.equal(total, 20);
  assert.deepEqual(new Set(miners.map(({ worker }) => worker)), farm.workerNames);
  for (const miner of miners) {
    const own = judged.acceptedByWorker.get(miner.worker) ?? 0;
    assert.equal(miner.shares.accepted, own, miner.worker);
    const found = farm.miners.find(({ workerName }) => workerName === miner.worker)!;
    assert.equal(miner.shares.received, found.statistics().submitted, miner.worker);
    assert.equal(miner.difficulty, QUICK_DIFFICULTY);
    assert.deepEqual(
      (await rig.get(`/api/v1/miners/${miner.id}`, MinerSchema)).shares,
      miner.shares,
    );
  }

  for (const accept of ["", "application/openmetrics-text;version=1.0.0"]) {
    // A miner may still ask something about its new job.
    const writtenBefore = rig.proxy.parts.miners.bytesWritten;
    const metrics = await rig.metrics(accept);
    const written = metrics.get("btcagent_miner_written_bytes_total")!;
    assert.ok(written >= writtenBefore && written <= rig.proxy.parts.miners.bytesWritten);
    const own = { pool: `127.0.0.1:${pool.port}` };
    const labels = `pool="${own.pool}",position="1"`;
    const expected = {
      'btcagent_miners{state="working"}': 20,
      "process_max_fds": OPEN_FILES,
      "btcagent_shares_received_total": submitted,
      "btcagent_shares_submitted_total": judged.submits,
      'btcagent_shares_ended_total{result="accepted",reason=""}': judged.accepted,
      [`btcagent_pool_shares_ended_total{${labels},result="accepted",reason=""}`]: judged.accepted,
      [`btcagent_pool_written_bytes_total{${labels}}`]: judged.bytesIn,
      [`btcagent_pool_read_bytes_total{${labels}}`]: judged.bytesOut,
      [`btcagent_pool_accounts{${labels},state="serving"}`]: 1,
      [`btcagent_pool_miners{${labels}}`]: 20,
      'btcagent_account_shares_ended_total{account="",result="accepted"}': accepted,
      'btcagent_verdict_latency_seconds_bucket{le="+Inf"}': accepted,
      "btcagent_verdict_latency_seconds_count": accepted,
      'btcagent_worker_connections{worker="rig003"}': 1,
    };
    for (const [name, value] of Object.entries(expected)) {
      assert.equal(metrics.get(name), value, name);
    }
    assert.equal(metrics.has('btcagent_worker_connections{worker="rig004"}'), false);
  }
});

Deno.test("rejects are counted under the reason the pool gave, in API and metrics alike", async () => {
  await using pool = await SimPool.start({ difficulty: 1 });
  await using rig = new StatusRig([pool]);
  await using miner = SimMiner.start({
    port: rig.port,
    user: "a.b",
    mode: { kind: "rate", sharesPerSecond: 50 },
  });
  await miner.until(() => miner.statistics().rejected >= 20);
  miner.setMode({ kind: "idle" });
  await until(() => miner.statistics().waitingNow === 0, "all shares are judged");
  const { shares } = await rig.get("/api/v1/summary", SummarySchema);
  const { rejected, rejectedByCode } = pool.statistics();
  assert.deepEqual([...rejectedByCode.values()], [rejected]);
  assert.equal(shares.rejected.low_difficulty, rejected);
  assert.equal(shares.accepted, 0);
  const metrics = await rig.metrics();
  const name = 'btcagent_shares_ended_total{result="rejected",reason="low_difficulty"}';
  assert.equal(metrics.get(name), rejected);
});

Deno.test("when the pool goes, health and outage say so, and its counts stay", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using rig = new StatusRig([pool]);
  await using miner = SimMiner.start({ port: rig.port, user: "a.b", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 3);
  miner.setMode({ kind: "idle" });
  await until(() => miner.statistics().waitingNow === 0, "all shares are judged");
  assert.deepEqual(await rig.get("/healthz", HealthSchema), { serving: true, reason: "" });
  const before = await rig.get("/api/v1/summary", SummarySchema);

  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await until(() => rig.proxy.parts.accounts.outageMs > before.outage_seconds * 1000, "the outage");
  await until(() => {
    const [report] = rig.proxy.parts.accounts.reports();
    return report!.open!.upstreams.pools[0]!.failures > 0;
  }, "a failed dial");
  const response = await rig.fetch("/healthz");
  assert.equal(response.status, 503);
  assert.match((await response.json()).reason, /^No pool answers; 127\.0\.0\.1:\d+: /);
  const { pools: [gone], accounts: [account] } = await rig.get(
    "/api/v1/upstreams",
    UpstreamsSchema,
  );
  assert.equal(gone!.accounts.waiting + gone!.accounts.opening, 1);
  assert.equal(gone!.shares.accepted, before.shares.accepted);
  assert.equal(gone!.traffic.bytes_written, pool.statistics().bytesIn);
  assert.ok(gone!.losses >= 1);
  assert.equal(account!.waiting_miners, 1);
  assert.notEqual(account!.pools[0]!.reason, "");

  await pool.setFaults({ refuseConnections: false });
  await until(() => finished(rig.view.pools())[0]!.miners === 1, "the miner is back at the pool");
  assert.equal(miner.statistics().lostConnections, 0);
  const after = await rig.get("/api/v1/summary", SummarySchema);
  assert.ok(after.moves >= 1);
  assert.ok(after.outage_seconds > before.outage_seconds);
  const later = await rig.get("/api/v1/summary", SummarySchema);
  assert.equal(later.outage_seconds, after.outage_seconds);
});

Deno.test("counts of a sub-account and its pool outlive it", async () => {
  await using pool = await SimPool.start({ difficulty: QUICK_DIFFICULTY });
  await using rig = new StatusRig([pool], { multi_user_mode: true });
  const { pools: [none], accounts: nobody } = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.equal(none!.connects, 0);
  assert.deepEqual(nobody, []);
  await using miner = SimMiner.start({ port: rig.port, user: "Alice.b", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 2);
  miner.setMode({ kind: "idle" });
  await until(() => miner.statistics().waitingNow === 0, "all shares are judged");
  const before = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.equal(before.accounts[0]!.account, "Alice");
  rig.proxy.parts.accounts.stop();
  const after = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.equal(after.accounts[0]!.open, false);
  assert.deepEqual(after.accounts[0]!.shares, before.accounts[0]!.shares);
  assert.deepEqual(after.pools[0]!.shares, before.pools[0]!.shares);
  assert.equal(after.pools[0]!.traffic.frames_written, before.pools[0]!.traffic.frames_written);
});

Deno.test("workers of one name in two sub-accounts are told apart in metrics, list and table", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], {
    multi_user_mode: true,
    status: { worker_series_max: 10 },
  });
  await using _one = SimMiner.start({ port: rig.port, user: "alice.w0" });
  await using _other = SimMiner.start({ port: rig.port, user: "bob.w0" });
  await until(() => rig.proxy.statistics().working === 2, "both are in");
  const metrics = await rig.metrics();
  for (const account of ["alice", "bob"]) {
    const name = `btcagent_worker_connections{account="${account}",worker="w0"}`;
    assert.equal(metrics.get(name), 1, name);
  }
  const { miners } = await rig.get("/api/v1/miners", MinersSchema);
  const named = miners.map(({ account, worker }) => `${account} ${worker}`).sort();
  assert.deepEqual(named, ["alice w0", "bob w0"]);
  const { columns, rows } = await rig.get("/api/v1/miner-table", MinerTableSchema);
  const accounts = rows.map((row) => row[columns.indexOf("account")]).sort();
  assert.deepEqual(accounts, ["alice", "bob"]);
});

Deno.test("miners can be searched, filtered, sorted and paged", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool]);
  await using _farm = SimFarm.start({ port: rig.port, count: 12 });
  await until(() => rig.proxy.statistics().working === 12, "all are in");
  const list = (query: string) => rig.get(`/api/v1/miners?${query}`, MinersSchema);
  const page = await list("sort=-worker&offset=2&limit=3");
  assert.equal(page.total, 12);
  assert.deepEqual(page.miners.map(({ worker }) => worker), ["rig010", "rig009", "rig008"]);
  assert.deepEqual((await list("q=RIG005")).miners.map(({ worker }) => worker), ["rig005"]);
  assert.equal((await list("state=working")).total, 12);
  assert.equal((await list("state=joining")).total, 0);
  for (const query of ["sort=colour", "limit=0", "limit=1001", "offset=-1", "x=1", "q=1&q=2"]) {
    assert.equal((await rig.problem(`/api/v1/miners?${query}`)).status, 400, query);
  }
});

Deno.test("what is not there, not allowed or too long is a problem with its own status", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const cases = [
    [404, "/page", {}],
    [404, "/page/../server.ts", {}],
    [404, "/page/deno.json", {}],
    [404, "/", { method: "POST" }],
    [404, "/api/v1/miners/00000001", {}],
    [400, "/api/v1/miners/xyz", {}],
    [405, "/metrics", { method: "DELETE" }],
    [405, "/api/v1/miners/00000001/disconnect", {}],
    [403, "/api/v1/miners/00000001/disconnect", { method: "POST" }],
    [413, "/metrics", { method: "POST", body: "x".repeat(64 * 1024 + 1) }],
    [405, "/metrics", { method: "POST", body: "x".repeat(64 * 1024) }],
  ] as const;
  for (const [status, path, init] of cases) {
    const problem = await rig.problem(path, init);
    assert.equal(problem.status, status, `${path}: ${problem.title}`);
  }
  const head = await rig.fetch("/metrics", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(await head.text(), "");
});

Deno.test("a probe without the token is told yes or no and nothing else, however it asks", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], { status: { token: "s3cret" } });
  await until(() => rig.view.health().serving, "a pool serves");
  const kubelet = "Host: 10.244.1.7:9999\r\nUser-Agent: kube-probe/1.30\r\nAccept: */*\r\n";
  const PROBES = [
    "GET /healthz HTTP/1.0\r\n\r\n",
    `GET /healthz HTTP/1.1\r\n${kubelet}Connection: close\r\n\r\n`,
    "HEAD /healthz HTTP/1.1\r\nHost: agent1\r\nConnection: close\r\n\r\n",
    "GET /healthz/ HTTP/1.1\r\nHost: zabbix.example\r\nConnection: close\r\n\r\n",
    "GET //healthz?from=probe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET http://x/healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\nConnection: close\r\n\r\n",
    "GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n",
  ];
  for (const probe of PROBES) {
    const text = await textOfRaw(rig, probe);
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n/, probe);
    const [, body] = text.split("\r\n\r\n");
    assert.equal(body, probe.startsWith("HEAD") ? "" : '{"serving":true}\n', probe);
  }
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
  await until(() => !rig.view.health().serving, "the outage");
  for (const probe of PROBES) {
    const text = await textOfRaw(rig, probe);
    assert.match(text, /^HTTP\/1\.1 503 /, probe);
    assert.doesNotMatch(text, /reason|127\.0\.0\.1/, probe);
  }
  const { reason } = await (await rig.fetch("/healthz")).json();
  assert.match(reason, /^No pool answers/, "who has the token is told why");
});

Deno.test("the scheme of the token, types and paths are taken in the forms that monitors send", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], { status: { token: "s3cret" } });
  for (
    const authorization of ["Bearer s3cret", "bearer s3cret", "BEARER s3cret", "bEaReR  s3cret"]
  ) {
    const response = await rig.fetch("/api/v1/config", { headers: { authorization } });
    await response.body?.cancel();
    assert.equal(response.status, 200, authorization);
  }
  for (
    const path of ["/metrics/", "//metrics", "/metrics?x=1", "/api//v1/summary/", "/api/v1/miners/"]
  ) {
    const response = await rig.fetch(path);
    await response.body?.cancel();
    assert.equal(response.status, 200, path);
  }
  const open = await rig.fetch("/metrics", { headers: { accept: "Application/OpenMetrics-Text" } });
  assert.match(await open.text(), /# EOF\n$/);
});

Deno.test("a name that is not ours is turned away: a page elsewhere cannot read this", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const ask = (host: string) =>
    askRaw(rig, `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  assert.equal(await ask("evil.example"), 421);
  assert.notEqual(await ask("localhost:9999"), 421);
  assert.notEqual(await ask("[::1]:9999"), 421);
});

Deno.test("a request that makes no sense is its sender's fault, not one of ours in the log", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  log.take();
  const get = "GET /healthz HTTP/1.1\r\nHost: ";
  const post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\n";
  for (
    const [status, request] of [
      [400, `${get}999.1.1.1\r\nConnection: close\r\n\r\n`],
      [400, `${get}[::::]:1\r\nConnection: close\r\n\r\n`],
      [421, `${get}a b\r\nConnection: close\r\n\r\n`],
      [400, `${get}x\r\nHost: y\r\n\r\n`],
      [400, "\x16\x03\x01\x02\0\x01\r\n\r\n"],
      [400, `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ] as const
  ) {
    assert.equal(await askRaw(rig, request), status, request);
  }
  // Whether there is still an answer depends on how fast it breaks off.
  assert.notEqual(await askRaw(rig, `${post}Content-Length: 9\r\n\r\nabc`, true), 500);
  assert.ok((await rig.metrics()).size > 0, "it serves on");
  assert.deepEqual(log.take().filter((line) => line.startsWith("error")), []);
});

Deno.test("a body that never comes is waited for 5 s, and keeps a place for no longer", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const request = {
      method: "POST",
      url: "http://localhost/metrics",
      headers: new Headers({ host: "localhost" }),
      body: new ReadableStream<Uint8Array>(),
    };
    const source = new FakeStatus();
    const options = { source, control: undefined, workerSeriesMax: 0, token: "", time: systemTime };
    const answered = answerRequest(answerOptions(options), request);
    // It waits in steps, so that an absence of ours is not held against who sends.
    for (let waitedMs = 0; waitedMs < 5000; waitedMs += 250) mock.timers.tick(250);
    assert.equal((await answered).status, 408);
  } finally {
    mock.timers.reset();
  }
});

Deno.test("32 requests are answered at a time; the next is told so until one is done", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const { port } = rig.server.address;
  const waiting = await Promise.all(
    Array.from({ length: 32 }, () => Deno.connect({ hostname: "127.0.0.1", port })),
  );
  const head = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n";
  for (const one of waiting) await one.write(new TextEncoder().encode(head));
  const status = async () => {
    const response = await rig.fetch("/metrics");
    await response.text();
    return response.status;
  };
  const answers = async (wanted: number) => {
    while (await status() !== wanted);
  };
  await inTime(answers(503), "one request too many is told so");
  for (const one of waiting) one.close();
  await inTime(answers(200), "a place is free again");
});

Deno.test("with a token nothing is shown without it, and with control a miner can be disconnected", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], { status: { token: "s3cret", control: true } });
  for (const authorization of ["Bearer", "Bearer s3cre", "Bearer s3cretx", "Basic s3cret", " "]) {
    const problem = await rig.problem("/metrics", { headers: { authorization } });
    assert.equal(problem.status, 401, authorization);
  }
  await using miner = SimMiner.start({ port: rig.port, user: "a.b" });
  await until(() => rig.proxy.statistics().working === 1, "it is in");
  const { miners: [row] } = await rig.get("/api/v1/miners", MinersSchema);
  const gone = await rig.fetch(`/api/v1/miners/${row!.id}/disconnect`, { method: "POST" });
  assert.equal(gone.status, 200);
  assert.match((await gone.json()).done, new RegExp(row!.id!));
  await miner.until(() => miner.statistics().lostConnections === 1);
  assert.equal(
    (await rig.problem("/api/v1/miners/ffffffff/disconnect", { method: "POST" })).status,
    404,
  );
});

Deno.test("the configuration is shown without secrets, the last events in order", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], {
    status: { token: "s3cret" },
    use_proxy: false,
    proxy: ["socks5://someone:pass@w/rd@10.0.0.1:1080"],
  });
  const text = await (await rig.fetch("/api/v1/config")).text();
  assert.doesNotMatch(text, /s3cret|someone|pass@w/);
  const { config } = await rig.get("/api/v1/config", ConfigAnswerSchema);
  assert.equal(config["agent_listen_ip"], "127.0.0.1");
  for (let i = 1; i <= 300; i++) {
    rig.events.add({ timestamp: i, level: "info", area: "pool", message: `line ${i}` });
  }
  const { events } = await rig.get("/api/v1/events", EventsSchema);
  assert.equal(events.length, 256);
  assert.deepEqual([events[0]!.number, events.at(-1)!.message], [45, "line 300"]);
});

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** All that a request gets, whatever it is. */
async function textOfRaw(rig: StatusRig, request: string): Promise<string> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: rig.server.address.port });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

/** The status a request gets that no HTTP library would write; `NaN` for no answer. */
async function askRaw(rig: StatusRig, request: string, breaksOff = false): Promise<number> {
  const { port } = rig.server.address;
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(Uint8Array.from(request, (char) => char.charCodeAt(0)));
  if (breaksOff) await connection.closeWrite();
  const text = await new Response(connection.readable).text().catch(() => "");
  return Number(text.split(" ")[1]);
}

Deno.test("certificates shown to miners are told with their ends, also those that have ended", async () => {
  using _log = new LogCapture();
  await using pool = await SimPool.start();
  const [good, expired] = [certificateFiles("pool"), certificateFiles("expired")];
  const tls = new MinerTls(Date.now);
  await tls.load([good, expired]);
  const listen = [good, expired, good].map((files) => ({
    address: "127.0.0.1",
    port: freePort(),
    tls: files,
  }));
  await using rig = new StatusRig([pool], { listen }, { tls });
  const { certificates } = await rig.get("/api/v1/summary", SummarySchema);
  assert.deepEqual(
    certificates.map(({ file, expires_at, days_left }) => [file, expires_at, Math.sign(days_left)]),
    [[good.cert_file, "2060-01-01T00:00:00.000Z", 1], [
      expired.cert_file,
      "2010-01-01T00:00:00.000Z",
      -1,
    ]],
  );
  const metrics = await (await rig.fetch("/metrics")).text();
  const family = "btcagent_certificate_expiry_timestamp_seconds";
  for (const [{ cert_file: file }, end] of [[good, 2840140800], [expired, 1262304000]] as const) {
    assert.ok(metrics.includes(`\n${family}{file="${file}"} ${end}\n`), metrics);
  }
});
