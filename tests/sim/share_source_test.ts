/** Where the shares of a simulated miner come from. */

import assert from "node:assert/strict";
import type { Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { MinerShare, MinerWork } from "../../lib/sim/miner_dialogue.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { ShareSource } from "../../lib/sim/share_source.ts";
import { type Conduct, conductOf, HEALTHY } from "../../lib/sim/trouble.ts";
import { WorkScheduler } from "../../lib/sim/work_scheduler.ts";
import { poolJob } from "../support/mux_world.ts";

/** Work at which every hash is a share. */
function workOf(jobId: string, isClean = false): MinerWork {
  return {
    job: poolJob(jobId, isClean, "01"),
    difficulty: 2 ** -40,
    versionMask: 0,
    rolledMask: 0,
    session: undefined,
    extranonce1: "00000001",
    extranonce2Size: 4,
    extranonce2: "counts",
    isWorked: true,
  };
}

class Rig {
  nowMs = 0;
  work: MinerWork | undefined;
  readonly shares: MinerShare[] = [];
  readonly source: ShareSource;

  constructor({ conduct = HEALTHY, sendsStale = false }: {
    readonly conduct?: Conduct;
    readonly sendsStale?: boolean;
  } = {}) {
    // Its own turns come only when the test gives them.
    const time: Time = { ...systemTime, now: () => this.nowMs, after: () => 0 };
    this.source = new ShareSource({
      time,
      random: seededRandom(1),
      scheduler: new WorkScheduler(time),
      conduct,
      sendsStale,
      work: () => this.work,
      submit: (share) => this.shares.push(share),
    });
  }

  take(work: MinerWork): void {
    const previous = this.work;
    this.work = work;
    this.source.gotWork(work, previous);
  }

  /** How many shares it has submitted by this time. */
  sentBy(ms: number): number {
    this.nowMs = ms;
    this.source.submitDue(ms);
    return this.shares.length;
  }

  get jobIds(): string[] {
    return this.shares.map(({ jobId }) => jobId);
  }
}

Deno.test("nothing is submitted without work, nor before the mode is set", () => {
  const rig = new Rig();
  rig.take(workOf("a"));
  assert.equal(rig.sentBy(1_000), 0);
  rig.source.setMode({ kind: "rate", sharesPerSecond: 10 });
  rig.work = undefined;
  rig.source.lostWork();
  assert.equal(rig.sentBy(2_000), 0);
  assert.ok(!rig.source.hash(100));
});

Deno.test("a source that hashes counts its hashes and submits what it finds", () => {
  const rig = new Rig();
  rig.take(workOf("a"));
  rig.source.setMode({ kind: "hash" });
  assert.ok(rig.source.hash(100));
  assert.deepEqual(rig.jobIds, ["a"]);
  assert.equal(rig.source.hashes, 1);
});

Deno.test("firmware that sends stale shares sends one for the job before a clean one", () => {
  for (const [sendsStale, jobIds] of [[true, ["a", "b"]], [false, ["b", "b"]]] as const) {
    const rig = new Rig({ sendsStale });
    rig.take(workOf("a"));
    rig.source.setMode({ kind: "hash" });
    rig.take(workOf("b", true));
    for (let turn = 0; turn < 2; turn++) rig.source.hash(100);
    assert.deepEqual(rig.jobIds, jobIds);
  }
});

Deno.test("at a rate, the share for the job before comes within a tenth of a second, or never", () => {
  const rig = new Rig({ sendsStale: true });
  rig.take(workOf("a"));
  rig.source.setMode({ kind: "rate", sharesPerSecond: 100 });
  rig.sentBy(0);
  rig.take(workOf("b", true));
  rig.sentBy(50);
  assert.equal(rig.jobIds.filter((id) => id === "a").length, 1);
  rig.take(workOf("c", true));
  rig.sentBy(200);
  assert.equal(rig.jobIds.filter((id) => id === "b").length, 4);
});

Deno.test("a source with a part of the speed has that part of the turns and of the rate", () => {
  const rig = new Rig({ conduct: { ...HEALTHY, part: 0.25 } });
  rig.take(workOf("a"));
  rig.source.setMode({ kind: "hash" });
  assert.deepEqual([1, 2, 3, 4].map(() => rig.source.hash(100)), [false, false, false, true]);
  rig.source.setMode({ kind: "rate", sharesPerSecond: 100 });
  rig.sentBy(0);
  const before = rig.shares.length;
  assert.equal(rig.sentBy(1_000) - before, 25);
});

Deno.test("a pause of a miner with gaps is not made up for afterwards", () => {
  const conduct = conductOf("gaps", {
    place: 0,
    rollsVersions: true,
    isHashing: true,
    random: seededRandom(1),
    times: { gapEveryMs: 2_000, gapMs: 1_000 },
  });
  const rig = new Rig({ conduct });
  rig.take(workOf("a"));
  rig.source.setMode({ kind: "rate", sharesPerSecond: 100 });
  rig.sentBy(0);
  const before = rig.sentBy(900);
  assert.ok(before >= 90, `${before}`);
  assert.equal(rig.sentBy(1_500), before);
  assert.ok(rig.sentBy(2_100) <= before + 1);
  assert.ok(rig.sentBy(2_200) <= before + 12);
});
