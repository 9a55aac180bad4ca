/** errorOfFigure(): the error of a pool's figures of single workers. */

import assert from "node:assert/strict";
import { errorOfFigure } from "../../../lib/pool/stratum/worker_figures.ts";

/** Miners on a connection, and the error of an hour and of a day in percent. */
const TABLE = [
  [1, 3, 1],
  [10, 10, 2],
  [50, 22, 4],
  [1_000, 96, 20],
] as const;

Deno.test("The fewer miners share a connection, the more a pool's figure of one of them is worth", () => {
  for (const [miners, hour, day] of TABLE) {
    const percent = (seconds: number) => Math.round(100 * errorOfFigure(miners, seconds));
    assert.deepEqual([percent(3_600), percent(86_400)], [hour, day], `${miners} miners`);
  }
});
