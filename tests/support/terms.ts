/** What an agent pool settles in its handshake. */

import type { Terms } from "../../lib/mux/terms.ts";

export const TERMS: Terms = {
  extranonce: { bytes: 8, offset: 2, idBytes: 2 },
  capacity: Infinity,
  startingDifficulty: 1,
  poolDifficulty: 1,
  difficulty: "pool",
  validation: "pool",
  verdicts: "given",
  canSayTimeZero: false,
  retention: { jobs: 256, acrossClean: 4, ms: Infinity },
};
