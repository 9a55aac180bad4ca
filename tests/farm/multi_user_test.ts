/** Many sub-accounts in one proxy, and a farm's number of miners, for a minute. */

import { HASHED_DIFFICULTY, manyAccountsMine } from "../support/hashing_farms.ts";

Deno.test("500 miners of 40 sub-accounts mine for a minute and every share is accounted for", () =>
  manyAccountsMine({
    difficulty: HASHED_DIFFICULTY,
    accounts: 40,
    miners: 500,
    seconds: 60,
    accepted: 200,
    rejected: 500,
  }));
