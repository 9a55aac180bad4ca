/**
 * Miners of every firmware profile hash through each kind of Stratum server, with its own vardiff,
 * new jobs and blocks.
 */

import { LIKES } from "../../lib/sim/stratum_pool/settings.ts";
import { mineThrough, NARROW_FIRMWARE } from "../support/stratum_farms.ts";

for (const like of LIKES) {
  if (like === "ckpool-reasons") continue;
  Deno.test(`200 miners of every firmware hash for 40 s through ${like}, and its books are ours`, async () => {
    await mineThrough({
      pool: {
        like,
        difficulty: 2 ** -18,
        minDifficulty: 2 ** -20,
        vardiff: { targetMs: 200, everyMs: 5_000 },
      },
      miners: 200,
      ...like === "nomp" || like === "public" ? { firmware: NARROW_FIRMWARE } : {},
      seconds: 40,
      shares: 100,
    });
  });
}
