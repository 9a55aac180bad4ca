/** Small twins of the farms in tests/farm that mine on ordinary Stratum pools, for every change. */

import assert from "node:assert/strict";
import { moveAmongAllSizes } from "../support/moving_farm.ts";
import { chainMines } from "../support/proxy_chain.ts";
import { mineThrough, NARROW_FIRMWARE } from "../support/stratum_farms.ts";

const EASY = 2 ** -20;

for (const like of ["ckpool", "nomp"] as const) {
  Deno.test(`a few miners hash through ${like}, and its books are ours`, () =>
    mineThrough({
      pool: {
        like,
        // Half of fifty shares stale and NOMP bans: a block must not cross that many on their way.
        difficulty: 4 * EASY,
        minDifficulty: EASY,
        // Two changes within a tenth of a second would cross the shares on their way.
        vardiff: { targetMs: 100, everyMs: 1_000, shares: 240 },
      },
      miners: 20,
      firmware: NARROW_FIRMWARE,
      seconds: 3,
      shares: 30,
    }));
}

Deno.test("three miners a connection: 20 of them hash on as many as it takes, and all books agree", () =>
  mineThrough({
    pool: {
      like: "public",
      difficulty: 4 * EASY,
      minDifficulty: EASY,
      vardiff: { targetMs: 100, everyMs: 1_000, shares: 240 },
    },
    miners: 20,
    firmware: NARROW_FIRMWARE,
    seconds: 3,
    shares: 30,
    entry: { miners_per_connection: 3 },
    look: ({ connections }) => {
      const serving = connections.filter(({ role }) => role === "active");
      const crowds = serving.map(({ miners }) => miners);
      assert.ok(Math.max(...crowds) <= 3, `${crowds}`);
      assert.equal(crowds.reduce((sum, miners) => sum + miners, 0), 20);
    },
  }));

Deno.test("80 moves among an agent pool and pools of 8, 6 and 4 bytes disconnect nobody", () =>
  moveAmongAllSizes({ miners: 10, moves: 80, shares: 5 }));

Deno.test("miners hash behind two proxies in a row, and all books agree", () =>
  chainMines({ miners: 20, seconds: 2, shares: 2 }));
