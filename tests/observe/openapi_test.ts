/** conf/openapi.json is an OpenAPI document, and the server answers what it says. */

import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { ROUTE_METHODS } from "../../lib/observe/status/routes.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { openapiText } from "../../scripts/openapi.ts";
import { OPERATIONS } from "../../scripts/openapi/operations.ts";
import { GeneratedClient, type Given } from "../support/generated_client.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

const FILE = "conf/openapi.json";

/** Where a history is kept, so that there is an answer at every path. */
function historyFolder(): { readonly file: string } & AsyncDisposable {
  const folder = Deno.makeTempDirSync();
  return {
    file: `${folder}/history.sqlite`,
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
}

Deno.test("conf/openapi.json is up to date (if not: deno task docs)", () => {
  assert.equal(Deno.readTextFileSync(FILE), openapiText());
});

Deno.test("conf/openapi.json keeps the rules of OpenAPI 3.1", async () => {
  const validator = new Validator();
  const result = await validator.validate(JSON.parse(Deno.readTextFileSync(FILE)));
  assert.deepEqual(result, { valid: true });
  assert.equal(validator.version, "3.1");
  validator.resolveRefs();
  const ids = OPERATIONS.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "no id is there twice");
});

Deno.test("a document that breaks a rule of OpenAPI 3.1 is found out", async () => {
  const document = JSON.parse(Deno.readTextFileSync(FILE));
  delete document.paths["/api/v1/miners/{id}"].get.parameters[0].in;
  const { valid } = await new Validator().validate(document);
  assert.equal(valid, false);
});

Deno.test("the document has every path and method of the server, and no other", () => {
  const own = ROUTE_METHODS.flatMap(([path, methods]) =>
    methods.map((method) => `${method} ${path}`)
  );
  const described = OPERATIONS.map(({ method, path }) => `${method.toUpperCase()} ${path}`);
  assert.deepEqual(described.toSorted(), own.toSorted());
});

Deno.test("a client generated from the document reads everything of a running agent", async () => {
  const token = "s3cret";
  await using folder = historyFolder();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], {
    status: { token, control: true, worker_series_max: 5 },
    history: { path: folder.file },
  });
  await using _farm = SimFarm.start({
    port: rig.port,
    count: 8,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
  await until(() => rig.proxy.statistics().working === 8, "all are in");
  await until(() => rig.proxy.statistics().shares.accepted > 20, "shares are accepted");
  rig.events.add({ timestamp: 1, level: "info", area: "pool", message: "a line" });
  const base = `http://127.0.0.1:${rig.server.address.port}/`;
  const served = await (await rig.fetch("/api/v1/openapi.json")).json();
  assert.deepEqual(served, JSON.parse(Deno.readTextFileSync(FILE)));
  const client = await GeneratedClient.of(served);
  const { miners } = await (await rig.fetch("/api/v1/miners")).json();
  const { workers } = await (await rig.fetch("/api/v1/workers")).json();
  const ids: Readonly<Record<string, Given>> = {
    getMiner: { id: miners[0].id },
    getWorker: { id: workers[0].id },
    setLogLevel: { body: { level: "info" } },
    pinPool: { id: "1" },
    disconnectMiner: { id: miners[1].id },
    forgetWorker: { id: workers[0].id },
    listMiners: { q: "rig", sort: "-rejected_part", limit: 3 },
    listWorkers: { state: "trouble", sort: "missing" },
  };
  // There is no file to read again, a worker that is connected stays, and there is no channel.
  const refused: Readonly<Record<string, number>> = {
    reload: 422,
    forgetWorker: 409,
    testNotify: 409,
  };
  for (const id of client.operations) {
    const { status } = await client.ask(id, base, token, ids[id]);
    assert.equal(status, refused[id] ?? 200, id);
    if (!/^(?:getHealth)$/.test(id)) {
      assert.equal((await client.ask(id, base, "", ids[id])).status, 401, id);
    }
  }
  for (const [id, given] of [["getMiner", { id: "ffffffff" }], ["listMiners", { sort: "no" }]]) {
    const { status } = await client.ask(id as string, base, token, given as Given);
    assert.ok(status === 404 || status === 400);
  }
});

Deno.test("every order and filter that the document names is one that the server takes", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using folder = historyFolder();
  await using rig = new StatusRig([pool], { history: { path: folder.file } });
  for (const { path, query = [] } of OPERATIONS) {
    for (const { name, schema } of query) {
      for (const value of (schema["enum"] ?? []) as readonly string[]) {
        const response = await rig.fetch(`${path}?${name}=${value}`);
        assert.equal(response.status, 200, `${path} ${name}=${value}`);
        await response.body!.cancel();
      }
    }
  }
});
