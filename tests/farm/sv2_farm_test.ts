/** Farms of 200 miners that really hash through simulated Stratum V2 pools of every personality. */

import { SV2_LIKES } from "../../lib/sim/sv2_pool/personality.ts";
import { mineThroughSv2 } from "../support/sv2_farms.ts";
import { moveAmongKinds } from "../support/moving_farm.ts";

/** The pool follows the hashrate that is declared to it, so that shares come faster than in reality. */
const SHARES_A_MINUTE = 900;

for (const like of SV2_LIKES) {
  Deno.test(`200 miners hash for 20 s through a pool like ${like}, and all books agree`, () =>
    mineThroughSv2({
      pool: { like, difficulty: 2 ** -18, sharesPerMinute: SHARES_A_MINUTE },
      miners: 200,
      seconds: 20,
      shares: 150,
    }));
}

Deno.test("A farm moves a thousand times among pools of three kinds, and nobody notices", () =>
  moveAmongKinds({ miners: 20, moves: 1_000, shares: 20 }));
