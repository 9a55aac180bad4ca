/** PoolRoster: pools that are connected and do no work, spares that are silent, and what is said. */

import assert from "node:assert/strict";
import type { Upstream } from "../../lib/mux/upstream.ts";
import { encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { turn } from "../support/fake_clock.ts";
import type { PoolLink } from "../support/fake_pools.ts";
import { LogCapture } from "../support/log_capture.ts";
import { FIRST_SUBMIT_ID } from "../../lib/protocol/stratum/pool_request.ts";
import { linesToBytes, notifyLine } from "../support/pool_lines.ts";
import { stratumJob } from "../support/stratum_rig.ts";
import { SHARE } from "../support/session_rig.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";

const ACCEPTED = 1798084231;
const MINUTE = 60_000;

/** However little work it does, a pool answers questions. */
const PROBE_ANSWER = linesToBytes(['{"id":"probe","result":{"capabilities":["verrol","subres"]}}']);

/** What a pool does in a minute beside talking. */
interface Work {
  /** It sends a job every 30 s. */
  readonly jobs?: boolean;
  /** Its verdict on the shares it gets; none if not given. */
  readonly verdict?: number;
}

/** Pools that work as told, and miners that send a share a second to whichever serves. */
class Farm {
  readonly rig: RosterRig;
  readonly work: Work[];
  /** Shares sent on each connection. */
  readonly #sent = new Map<Upstream, number>();
  #ticks = 0;

  private constructor(rig: RosterRig, work: Work[]) {
    this.rig = rig;
    this.work = work;
  }

  static async start(work: Work[], connections?: number): Promise<Farm> {
    return new Farm(await RosterRig.started(work.map(() => "serves"), connections), work);
  }

  static async startStratum(work: Work[], connections?: number): Promise<Farm> {
    return new Farm(await RosterRig.startedStratum(work.map(() => "serves"), connections), work);
  }

  get active(): number[] {
    return this.rig.roles.active;
  }

  async pass(ms: number): Promise<void> {
    await this.rig.pass(ms, () => this.#live());
  }

  #live(): void {
    this.#ticks++;
    const { pools, roles } = this.rig;
    if (this.#ticks % (30_000 / TICK_MS) === 0) {
      for (const { pool, connection } of pools.links) {
        const isAgent = this.rig.kind === "agent";
        if (isAgent) connection.deliver(PROBE_ANSWER);
        if (this.work[pool]!.jobs) {
          const id = String(this.#ticks % 256);
          const job = isAgent ? notifyLine(id, false) : stratumJob({ 0: id });
          connection.deliver(linesToBytes([job]));
        }
      }
    }
    if (this.#ticks % (1_000 / TICK_MS) !== 0) return;
    for (const upstream of roles.activeUpstreams) {
      const sent = this.#sent.get(upstream) ?? 0;
      this.#sent.set(upstream, sent + 1);
      upstream.submit(
        sent,
        sent % 2,
        { poolJobId: "0", ntime: 0, version: 0x20000000 },
        SHARE,
        false,
      );
      upstream.watch.submitted(this.rig.clock.now());
      const { verdict } = this.work[upstream.poolId]!;
      if (verdict === undefined) continue;
      linkOf(this.rig, upstream).connection.deliver(
        this.rig.kind === "agent"
          ? encodeVerdict(sent & 0xffff, verdict)
          : linesToBytes([stratumVerdict(sent, verdict)]),
      );
    }
  }

  [Symbol.dispose](): void {
    this.rig.roster.stop();
  }
}

/** What an ordinary pool answers to a share. */
function stratumVerdict(serial: number, verdict: number): string {
  const isGood = verdict === ACCEPTED;
  const error = isGood ? null : [verdict, `Refused for reason ${verdict}`, null];
  return JSON.stringify({ id: FIRST_SUBMIT_ID + serial, result: isGood, error });
}

/** The connection of an upstream: they are numbered in the order in which they were dialled. */
function linkOf({ pools }: RosterRig, { name }: Upstream): PoolLink {
  return pools.linkOf(Number(name.split("#")[1]));
}

const WELL: Work = { jobs: true, verdict: ACCEPTED };

/** What was logged with a warning of half-dead pools. */
function halfDead(log: LogCapture): string[] {
  return log.take().filter((line) => line.includes("half dead ("));
}

Deno.test("Pools that do their work are kept for hours", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([WELL, WELL]);
  await farm.pass(120 * MINUTE);
  assert.deepEqual(farm.active, [0]);
  assert.deepEqual(farm.rig.pools.dialled, [0, 1]);
  assert.deepEqual(halfDead(log), []);
});

const SIGNS: readonly { readonly what: string; readonly work: Work; readonly said: RegExp }[] = [
  {
    what: "sends no job while another does",
    work: { verdict: ACCEPTED },
    said:
      /no new job for 180 s, while pool1:3333 #2 sent one \d+ s ago\. Leaving it as soon as another pool is ready/,
  },
  {
    what: "refuses every share as stale",
    work: { jobs: true, verdict: 37 },
    said: /it rejected all 6\d shares of 60 s, from several miners: 37 "Stale share"/,
  },
  {
    what: "refuses every share for a reason nobody knows",
    work: { jobs: true, verdict: 777 },
    said: /it rejected all 6\d shares of 60 s, from several miners: 777 "Unknown"/,
  },
  {
    what: "judges no share",
    work: { jobs: true },
    said: /it judged none of 20 or more shares sent 60 s ago, nor any since/,
  },
];

for (const { what, work, said } of SIGNS) {
  Deno.test(`A pool that ${what} is left for the spare, with one line that says why`, async () => {
    using log = new LogCapture();
    using farm = await Farm.start([work, WELL]);
    await farm.pass(3.2 * MINUTE);
    assert.deepEqual(farm.active, [1]);
    const lines = halfDead(log);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0]!, /^warning: Pool pool0:3333 #1 is half dead \(serving\): /);
    assert.match(lines[0]!, said);
    assert.match(lines[0]!, /retrying it in 10 min$/);
    // The new place first, so that miners always have where to be.
    const { story } = farm.rig.roles;
    assert.deepEqual(story.slice(story.indexOf("pool1 active")).slice(0, 2), [
      "pool1 active",
      "pool0 spare",
    ]);
    const [report] = farm.rig.roster.pools;
    assert.equal(report!.losses, 1);
    assert.match(report!.trouble!, /^half dead: /);
  });

  Deno.test(`A pool that ${what} is left alone for 10 minutes, then longer, and miners lose little`, async () => {
    using log = new LogCapture();
    using farm = await Farm.start([work, WELL]);
    let onIt = 0;
    const minutes = 6 * 60;
    for (let minute = 0; minute < minutes; minute++) {
      await farm.pass(MINUTE);
      if (farm.active.includes(0)) onIt++;
    }
    const lines = halfDead(log);
    assert.ok(lines.length >= 2 && lines.length <= 8, lines.join("\n"));
    assert.ok(onIt <= 24, `${onIt} of ${minutes} minutes on a pool that is half dead`);
  });
}

/** The same signs as ordinary Stratum pools show them. */
const STRATUM_SIGNS: typeof SIGNS = [
  SIGNS[0]!,
  {
    what: "refuses every share as stale",
    work: { jobs: true, verdict: 21 },
    said: /it rejected all 6\d shares of 60 s, from several miners: 21 "Refused for reason 21"/,
  },
  {
    what: "refuses every share for a reason nobody knows",
    work: { jobs: true, verdict: 777 },
    said: /it rejected all 6\d shares of 60 s, from several miners: 777 "Refused for reason 777"/,
  },
  SIGNS.at(-1)!,
];

for (const { what, work, said } of STRATUM_SIGNS) {
  Deno.test(`A Stratum pool that ${what} is left for the spare, with one line that says why`, async () => {
    using log = new LogCapture();
    using farm = await Farm.startStratum([work, WELL]);
    await farm.pass(3.2 * MINUTE);
    assert.deepEqual(farm.active, [1]);
    const lines = halfDead(log);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.match(lines[0]!, said);
  });
}

Deno.test("Stratum pools that do their work are kept for hours", async () => {
  using log = new LogCapture();
  using farm = await Farm.startStratum([WELL, WELL]);
  await farm.pass(120 * MINUTE);
  assert.deepEqual([farm.active, farm.rig.pools.dialled], [[0], [0, 1]]);
  assert.deepEqual(halfDead(log), []);
});

Deno.test("A Stratum pool that refuses good shares as low difficulty is warned of and kept", async () => {
  using log = new LogCapture();
  using farm = await Farm.startStratum([{ jobs: true, verdict: 23 }, WELL]);
  await farm.pass(29 * MINUTE);
  const warnings = log.take().filter((line) => line.includes("rejects most shares"));
  assert.equal(warnings.length, 1, warnings.join("\n"));
  assert.match(warnings[0]!, /Likely cause: .* higher difficulty than it says/);
  assert.match(warnings[0]!, /btcagent checked these shares and they are good/);
  assert.doesNotMatch(warnings[0]!, /nicehash|firmware/);
  assert.deepEqual(farm.active, [0]);
});

Deno.test("A half-dead pool serves while there is no other, and is left as soon as one is ready", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([{ jobs: true }, WELL]);
  farm.rig.pools.moods[1] = "refuses";
  await farm.rig.pools.lose(1);
  await farm.pass(5 * MINUTE);
  assert.deepEqual(farm.active, [0]);
  assert.equal(halfDead(log).length, 1);
  farm.rig.pools.moods[1] = "serves";
  await farm.pass(MINUTE + 5_000);
  assert.deepEqual(farm.active, [1]);
});

Deno.test("A half-dead pool that comes to itself is used again", async () => {
  using farm = await Farm.start([{ jobs: true, verdict: 37 }, WELL]);
  await farm.pass(2 * MINUTE);
  assert.deepEqual(farm.active, [1]);
  farm.work[0] = WELL;
  await farm.pass(10 * MINUTE);
  assert.deepEqual(farm.active, [1]);
  await farm.pass(5 * MINUTE);
  assert.deepEqual(farm.active, [0]);
});

Deno.test("A third pool becomes the spare, not the half-dead one", async () => {
  using farm = await Farm.start([{ jobs: true, verdict: 37 }, WELL, WELL]);
  await farm.pass(2 * MINUTE);
  assert.deepEqual([farm.rig.roles.active, farm.rig.roles.spare], [[1], [2]]);
});

Deno.test("While nothing else serves, a half-dead pool that is left is dialled again", async () => {
  using farm = await Farm.start([{ jobs: true, verdict: 37 }, WELL]);
  await farm.pass(2 * MINUTE);
  farm.rig.pools.moods[1] = "refuses";
  await farm.rig.pools.lose(1);
  await farm.pass(3_000);
  assert.deepEqual(farm.active, [0]);
});

Deno.test("The only pool there is gets a new connection, at most once in ten minutes", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([{ jobs: true, verdict: 37 }]);
  await farm.pass(30 * MINUTE);
  const lines = halfDead(log);
  assert.ok(lines.length === 3, lines.join("\n"));
  assert.match(lines[0]!, /There is no other pool: reconnecting to it$/);
  assert.deepEqual(farm.active, [0]);
  assert.ok(farm.rig.pools.dialled.length <= 2 + lines.length);
});

Deno.test("Without another pool, jobs that are old say nothing", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([{ verdict: ACCEPTED }]);
  await farm.pass(60 * MINUTE);
  assert.deepEqual(halfDead(log), []);
  assert.deepEqual(farm.rig.pools.dialled, [0, 0]);
});

Deno.test("A spare that sends no job is replaced by another pool's", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([WELL, {}, WELL]);
  await farm.pass(4 * MINUTE);
  assert.deepEqual([farm.rig.roles.active, farm.rig.roles.spare], [[0], [2]]);
  assert.match(halfDead(log).join("\n"), /Pool pool1:3333 #2 is half dead \(spare\): no new job/);
});

Deno.test("All connections to a half-dead pool are left together, for as many to the next", async () => {
  using farm = await Farm.start([{ jobs: true, verdict: 37 }, WELL], 3);
  assert.deepEqual(farm.active, [0, 0, 0]);
  await farm.pass(2 * MINUTE);
  assert.deepEqual(farm.active, [1, 1, 1]);
});

Deno.test("Most shares refused for one reason are a warning with the likely cause, once in half an hour", async () => {
  using log = new LogCapture();
  using farm = await Farm.start([{ jobs: true, verdict: 23 }, WELL]);
  await farm.pass(29 * MINUTE);
  const warnings = () => log.take().filter((line) => line.includes("rejects most shares"));
  const first = warnings();
  assert.equal(first.length, 1, first.join("\n"));
  assert.match(
    first[0]!,
    /^warning: Pool pool0:3333 #1 rejects most shares: \d+ of \d+ in 6\d s with 23 "Low difficulty"\. Likely cause: .*nicehash\.forced/,
  );
  assert.deepEqual(farm.active, [0], "low difficulty is nothing to leave a pool for");
  await farm.pass(3 * MINUTE);
  assert.equal(warnings().length, 1);
});

// Spares that are silent

/** Pools talk as they do, but for these. */
async function passWithSilent(
  rig: RosterRig,
  ms: number,
  silent: readonly number[],
): Promise<void> {
  for (let passed = 0; passed < ms; passed += TICK_MS) {
    rig.clock.advance(TICK_MS);
    for (const { pool, connection } of rig.pools.links) {
      if (!silent.includes(pool)) connection.deliver([0x0a]);
    }
    await turn();
    rig.roster.tick();
    await turn();
  }
}

Deno.test("A spare that leaves its probe unanswered is not given the farm where another can be", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  await passWithSilent(rig, 35_000, [1]);
  assert.deepEqual(rig.roles.spare, [1], "it is connected still");
  await rig.pools.lose(0);
  await passWithSilent(rig, 1_000, [1]);
  assert.deepEqual(rig.roles.active, [0], "pool 0 is there again, and serves");
  assert.ok(!rig.roles.story.includes("pool1 active"));
  rig.roster.stop();
});

Deno.test("With no other choice a silent spare serves once it speaks", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  await passWithSilent(rig, 35_000, [1]);
  rig.pools.moods[0] = rig.pools.moods[1] = "refuses";
  await rig.pools.lose(0);
  await passWithSilent(rig, 5_000, [1]);
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[], [1]]);
  await passWithSilent(rig, TICK_MS, []);
  assert.deepEqual(rig.roles.active, [1]);
  rig.roster.stop();
});

Deno.test("While miners wait, a new connection is made to the pool whose spare is silent", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  await passWithSilent(rig, 35_000, [1]);
  rig.pools.moods[0] = "refuses";
  await rig.pools.lose(0);
  await passWithSilent(rig, 3_000, [1]);
  assert.deepEqual(rig.roles.active, [1], "over a connection that speaks");
  rig.roster.stop();
});

Deno.test("Miners do not return to a better pool that is silent", async () => {
  const rig = await RosterRig.started(["refuses", "serves"]);
  rig.pools.moods[0] = "serves";
  await passWithSilent(rig, 145_000, []);
  assert.deepEqual(rig.roles.active, [1]);
  await passWithSilent(rig, 45_000, [0]);
  assert.deepEqual(rig.roles.active, [1]);
  await passWithSilent(rig, TICK_MS, []);
  assert.deepEqual(rig.roles.active, [0]);
  rig.roster.stop();
});

Deno.test("A spare that speaks is the spare, however often it was asked", async () => {
  const rig = await RosterRig.started(["serves", "serves"]);
  for (let i = 0; i < 20; i++) {
    await passWithSilent(rig, 30_250, [0, 1]);
    await passWithSilent(rig, TICK_MS, []);
  }
  assert.deepEqual(rig.pools.dialled, [0, 1]);
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
  rig.roster.stop();
});
