/** Farms that really hash through simulated Stratum V2 pools of every personality: the books of both agree. */

import { SV2_LIKES } from "../../lib/sim/sv2_pool/personality.ts";
import { mineThroughSv2 } from "../support/sv2_farms.ts";

for (const like of SV2_LIKES) {
  Deno.test(`Forty miners hash through a pool like ${like}, and the sums are equal`, async () => {
    await mineThroughSv2({ pool: { like }, miners: 40, seconds: 12, shares: 200 });
  });
}
