/** The whole way at the size of a small farm: miners that really hash, for half a minute. */

import { HASHED_DIFFICULTY, mixedMinersHash } from "../support/hashing_farms.ts";

Deno.test("200 mixed miners hash for 30 s and the pool accepts every share they find", () =>
  mixedMinersHash({ difficulty: HASHED_DIFFICULTY, miners: 200, seconds: 30, shares: 100 }));
