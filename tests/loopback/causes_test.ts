/** What a farm loses and why, and what happens to it, as an operator asks over the status server. */

import assert from "node:assert/strict";
import * as v from "valibot";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { HistorySchema, SummarySchema } from "../../lib/observe/status/shapes.ts";
import { CausesSchema } from "../../lib/observe/status/worker_shapes.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { assertLossesAddUp } from "../support/losses_add_up.ts";
import { StatusRig } from "../support/status_rig.ts";
import { PATIENT_LIMITS, until } from "../support/test_proxy.ts";

const RATE = { kind: "rate", sharesPerSecond: 20 } as const;

/** Asks again until it is so. */
async function asked<T>(ask: () => Promise<T>, isSo: (answer: T) => boolean): Promise<T> {
  let answer: T | undefined;
  let isAsking = false;
  await until(() => {
    if (answer !== undefined && isSo(answer)) return true;
    if (isAsking) return false;
    isAsking = true;
    void ask().then((next) => answer = next).finally(() => isAsking = false);
    return false;
  }, "the answer");
  return answer!;
}

Deno.test("stale shares of one firmware at one pool are named so, and all adds up", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using rig = new StatusRig([pool], { limits: PATIENT_LIMITS });
  const farm = (firmware: "s9" | "cgminer", count: number) =>
    SimFarm.start({ port: rig.port, count, firmware: [firmware], mode: { kind: "idle" } });
  await using many = farm("cgminer", 6);
  await using few = farm("s9", 2);
  await until(() => rig.proxy.statistics().working === 8, "all are in");
  many.setMode(RATE);
  few.setMode(RATE);
  await until(() => many.statistics().accepted >= 100, "good shares of many");
  await until(() => few.statistics().accepted >= 10, "good shares of few");
  many.setMode({ kind: "idle" });
  await until(() => many.statistics().waitingNow === 0, "all answers");
  await pool.setFaults({ everyVerdict: ERROR_CODE.jobNotFound });
  const before = rig.proxy.statistics().shares.rejectedStale;
  await until(() => rig.proxy.statistics().shares.rejectedStale >= before + 20, "stale shares");
  few.setMode({ kind: "idle" });
  await until(() => few.statistics().waitingNow === 0, "all answers");

  const { counter, losses } = rig.proxy.parts;
  assertLossesAddUp(counter, losses);
  const { hour, day } = await rig.get("/api/v1/causes", CausesSchema);
  assert.deepEqual({ ...hour, sentence: "" }, { ...day, sentence: "" });
  assert.match(
    hour.sentence,
    /^\d.* % of the work of the last hour was lost: .*stale, rejected by the pool, mostly bmminer\/2\.0\.0(?:;|$)/,
  );
  const { rejectedStale } = rig.proxy.statistics().shares;
  const software = Object.fromEntries(hour.software.map((cause) => [cause.name, cause]));
  assert.equal(hour.software[0]!.name, "bmminer/2.0.0", "the worst first");
  assert.equal(software["bmminer/2.0.0"]!.reasons["rejected_stale"], rejectedStale);
  assert.ok(software["bmminer/2.0.0"]!.good >= 10);
  assert.ok(software["cgminer/4.12.0"]!.good >= 100);
  assert.equal(hour.subnets[0]!.name, "127.0.0.0/24");
  assert.equal(
    hour.pools.find(({ name }) => name === `127.0.0.1:${pool.port}`)!.reasons["rejected_stale"],
    rejectedStale,
  );

  const { attention, shares, credited_difficulty } = await rig.get(
    "/api/v1/summary",
    SummarySchema,
  );
  assert.equal(attention.losses.hour.sentence, hour.sentence);
  assert.equal(attention.losses.hour.good, shares.accepted + shares.kept + shares.assumed);
  const { part, lost_hashes } = attention.losses.hour;
  const lostWork = lost_hashes / 2 ** 32;
  assert.ok(Math.abs(part - lostWork / (lostWork + credited_difficulty)) < 1e-6);

  const csv = await rig.fetch("/api/v1/causes.csv");
  assert.match(csv.headers.get("content-type")!, /^text\/csv/);
  const rows = (await csv.text()).split("\r\n").map((row) => row.split(","));
  assert.deepEqual(rows[0], ["window", "dimension", "name", "good", "lost", "part", "lost_hashes"]);
  const row = rows.find(([window, dimension, name]) =>
    window === "hour" && dimension === "software" && name === "bmminer/2.0.0"
  )!;
  assert.equal(Number(row[4]), software["bmminer/2.0.0"]!.lost);
});

Deno.test("a farm on its backup pool, or without any pool, reports and marks it", async () => {
  await using main = await SimPool.start({ proofOfWork: false, serverNumber: 1 });
  await using backup = await SimPool.start({ proofOfWork: false, serverNumber: 2 });
  await using rig = new StatusRig([main, backup], { limits: PATIENT_LIMITS });
  await using _farm = SimFarm.start({ port: rig.port, count: 4 });
  await until(() => rig.proxy.statistics().working === 4, "all are in");
  const attention = async () => (await rig.get("/api/v1/summary", SummarySchema)).attention;
  assert.equal((await attention()).backup, null);
  const startedAt = Date.now();
  // It is looked at once a second.
  await until(() => Date.now() - startedAt > 2_500, "it was seen at its first pool");

  const isDown = async (pool: SimPool) => {
    await pool.setFaults({ refuseConnections: true });
    pool.resetConnections();
  };
  await isDown(main);
  const { backup: found } = await asked(attention, ({ backup }) => backup !== null);
  assert.equal(found!.pool, `127.0.0.1:${backup.port}`);
  assert.equal(found!.instead_of, `127.0.0.1:${main.port}`);
  assert.notEqual(found!.reason, "");
  assert.ok(Date.parse(found!.since) >= startedAt);

  await isDown(backup);
  const { outage, backup: none } = await asked(attention, ({ outage }) => outage.since !== null);
  assert.ok(Date.parse(outage.since!) >= Date.parse(found!.since));
  assert.equal(none, null);
  await asked(attention, ({ outage }) => outage.today_seconds >= 1);
  await main.setFaults({ refuseConnections: false });
  const over = await asked(attention, ({ outage }) => outage.since === null);
  assert.ok(over.outage.today_seconds >= 1);
  const { marks } = v.parse(HistorySchema, await (await rig.fetch("/api/v1/history")).json());
  const kinds = marks.map(({ kind }) => kind);
  assert.deepEqual(kinds.slice(0, 2), ["start", "failover"]);
  assert.ok(kinds.includes("outage") && kinds.includes("outage_end"));
  assert.ok(rig.proxy.view.markChanges >= kinds.length);
});
