/** PoolRoster in any course of events: bounded, never contradictory, and right again in the end. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import type { Mood } from "../support/fake_pools.ts";
import { RosterRig, TICK_MS } from "../support/roster_rig.ts";

type Step =
  | { readonly kind: "mood"; readonly pool: number; readonly mood: Mood }
  | { readonly kind: "lose"; readonly pool: number; readonly count: number }
  | { readonly kind: "pass"; readonly ticks: number };

const pool = fc.nat({ max: 2 });
const mood = fc.constantFrom<Mood>("serves", "serves", "refuses", "hangs", "is silent", "denies");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("mood" as const), pool, mood }),
  fc.record({
    kind: fc.constant("lose" as const),
    pool,
    count: fc.constantFrom(1, 1, 2, Infinity),
  }),
  fc.record({
    kind: fc.constant("pass" as const),
    ticks: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 20, max: 300 })),
  }),
);
const course = fc.record({
  moods: fc.array(mood, { minLength: 1, maxLength: 3 }),
  connections: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  steps: fc.array(step, { maxLength: 30, size: "max" }),
  hasStandby: fc.boolean(),
  seed: fc.nat(),
});

/** What holds at any moment. */
function check(rig: RosterRig, wanted: number, hasStandby: boolean): void {
  const { active, spare } = rig.roles;
  const { pools } = rig;
  const standbys = rig.roles.activeUpstreams.length - active.length;
  const wasServed = rig.roles.story.some((line) => line.endsWith("spare"));
  const isOutage = hasStandby && wasServed && active.length === 0;
  assert.equal(standbys, isOutage ? 1 : 0, "a standby serves when no pool does, and only then");
  assert.ok(active.length <= wanted, `${active.length} serve`);
  if (spare.length > 0) assert.equal(active.length, wanted, "a spare while one is missing");
  const open = pools.links.length + pools.pendingDials;
  // Those that serve, those on the way to replace them, and one spare or late dial for each pool.
  const bound = 2 * wanted + pools.moods.length + 1;
  assert.ok(open <= bound, `${open} connections and dials, at most ${bound}`);
  assert.ok(open >= active.length + spare.length);
}

Deno.test("Connections stay bounded, and everything recovers once the pools do", async () => {
  let lost = 0;
  await fc.assert(
    fc.asyncProperty(course, async ({ moods, connections, hasStandby, steps, seed }) => {
      const wanted = connections ?? 1;
      const intervalMs = hasStandby ? 30_000 : undefined;
      const rig = new RosterRig(moods, connections, seededRandom(seed), intervalMs);
      const checkNow = () => check(rig, wanted, hasStandby);
      let ticks = 0;
      for (const each of steps) {
        if (each.kind === "mood") {
          if (each.pool < moods.length) rig.pools.moods[each.pool] = each.mood;
        } else if (each.kind === "lose") {
          await rig.pools.lose(each.pool, each.count);
        } else {
          ticks += each.ticks;
          await rig.pass(each.ticks * TICK_MS, checkNow);
        }
        checkNow();
      }
      lost += rig.roles.story.filter((line) => line.endsWith("lost")).length;
      // Even with every wait at its shortest a pool is dialled rarely, for each connection wanted.
      const most = moods.length * (wanted + 1) * (20 + ticks);
      assert.ok(rig.pools.dialled.length <= most, `${rig.pools.dialled.length} dials`);

      rig.pools.moods.fill("serves");
      // A pool that closed its spares again and again gets one again.
      rig.reconfigure(moods.keys().toArray());
      await rig.pass(60_000 + 180_000 + 20_000, checkNow);
      const { active, spare } = rig.roles;
      assert.deepEqual(active, Array(wanted).fill(0));
      assert.equal(spare.length, connections === undefined ? 1 : 0);
      assert.ok(!spare.includes(0) || moods.length === 1, "a spare that would break with it");
      assert.deepEqual(rig.pools.connected, [...active, ...spare]);
      assert.equal(rig.pools.pendingDials, 0);

      rig.roster.stop();
      const dials = rig.pools.dialled.length;
      await rig.pass(40_000);
      assert.deepEqual([rig.pools.connected, rig.roles.active, rig.roles.spare], [[], [], []]);
      assert.equal(rig.pools.dialled.length, dials);
    }),
    { seed: 10, numRuns: 150 },
  );
  assert.ok(lost > 150, `${lost} connections were lost`);
});
