/** Causes of lost shares, as a made-up farm has them. */

import type { FakeFarm } from "./fake_farm.ts";

/** Causes along each line. */
const MOST = 50;

/** The answer at `path`; `undefined` for what the status server answers itself. */
export function causeAnswer(farm: FakeFarm, path: string): Response | undefined {
  if (path === "/api/v1/causes") return Response.json(farm.causes(MOST).next().value);
  if (path === "/api/v1/causes.csv") return new Response("reason\r\nstale\r\n");
  return undefined;
}
