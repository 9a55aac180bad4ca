/** Steps of the history add up to what the proxy counted, over real sockets. */

import assert from "node:assert/strict";
import { StepCollector } from "../../lib/app/step_collector.ts";
import { finished } from "../../lib/base/steps.ts";
import { refusedIn, rejectedIn, unansweredIn } from "../../lib/mux/books/ledger.ts";
import type { CauseStep, SumStep, WorkerStep } from "../../lib/observe/history/steps.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { WorkerSteps } from "../../lib/workers/worker_steps.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const HASHES_PER_DIFFICULTY = 2 ** 32;

/** Sums over steps. */
class Sums {
  readonly farm: Record<string, number> = {};
  readonly pools = new Map<string, Record<string, number>>();
  readonly accounts = new Map<string, Record<string, number>>();
  readonly workers = new Map<string, number>();
  readonly causes: CauseStep[] = [];
  readonly last: WorkerStep[] = [];

  add(collector: StepCollector, isLast: boolean): void {
    const step = finished(collector.end(isLast));
    addTo(this.farm, step.farm);
    for (
      const [sums, steps] of [[this.pools, step.pools], [this.accounts, step.accounts]] as const
    ) {
      for (const [name, sum] of steps) {
        if (!sums.has(name)) sums.set(name, {});
        addTo(sums.get(name)!, sum);
      }
    }
    this.last.splice(0);
    for (const worker of step.workers) {
      const name = `${worker.account}/${worker.name}`;
      const work = worker.hashrate * step.farm.seconds / HASHES_PER_DIFFICULTY;
      this.workers.set(name, (this.workers.get(name) ?? 0) + work);
      this.last.push(worker);
    }
    this.causes.push(...step.causes);
  }
}

function addTo(sums: Record<string, number>, step: SumStep): void {
  for (const [name, value] of Object.entries(step)) sums[name] = (sums[name] ?? 0) + value;
}

function sumOf(all: Iterable<Record<string, number>>, name: string): number {
  return [...all].reduce((sum, one) => sum + (one[name] ?? 0), 0);
}

function assertNear(one: number, other: number, what: string): void {
  assert.ok(Math.abs(one - other) <= 1e-6 * Math.max(1, other), `${what}: ${one}, not ${other}`);
}

Deno.test("the steps of two sub-accounts add up to what the proxy counted, to the stop", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  const steps = new WorkerSteps();
  const test = new TestProxy([pool], { multi_user_mode: true }, {
    history: { workerSteps: steps, marked: () => {} },
  });
  const { proxy } = test;
  const collector = new StepCollector(proxy, steps);
  const sums = new Sums();
  {
    const mode = { kind: "rate", sharesPerSecond: 20 } as const;
    const start = (account: string, count: number) =>
      SimFarm.start({ port: test.port, count, account, mode });
    await using many = await start("alice", 4);
    await using few = await start("bob", 2);
    await until(() => many.statistics().accepted >= 60, "good shares of many");
    sums.add(collector, false);
    await until(() => few.statistics().accepted >= 60, "good shares of few");
    await pool.setFaults({ everyVerdict: ERROR_CODE.jobNotFound });
    await until(() => test.statistics().shares.rejectedStale >= 10, "stale shares");
    sums.add(collector, false);
    assert.equal(sums.last.length, 6);
    assert.ok(sums.last.every((worker) => worker.connectedPart > 0.999), "all the time");
  }
  await until(() => test.statistics().connected === 0, "all are gone");
  sums.add(collector, false);
  await test[Symbol.asyncDispose]();
  sums.add(collector, true);

  const { counter } = proxy.parts;
  const shares = counter.total.snapshot();
  const good = shares.accepted + shares.assumed + shares.kept;
  const lost = rejectedIn(shares) + refusedIn(shares) + unansweredIn(shares) + shares.outage;
  assert.ok(good >= 120 && lost >= 10);
  assert.equal(sums.farm["good"], good);
  assert.equal(sums.farm["lost"], lost);
  assertNear(sums.farm["difficulty"]!, counter.creditedDifficulty, "difficulty");
  assertNear(sums.farm["lostDifficulty"]!, counter.lostDifficulty, "lost difficulty");
  assert.deepEqual([...sums.accounts.keys()].sort(), ["alice", "bob"]);
  for (const name of ["good", "lost", "difficulty", "lostDifficulty"]) {
    assertNear(sumOf(sums.accounts.values(), name), sums.farm[name]!, `${name} of accounts`);
    assertNear(sumOf(sums.pools.values(), name), sums.farm[name]!, `${name} of pools`);
  }
  assert.equal(sumOf(sums.pools.values(), "bytesUp"), sums.farm["bytesUp"]);
  const ofCauses = (isGood: boolean, what: "shares" | "work") =>
    sums.causes.filter(({ reason }) => (reason === "good") === isGood)
      .reduce((sum, cause) => sum + cause[what], 0);
  assert.deepEqual([ofCauses(true, "shares"), ofCauses(false, "shares")], [good, lost]);
  assertNear(ofCauses(true, "work"), counter.creditedDifficulty, "work of causes");
  const ofWorkers = [...sums.workers.values()].reduce((sum, work) => sum + work, 0);
  assertNear(ofWorkers, counter.creditedDifficulty, "work of workers");
});
