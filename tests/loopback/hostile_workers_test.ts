/** Workers whose names, log-ins and readers are hostile: counts stay right, and nothing breaks. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { WorkersSchema, WorkerTableSchema } from "../../lib/observe/status/worker_shapes.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { StatusRig } from "../support/status_rig.ts";
import { until } from "../support/test_proxy.ts";

const NAMES = Object.values(HOSTILE_NAMES);
const VISITS = 2_000;
const AT_ONCE = 20;

/** Logs in under this name and sends shares that are none. */
async function visit(port: number, user: string, agent: string, shares: number): Promise<RawMiner> {
  const miner = await RawMiner.connect(port);
  const line = (id: number, method: string, params: readonly string[]) =>
    `${JSON.stringify({ id, method, params })}\n`;
  await miner.send(line(1, "mining.subscribe", [agent]) + line(2, "mining.authorize", [user, "x"]));
  for (let id = 3; id < 3 + shares; id++) await miner.send(line(id, "mining.submit", [user, "1"]));
  const isAnswered = () => miner.lines.some((line) => line.includes(`"id":${2 + shares}`));
  await miner.until(() => miner.isEnded || isAnswered(), "its answers");
  return miner;
}

const NONSENSE = [
  ...["sort=__proto__", "sort=constructor", "state=__proto__", "q=%00", "q=%f0%9f", "account=%"],
  ...["limit=1e3", "limit=-1", "limit=1&limit=1", "offset=99999999", "__proto__=1"],
].map((query) => `workers?${query}`).concat(
  ["0", "-1", "1.5", "0x1", "4294967296", "9999999999", "99999999999", "__proto__", "%00", "/"]
    .map((id) => `workers/${id}`),
  ["workers/1/forget/", "workers.csv?x=1", "worker-table?q=%ff", "causes?x", "causes.csv/"],
);

async function askNonsense(rig: StatusRig): Promise<void> {
  for (const path of NONSENSE) {
    const answer = await rig.fetch(`/api/v1/${path}`);
    await answer.body?.cancel();
    assert.ok(answer.status < 500, `${path}: ${answer.status}`);
  }
}

Deno.test("hostile names by the thousand break no list, no sum and nothing else", async () => {
  using log = new LogCapture();
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], {
    limits: { ban_after_violations: 0 },
    status: { token: "secret", worker_series_max: 100 },
  }, { workerTimes: { ...WORKER_TIMES, sweepMs: 200 } });
  const { port } = rig;
  const staying = await Promise.all(NAMES.map((name) => visit(port, `farm.${name}`, name, 11)));
  const comeAndGo = async (first: number) => {
    for (let i = first; i < VISITS; i += AT_ONCE) {
      const user = `farm.${NAMES[i % NAMES.length]!.slice(0, 5)}${i}`;
      await using _gone = await visit(port, user, `agent ${i} ${"x".repeat(200)}`, i % 3);
    }
  };
  await Promise.all([
    askNonsense(rig),
    ...Array.from({ length: AT_ONCE }, (_, first) => comeAndGo(first)),
  ]);

  const states = () => finished(rig.proxy.view.summary()).workers.states;
  await until(() => states().refused > 0 && states().working === 0, "all to be looked at");
  const csv = await (await rig.fetch("/api/v1/workers.csv")).text();
  assert.doesNotMatch(csv, /(?:^|,)"?[=+@]/m);
  assert.doesNotMatch(csv.replaceAll("\r\n", ""), /[\p{Cc}\p{Cf}\p{Cs}]/u);
  await (await rig.fetch("/metrics")).text();
  const { total } = await rig.get("/api/v1/workers?state=refused&limit=1", WorkersSchema);
  const { rows } = await rig.get("/api/v1/worker-table", WorkerTableSchema);
  const { attention } = await rig.get("/api/v1/summary", SummarySchema);
  assert.ok(total > NAMES.length / 2, `${total} refused of ${NAMES.length} names`);
  assert.deepEqual([attention.workers.refused, rows.length], [total, total]);
  assert.ok(rig.proxy.parts.workers.size <= 1_000 + total);

  const { shares } = finished(rig.proxy.view.summary());
  const causes = finished(rig.proxy.view.causes()).hour;
  const lost = Object.entries(shares)
    .filter(([count]) => /^(?:refused|rejected|unanswered|outage)/.test(count))
    .reduce((sum, [, count]) => sum + count, 0);
  for (const list of [[causes], ...Object.values(causes.by)]) {
    assert.equal(list.reduce((sum, cause) => sum + cause.lost, 0), lost);
  }
  assert.deepEqual(log.take().filter((line) => line.startsWith("error")), []);
  for (const miner of staying) await miner[Symbol.asyncDispose]();
});
