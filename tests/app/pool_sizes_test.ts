/** PoolSizes: what is known of pools' extranonce2 sizes, and what miners get. */

import assert from "node:assert/strict";
import { PoolSizes } from "../../lib/app/pool_sizes.ts";
import { Layouts } from "../../lib/mux/layouts.ts";
import { FakeClock } from "../support/fake_clock.ts";

const POOL = {
  poolId: 0,
  host: "pool",
  port: 3333,
  account: "alice",
  kind: "stratum",
  password: "",
  usesTls: false,
  workers: "one",
  minersPerConnection: undefined,
} as const;

function rig() {
  const layouts = new Layouts({ poolIds: [0], extranonce2Bytes: undefined });
  const remembered: [string, number][][] = [];
  const sizes = new PoolSizes({
    layouts,
    probe: undefined,
    timers: new FakeClock().time,
    released: () => {},
    changed: (sizes) => remembered.push([...sizes]),
  });
  sizes.list([POOL]);
  return { layouts, sizes, remembered };
}

Deno.test("If one address leads to servers of several sizes, the narrowest decides, in any order of answers", () => {
  const { layouts, sizes, remembered } = rig();
  for (const bytes of [8, 6, 8, 4, 6, 8]) sizes.learn(0, bytes);
  assert.equal(layouts.narrowest, 4);
  assert.deepEqual(remembered, [[], [["pool:3333", 6]], [["pool:3333", 4]]]);
});

Deno.test("A pool's answer replaces the size that an earlier run stored, wider or narrower", () => {
  const { layouts, sizes, remembered } = rig();
  sizes.recall(new Map([["pool:3333", 4]]));
  assert.equal(layouts.narrowest, 4);
  sizes.learn(0, 8);
  assert.equal(layouts.narrowest, 8);
  assert.deepEqual(remembered, [[]]);
});
