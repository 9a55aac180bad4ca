/** A farm in which all is well is told so: nothing false in hours of chance. */

import assert from "node:assert/strict";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { hashrateOf, MadeUpWorkers } from "../support/made_up_workers.ts";

const MINERS = 2_000;
const HOURS = 2;

/** How the miners of a farm differ. */
const FARMS: Readonly<Record<string, (place: number) => { rate: number; difficulty: number }>> = {
  "of one model, each at its own difficulty": (place) => {
    const rate = 3 + place % 18;
    return { rate, difficulty: 65_536 * 10 / rate };
  },
  "of many models with one firmware, at one difficulty": (place) => ({
    rate: 3 + place % 18,
    difficulty: 65_536,
  }),
  "of several models, of which some find a share in a minute": (place) => {
    const rate = [1, 2, 6, 20][place % 4]!;
    return { rate, difficulty: 65_536 * 6 / rate };
  },
  "of one model, three shares a minute each": () => ({ rate: 3, difficulty: 262_144 }),
};

for (const [seed, [name, of]] of Object.entries(FARMS).entries()) {
  Deno.test(`${MINERS} healthy miners ${name}, are never called anything else`, () => {
    const farm = new MadeUpWorkers(seededRandom(seed));
    let hashrate = 0;
    for (let place = 0; place < MINERS; place++) {
      const { rate, difficulty } = of(place);
      hashrate += hashrateOf(rate, difficulty);
      farm.connect({
        name: `rig${place}`,
        sharesPerMinute: rate,
        // Stale shares at each block are healthy.
        lostPerMinute: rate * 0.005,
        difficulty,
      });
    }
    farm.run(HOURS * 60, () => {
      const wrong = farm.views().filter(({ condition }) => condition.state !== "working");
      assert.deepEqual(wrong.map(({ name, condition }) => [name, condition]), []);
    });
    const views = farm.views();
    assert.equal(views.length, MINERS);
    assert.deepEqual(views.flatMap(({ observations }) => observations), []);
    const usual = views.reduce((sum, { usualHashrate }) => sum + (usualHashrate ?? 0), 0);
    assert.ok(Math.abs(usual / hashrate - 1) < 0.02, `usual ${usual}, really ${hashrate}`);
  });
}
