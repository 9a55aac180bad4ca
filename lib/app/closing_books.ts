/**
 * The log lines about all shares, written when the proxy has stopped: one for each pool, then one
 * for all together.
 */

import { refusedIn, rejectedIn, unansweredIn } from "../mux/books/ledger.ts";
import { areaLog } from "../observe/log.ts";
import type { Proxy } from "./proxy.ts";

const log = areaLog("agent");

/** Logs these lines. Call it once the proxy has stopped and counts nothing any more. */
export function logClosingBooks(proxy: Proxy): void {
  for (const { address, past } of proxy.view.pools) {
    if (past === undefined || past.shares.submitted === 0) continue;
    const { shares, credited } = past;
    log.info(
      "Shares at {pool}: {submitted} submitted; of these {accepted} accepted (total difficulty " +
        "{credited}), {rejected} rejected, {assumed} assumed accepted without a verdict, " +
        "{unanswered} " +
        "unanswered",
      {
        ...shares,
        pool: address,
        credited,
        rejected: rejectedIn(shares),
        unanswered: unansweredIn(shares),
      },
    );
  }
  const { shares } = proxy.statistics();
  log.info(
    "Stopped: {received|share} received: {refused} refused here, {outage} for made-up jobs, " +
      "{kept} kept (below the pool's difficulty: credited, not sent), {submitted} submitted; of " +
      "these {accepted} accepted, {rejected} rejected, {assumed} assumed accepted without a " +
      "verdict, " +
      "{unanswered} unanswered",
    {
      ...shares,
      refused: refusedIn(shares),
      rejected: rejectedIn(shares),
      unanswered: unansweredIn(shares),
    },
  );
}
