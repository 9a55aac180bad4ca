/** PoolRoster: what is counted and said of the jobs of pools, for both kinds. */

import assert from "node:assert/strict";
import { LogCapture } from "../support/log_capture.ts";
import { linesToBytes } from "../support/pool_lines.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";
import { stratumJob } from "../support/stratum_rig.ts";

const SECOND = 1_000;

/** What of a job matters here. */
interface JobText {
  /** The digit its previous hash is made of. */
  readonly block: string;
  /** Whom it pays: bytes of scripts, in hex. */
  readonly pays?: readonly string[];
  readonly isEmpty?: boolean;
}

class World {
  readonly rig: RosterRig;
  readonly log = new LogCapture();
  #jobs = 0;

  private constructor(rig: RosterRig) {
    this.rig = rig;
  }

  static async start(kind: "agent" | "stratum", pools = 2): Promise<World> {
    const moods = Array.from({ length: pools }, () => "serves" as const);
    const rig = kind === "agent"
      ? await RosterRig.started(moods)
      : await RosterRig.startedStratum(moods);
    return new World(rig);
  }

  /** A pool sends a job on all its connections. */
  async job(pool: number, job: JobText): Promise<void> {
    const bytes = linesToBytes([this.#line(job)]);
    for (const link of this.rig.pools.links) if (link.pool === pool) link.connection.deliver(bytes);
    await this.rig.pass(TICK_MS);
  }

  #line({ block, pays = ["51"], isEmpty = false }: JobText): string {
    const outputs = pays.map((script) =>
      "0100000000000000" + (script.length / 2).toString(16).padStart(2, "0") + script
    );
    return stratumJob({
      0: String(++this.#jobs % 256),
      1: block.repeat(64),
      // 4 bytes of script, the pool's extranonce1 of 4, and 8.
      2: `0100000001${"00".repeat(32)}ffffffff1003aabbcc`,
      3: `ffffffff${pays.length.toString(16).padStart(2, "0")}${outputs.join("")}00000000`,
      4: isEmpty ? [] : ["cd".repeat(32)],
    });
  }

  /** Warnings since the last look. */
  warnings(): string[] {
    return this.log.take().filter((line) => line.startsWith("warning:"));
  }

  counts(pool: number): { emptyS: number; behindS: number; payouts: number } {
    const { emptyMs, behindMs, payoutChanges } = this.rig.roster.pools[pool]!;
    return { emptyS: emptyMs / 1000, behindS: behindMs / 1000, payouts: payoutChanges };
  }

  [Symbol.dispose](): void {
    this.rig.roster.stop();
    this.log[Symbol.dispose]();
  }
}

for (const kind of ["agent", "stratum"] as const) {
  Deno.test(`${kind}: a pool that stays on a block that another has left is logged and counted after 30 s`, async () => {
    using world = await World.start(kind);
    await world.job(0, { block: "1" });
    await world.job(1, { block: "1" });
    await world.job(1, { block: "2" });
    await world.rig.pass(28 * SECOND);
    assert.deepEqual(world.warnings(), []);
    await world.rig.pass(12 * SECOND);
    assert.deepEqual(world.warnings(), [
      "warning: Pools pool0:3333 #1 and pool1:3333 #2 work on different blocks: pool1:3333 #2 moved " +
      "to another block 30 s ago, pool0:3333 #1 did not. One of them is wrong: compare with a block explorer",
    ]);
    assert.equal(world.counts(0).behindS, 0, "nobody knows yet which of them is");
    await world.job(0, { block: "2" });
    const { behindS } = world.counts(0);
    assert.ok(behindS >= 10 && behindS <= 11, `${behindS} s`);
    assert.equal(world.counts(1).behindS, 0);
    await world.rig.pass(60 * SECOND);
    assert.equal(world.counts(0).behindS, behindS, "it has followed");
    assert.deepEqual(world.warnings(), []);
  });

  Deno.test(`${kind}: a pool that works on blocks that no other has does not make the others look behind`, async () => {
    using world = await World.start(kind);
    for (const pool of [0, 1]) await world.job(pool, { block: "1" });
    for (const [madeUp, block] of [["a", "2"], ["b", "3"], ["c", "4"]] as const) {
      await world.job(1, { block: madeUp });
      await world.rig.pass(120 * SECOND);
      for (const pool of [1, 0]) await world.job(pool, { block });
    }
    assert.equal(world.counts(0).behindS, 0);
    assert.equal(world.warnings().length, 1, "that they differ, once");
  });

  Deno.test(`${kind}: the time with empty jobs is counted`, async () => {
    using world = await World.start(kind);
    await world.job(1, { block: "1" });
    await world.job(0, { block: "1", isEmpty: true });
    await world.rig.pass(20 * SECOND);
    await world.job(0, { block: "1" });
    await world.rig.pass(20 * SECOND);
    const { emptyS } = world.counts(0);
    assert.ok(emptyS >= 20 && emptyS <= 21, `${emptyS} s`);
    assert.equal(world.counts(1).emptyS, 0);
    assert.deepEqual(world.warnings(), []);
  });

  Deno.test(`${kind}: a job that does not pay an earlier output is a warning with the scripts, no move`, async () => {
    using world = await World.start(kind);
    await world.job(0, { block: "1", pays: ["51aa", "51bb"] });
    await world.job(0, { block: "1", pays: ["51bb", "51aa", "51cc"] });
    assert.deepEqual(world.warnings(), []);
    await world.job(0, { block: "2", pays: ["51bb", "51dd"] });
    await world.job(0, { block: "2", pays: ["51bb", "51dd"] });
    const lines = world.warnings();
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(
      lines[0]!,
      /Pool pool0:3333 #1 sent a job that does not pay script 51aa, 51cc, which earlier jobs paid; it pays script 51bb, 51dd\. /,
    );
    await world.rig.pass(10 * SECOND);
    assert.deepEqual([world.counts(0).payouts, world.rig.roles.active], [1, [0]]);
  });
}

Deno.test("the outputs that a pool paid are still known after its connection was lost", async () => {
  using world = await World.start("stratum");
  await world.job(0, { block: "1", pays: ["51aa"] });
  await world.rig.pools.lose(0);
  await world.rig.pass(60 * SECOND);
  await world.job(0, { block: "1", pays: ["51bb"] });
  assert.match(world.warnings().join("\n"), /does not pay script 51aa, which earlier jobs paid/);
});

Deno.test("a pool that changes its outputs with each job is logged at most three times", async () => {
  using world = await World.start("stratum");
  for (let job = 0x10; job < 0x60; job++) {
    await world.job(0, { block: "1", pays: [`51${job.toString(16)}`] });
  }
  const lines = world.warnings();
  assert.equal(lines.length, 3, lines.join("\n"));
  assert.match(lines[2]!, /keeps changing the outputs that its jobs pay/);
  assert.equal(world.counts(0).payouts, 3);
});

Deno.test("with leave_on_payout_change miners leave the pool for another", async () => {
  using world = await World.start("stratum");
  world.rig.reconfigure([0, 1], { leavesOnPayoutChange: true });
  await world.job(0, { block: "1", pays: ["51aa"] });
  await world.job(0, { block: "1", pays: ["51bb"] });
  assert.deepEqual(world.rig.roles.active, [1]);
  assert.match(
    world.warnings().join("\n"),
    /Pool pool0:3333 #1 is half dead \(serving\): its jobs stopped paying 1 output that/,
  );
});
