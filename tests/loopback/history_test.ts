/** The history on disk, as an operator asks for it over the status server, across restarts. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import type { LedgerSnapshot } from "../../lib/mux/books/ledger.ts";
import { refusedIn, rejectedIn, unansweredIn } from "../../lib/mux/books/ledger.ts";
import { SpanSchema, type SpanShape } from "../../lib/observe/status/history_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { LossesByCauseSchema, WorkersSchema } from "../../lib/observe/status/worker_shapes.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { StatusRig } from "../support/status_rig.ts";
import { PATIENT_LIMITS, until } from "../support/test_proxy.ts";

const HOUR_MS = 3_600_000;

/** The clock on the wall shows what it did `ms` ago. */
function ago(ms: number) {
  return { ...systemTime, wallNow: () => systemTime.wallNow() - ms };
}

function goodIn(shares: LedgerSnapshot): number {
  return shares.accepted + shares.assumed + shares.kept;
}

function lostIn(shares: LedgerSnapshot): number {
  return rejectedIn(shares) + refusedIn(shares) + unansweredIn(shares) + shares.outage;
}

/** The sum of a column over all rows. */
function sumOf({ columns, rows }: SpanShape, name: string): number {
  const place = columns.indexOf(name);
  return rows.reduce((sum, row) => sum + Number(row[place]), 0);
}

function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-6 * Math.max(1, Math.abs(other));
}

/** Mines until some shares were good and some were lost, then stops. */
async function mine(pool: SimPool, settings: Readonly<Record<string, unknown>>, time = systemTime) {
  const rig = new StatusRig([pool], settings, { time });
  await using farm = await SimFarm.start({ port: rig.port, count: 3, mode: { kind: "idle" } });
  await until(() => rig.proxy.statistics().working === 3, "all are in");
  farm.setMode({ kind: "rate", sharesPerSecond: 20 });
  await until(() => farm.statistics().accepted >= 60, "good shares");
  await pool.setFaults({ everyVerdict: ERROR_CODE.jobNotFound });
  await until(() => rig.proxy.statistics().shares.rejectedStale >= 10, "stale shares");
  await pool.setFaults({ everyVerdict: undefined });
  await rig[Symbol.asyncDispose]();
  const { counter } = rig.proxy.parts;
  return { shares: counter.total.snapshot(), difficulty: counter.creditedDifficulty };
}

Deno.test("after a restart the API still gives yesterday, and all of it adds up", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const settings = { limits: PATIENT_LIMITS, history: { path: `${folder}/history.sqlite` } };
    await using pool = await SimPool.start({ proofOfWork: false });
    const first = await mine(pool, settings, ago(20 * HOUR_MS));
    const second = await mine(pool, settings, ago(10 * HOUR_MS));
    await using rig = new StatusRig([pool], settings, {
      workerTimes: { ...WORKER_TIMES, missingMs: 200 },
    });

    const day = await rig.get("/api/v1/history?span=day", SpanSchema);
    assert.ok(day.is_kept);
    assert.equal(sumOf(day, "good"), goodIn(first.shares) + goodIn(second.shares));
    assert.equal(sumOf(day, "lost"), lostIn(first.shares) + lostIn(second.shares));
    assert.ok(isNear(sumOf(day, "difficulty"), first.difficulty + second.difficulty));
    assert.ok(day.uptime_part! > 0 && day.uptime_part! < 0.1, "it hardly ran in these hours");
    assert.deepEqual(
      day.marks.map(({ kind }) => kind),
      ["start", "start", "start"],
    );

    const address = `127.0.0.1:${pool.port}`;
    const ofPool = await rig.get(`/api/v1/history?span=week&pool=${address}`, SpanSchema);
    assert.equal(sumOf(ofPool, "good"), sumOf(day, "good"));
    assert.ok(sumOf(ofPool, "bytes_up") > 0);

    const causes = await rig.get("/api/v1/causes?span=week", LossesByCauseSchema);
    assert.equal(causes.good, sumOf(day, "good"));
    assert.equal(causes.lost, sumOf(day, "lost"));
    assert.match(causes.sentence, /of the work of the last 7 days was lost: .*stale, rejected by/);

    await until(() => rig.proxy.parts.workers.size === 3, "workers of before are remembered");
    const { history } = await rig.get("/api/v1/summary", SummarySchema);
    assert.equal(history!.kept, true);
    assert.equal(history!.state, "working");
    assert.ok(history!.bytes > 0);

    // Not one miner comes back.
    let missing = 0;
    let isAsking = false;
    await until(() => {
      if (isAsking || missing === 3) return missing === 3;
      isAsking = true;
      void rig.get("/api/v1/workers?state=missing", WorkersSchema)
        .then(({ total }) => missing = total).finally(() => isAsking = false);
      return false;
    }, "workers that died during the restart are missing");
    const { workers } = await rig.get("/api/v1/workers", WorkersSchema);
    assert.ok(workers.every(({ usual_hashrate: usual }) => usual! > 0));
    assert.ok(workers.every((worker) => worker.first_seen_seconds > 19 * 3600));

    const ofWorker = await rig.get(
      `/api/v1/history?span=day&worker=${workers[0]!.id}`,
      SpanSchema,
    );
    assert.equal(ofWorker.columns[2], "hashrate");
    assert.ok(sumOf(ofWorker, "hashrate") > 0);
    assert.ok(ofWorker.uptime_part! > 0);

    const lines = (await (await rig.fetch("/api/v1/history/workers.csv?span=month")).text())
      .split("\r\n");
    assert.match(lines[0]!, /^account,worker,hashrate,lost_part/);
    assert.equal(lines.length, 1 + 3 + 1);
    const farm = await (await rig.fetch("/api/v1/history/farm.csv?span=month")).text();
    assert.match(farm, /^time,seconds,miners/);
    const lost = await (await rig.fetch("/api/v1/history/causes.csv?span=month")).text();
    assert.match(lost, new RegExp(`^month,all,,${causes.good},${causes.lost},`, "m"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("without a history there is the last day of the farm, and nothing older", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { limits: PATIENT_LIMITS });
  const day = await rig.get("/api/v1/history?span=day", SpanSchema);
  assert.deepEqual({ rows: day.rows, kept: day.is_kept, uptime: day.uptime_part }, {
    rows: [],
    kept: false,
    uptime: null,
  });
  assert.equal((await rig.get("/api/v1/summary", SummarySchema)).history, null);
  for (
    const path of [
      "history?span=week",
      "history?span=day&pool=127.0.0.1:1",
      "causes?span=month",
      "history/workers.csv",
      "history/farm.csv?span=week",
      "history/causes.csv?span=week",
    ]
  ) {
    const { status, title } = await rig.problem(`/api/v1/${path}`);
    assert.equal(status, 404, path);
    assert.match(title, /history\.path/, path);
  }
});
