/** Layouts: what a miner is given fits every pool in the list. */

import assert from "node:assert/strict";
import { Layouts } from "../../lib/mux/layouts.ts";
import { fits, roomFor } from "../../lib/mux/terms.ts";

function layoutsOf(sizes: readonly number[], extranonce2Bytes?: number): Layouts {
  const layouts = new Layouts({ poolIds: sizes.map((_, i) => i), extranonce2Bytes });
  sizes.forEach((size, i) => layouts.learn(i, size));
  return layouts;
}

for (
  const [sizes, wanted, agent, layout] of [
    [[], undefined, "cgminer/4.11.1", "4+4"],
    [[8, 16], undefined, "cgminer/4.11.1", "4+4"],
    [[8, 7], undefined, "cgminer/4.11.1", "2+4"],
    [[6, 8], undefined, "cgminer/4.11.1", "2+4"],
    [[5], undefined, "cgminer/4.11.1", "2+3"],
    [[5], undefined, "NerdMinerV2", "2+2"],
    [[8, 6, 4], undefined, "cgminer/4.11.1", "1+3"],
    [[4], undefined, "HAN_SOLOminer/1", "2+2"],
    [[4], 2, "cgminer/4.11.1", "2+2"],
    [[8], 3, "cgminer/4.11.1", "2+3"],
    [[8], 2, "cgminer/4.11.1", "2+2"],
    [[5], 4, "cgminer/4.11.1", "2+3"],
  ] as const
) {
  Deno.test(`pools with ${sizes.join(", ") || "unknown"} bytes give ${agent} ${layout}${wanted ? `, where ${wanted} are wanted` : ""}`, () => {
    const found = layoutsOf(sizes, wanted).layoutFor(agent);
    assert.equal(`${found.extranonce1Bytes}+${found.extranonce2Bytes}`, layout);
    for (const size of sizes) assert.ok(fits(roomFor(size)!, found), `at ${size}`);
  });
}

Deno.test("whatever size is wanted, miners get it where the narrowest pool has room, and never more", () => {
  // By the narrowest size: what 2, 3 and 4 bytes become.
  const table = {
    4: ["2+2", "1+3", "1+3"],
    5: ["2+2", "2+3", "2+3"],
    6: ["2+2", "2+3", "2+4"],
    7: ["2+2", "2+3", "2+4"],
    8: ["2+2", "2+3", "4+4"],
  };
  for (const [narrowest, layouts] of Object.entries(table)) {
    for (const [i, layout] of layouts.entries()) {
      const wanted = i + 2;
      const sizes = [8, 16, Number(narrowest)];
      const found = layoutsOf(sizes, wanted).layoutFor("cgminer/4.11.1");
      const what = `${wanted} wanted at ${narrowest}`;
      assert.equal(`${found.extranonce1Bytes}+${found.extranonce2Bytes}`, layout, what);
      for (const size of sizes) assert.ok(fits(roomFor(size, wanted)!, found), what);
    }
  }
});

Deno.test("a pool of which nothing is known is taken for one with room", () => {
  const layouts = new Layouts({ poolIds: [1, 2], extranonce2Bytes: undefined });
  layouts.learn(1, 8);
  assert.equal(layouts.narrowest, 8);
  layouts.learn(2, 6);
  assert.equal(layouts.narrowest, 6);
  layouts.reconfigure({ poolIds: [1], extranonce2Bytes: undefined });
  assert.equal(layouts.narrowest, 8, "a pool that left the list decides nothing");
});
