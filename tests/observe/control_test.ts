/** What the status server lets an operator change, and nobody else. */

import assert from "node:assert/strict";
import { UpstreamsSchema } from "../../lib/observe/status/pool_shapes.ts";
import {
  ConfigAnswerSchema,
  DoneSchema,
  LogLevelsSchema,
  ReloadSchema,
  SummarySchema,
} from "../../lib/observe/status/shapes.ts";
import * as v from "valibot";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "../support/agent_entry.ts";
import { StatusRig } from "../support/status_rig.ts";

const CONTROL = { status: { control: true, token: "s3cret" } };
const POST = { method: "POST" };

/** A configuration file that goes away with the test. */
class File implements AsyncDisposable {
  readonly path: string;

  constructor(folder: string) {
    this.path = `${folder}/agent.jsonc`;
  }

  static async create(): Promise<File> {
    return new File(await Deno.makeTempDir());
  }

  async write(pools: readonly SimPool[], settings: object = {}): Promise<void> {
    const list = pools.map((pool) => agentEntry(pool));
    const config = { agent_listen_ip: "127.0.0.1", pools: list, ...CONTROL, ...settings };
    await Deno.writeTextFile(this.path, JSON.stringify(config));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.path.replace(/\/[^/]*$/, ""), { recursive: true });
  }
}

async function post<const S extends v.GenericSchema>(
  rig: StatusRig,
  path: string,
  schema: S,
  init: RequestInit = {},
): Promise<v.InferOutput<S>> {
  const response = await rig.fetch(path, { ...POST, ...init });
  const body = await response.json();
  assert.equal(response.status, 200, JSON.stringify(body));
  return v.parse(schema, body);
}

const level = (value: unknown) => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

Deno.test("reload: the file is put into force and its changes are told, while miners mine on", async () => {
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  await using file = await File.create();
  await using rig = new StatusRig([first], CONTROL, { path: file.path });
  await using farm = SimFarm.start({
    port: rig.port,
    count: 5,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  await first.until(() => first.workers().length === 5);
  await file.write([second], { fixed_worker_name: "farm", advanced: { io_engine: "deno" } });

  const { changes, needs_restart } = await post(rig, "/api/v1/reload", ReloadSchema);
  const told = changes.map(({ key, takes_effect }) => `${key} ${takes_effect}`);
  assert.deepEqual(told.filter((change) => !change.startsWith("agent_listen_port")), [
    "fixed_worker_name new_miners",
    "pools[0] now",
    "advanced.io_engine restart",
  ]);
  assert.deepEqual(needs_restart, ["advanced.io_engine"]);
  await second.until(() => second.workers().length === 5);
  const { config } = await rig.get("/api/v1/config", ConfigAnswerSchema);
  assert.deepEqual(config.pools, [agentEntry(second)]);
  assert.equal(config.fixed_worker_name, "farm");
  assert.deepEqual((config.status as { token: string }).token, "***");
  const { pools } = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.deepEqual(pools.map(({ address }) => address), [`127.0.0.1:${second.port}`]);
  assert.equal(farm.statistics().lostConnections, 0);
});

Deno.test("reload: a file with mistakes is refused with the place of each, and counted", async () => {
  await using pool = await SimPool.start();
  await using file = await File.create();
  await using rig = new StatusRig([pool], CONTROL, { path: file.path });
  await Deno.writeTextFile(
    file.path,
    '{\n  "agent_listen_port": "x",\n  "poolz": [],\n  "pools": [["h", 1, "a"]],\n' +
      '  "status": { "token": "two words" }\n}\n',
  );
  const { status, title, problems } = await rig.problem("/api/v1/reload", POST);
  assert.equal(status, 422);
  assert.match(title, /cannot be used/);
  assert.deepEqual(problems!.map(({ line, key }) => `${line} ${key}`), [
    "2 agent_listen_port",
    "3 poolz",
    "5 status.token",
  ]);
  assert.ok(!JSON.stringify(problems).includes("two words"), "a token is not shown");
  const { config } = await rig.get("/api/v1/config", ConfigAnswerSchema);
  assert.deepEqual(config.pools, [agentEntry(pool)]);

  await Deno.remove(file.path);
  assert.match((await rig.problem("/api/v1/reload", POST)).title, /cannot read the configuration/);

  const { reloads } = await rig.get("/api/v1/summary", SummarySchema);
  assert.deepEqual([reloads.done, reloads.failed, reloads.last_went_well], [0, 2, false]);
  const metrics = await rig.metrics();
  assert.equal(metrics.get('btcagent_config_reloads_total{result="failed"}'), 2);
  assert.equal(metrics.get("btcagent_config_last_reload_successful"), 0);

  await file.write([pool]);
  await post(rig, "/api/v1/reload", ReloadSchema);
  const after = await rig.metrics();
  assert.equal(after.get('btcagent_config_reloads_total{result="done"}'), 1);
  assert.equal(after.get("btcagent_config_last_reload_successful"), 1);
  const seconds = after.get("btcagent_config_last_reload_timestamp_seconds")!;
  assert.ok(Math.abs(seconds - Date.now() / 1000) < 60);
});

Deno.test("pin: all miners move to the pool of that position, and back to the order with auto", async () => {
  await using first = await SimPool.start({ proofOfWork: false });
  await using second = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  await using rig = new StatusRig([first, second], {
    ...CONTROL,
    failover: { return_after_seconds: 0 },
  });
  await using farm = SimFarm.start({ port: rig.port, count: 5 });
  await first.until(() => first.workers().length === 5);

  const { done } = await post(rig, "/api/v1/pools/2/pin", DoneSchema);
  assert.match(done, new RegExp(`127\\.0\\.0\\.1:${second.port}`));
  await second.until(() => second.workers().length === 5);
  const { pools } = await rig.get("/api/v1/upstreams", UpstreamsSchema);
  assert.deepEqual(pools.map(({ pinned }) => pinned), [false, true]);
  assert.equal((await rig.get("/api/v1/summary", SummarySchema)).pinned_pool, 2);

  await post(rig, "/api/v1/pools/auto", DoneSchema);
  await first.until(() => first.workers().length === 5);
  assert.equal((await rig.get("/api/v1/summary", SummarySchema)).pinned_pool, null);
  assert.equal(farm.statistics().lostConnections, 0);

  for (const position of ["0", "3", "01", "-1", "x", "99999999999"]) {
    const { status } = await rig.problem(`/api/v1/pools/${position}/pin`, POST);
    assert.equal(status, 404, position);
  }
});

Deno.test("log-level: one area or all of them, and nothing that is no level", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool], CONTROL);
  const before = await rig.get("/api/v1/log-level", LogLevelsSchema);
  try {
    const one = await post(
      rig,
      "/api/v1/log-level",
      LogLevelsSchema,
      level({ area: "pool", level: "debug" }),
    );
    assert.deepEqual(one.levels, { ...before.levels, pool: "debug" });
    const all = await post(rig, "/api/v1/log-level", LogLevelsSchema, level({ level: "error" }));
    assert.deepEqual(new Set(Object.values(all.levels)), new Set(["error"]));
    for (
      const wrong of [{}, { level: "loud" }, { level: "info", area: "all" }, [], null, {
        level: "info",
        more: 1,
      }]
    ) {
      const { status, title } = await rig.problem("/api/v1/log-level", {
        ...POST,
        ...level(wrong),
      });
      assert.equal(status, 400, JSON.stringify(wrong));
      assert.match(title, /wanted/);
    }
    const plain = { ...POST, headers: { "content-type": "text/plain" }, body: "{}" };
    assert.equal((await rig.problem("/api/v1/log-level", plain)).status, 415);
  } finally {
    for (const [area, value] of Object.entries(before.levels)) {
      await post(rig, "/api/v1/log-level", LogLevelsSchema, level({ area, level: value }));
    }
  }
});

const CHANGES = [
  "/api/v1/reload",
  "/api/v1/pools/1/pin",
  "/api/v1/pools/auto",
  "/api/v1/log-level",
  "/api/v1/miners/00000000/disconnect",
];

Deno.test("nothing is changed without the token, or where status.control is false", async () => {
  await using pool = await SimPool.start();
  await using controlled = new StatusRig([pool], CONTROL);
  await using open = new StatusRig([pool]);
  for (const path of CHANGES) {
    const stranger = { ...POST, headers: { authorization: "Bearer guess" } };
    assert.equal((await controlled.problem(path, stranger)).status, 401, path);
    const { status, title } = await open.problem(path, POST);
    assert.equal(status, 403, path);
    assert.match(title, /status\.control/);
    assert.equal((await controlled.problem(path, { method: "DELETE" })).status, 405, path);
  }
});

Deno.test("a web page of another origin changes nothing, even with the token, and is told nothing", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool, pool], CONTROL);
  const own = `http://127.0.0.1:${rig.server.address.port}`;
  const foreign: Record<string, string>[] = [
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { origin: "http://localhost" },
    { origin: own, "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
  ];
  for (const headers of foreign) {
    for (const path of CHANGES) {
      const { status, title } = await rig.problem(path, { ...POST, headers });
      assert.equal(status, 403, JSON.stringify(headers));
      assert.match(title, /another origin/);
    }
  }
  assert.equal(rig.proxy.pinnedPool, undefined);
  const asked = await rig.fetch("/api/v1/reload", {
    method: "OPTIONS",
    headers: { origin: "https://evil.example", "access-control-request-method": "POST" },
  });
  await asked.body?.cancel();
  assert.ok(!asked.ok);
  for (const [name] of asked.headers) assert.ok(!name.startsWith("access-control"), name);
  await post(rig, "/api/v1/pools/2/pin", DoneSchema, {
    headers: { origin: own, "sec-fetch-site": "same-origin" },
  });
  assert.equal(rig.proxy.pinnedPool, 1);
});

Deno.test("a web page of another origin is shown nothing either, whatever it asks for", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const own = `http://127.0.0.1:${rig.server.address.port}`;
  const status = async (path: string, headers: Record<string, string>) => {
    const response = await rig.fetch(path, { headers });
    await response.body?.cancel();
    return response.status;
  };
  const PATHS = ["/metrics", "/healthz", "/api/v1/miners", "/api/v1/stream", "/page/app.js"];
  const foreign: Record<string, string>[] = [
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", origin: own },
    { origin: "https://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:1" },
    { origin: "https://evil.example", "x-forwarded-host": "farm.example" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" },
  ];
  for (const headers of foreign) {
    for (const path of PATHS) {
      assert.equal(await status(path, headers), 403, JSON.stringify(headers));
    }
  }
  const mine: Record<string, string>[] = [
    {},
    { "sec-fetch-site": "none" },
    { "sec-fetch-site": "same-origin" },
    // As a browser sees it, behind a reverse proxy that calls us by another name.
    { "sec-fetch-site": "same-origin", origin: "https://farm.example" },
    { origin: own },
    { origin: "http://farm.example", "x-forwarded-host": "farm.example:80" },
  ];
  for (const headers of mine) {
    for (const path of PATHS) {
      // Without a pool ready it is 503.
      assert.match(String(await status(path, headers)), /^(?:200|503)$/, JSON.stringify(headers));
    }
  }
  const link = {
    "sec-fetch-site": "cross-site",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
  };
  assert.equal(await status("/", link), 200, "links lead to the page");
});

Deno.test("a name that another site gave this address is refused where no token is asked for", async () => {
  await using pool = await SimPool.start();
  await using rig = new StatusRig([pool]);
  const connection = await Deno.connect({ port: rig.server.address.port });
  const request = "GET /api/v1/config HTTP/1.1\r\nHost: rebound.evil.example\r\n\r\n";
  await connection.write(new TextEncoder().encode(request));
  const buffer = new Uint8Array(4096);
  const count = await connection.read(buffer);
  connection.close();
  assert.match(new TextDecoder().decode(buffer.subarray(0, count!)), /^HTTP\/1\.1 421 /);
});
