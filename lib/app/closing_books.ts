/**
 * What a proxy that has stopped says of its shares: a line for each pool, then one for all of them.
 */

import { refusedIn, rejectedIn, unansweredIn } from "../mux/books/ledger.ts";
import { areaLog } from "../observe/log.ts";
import type { Proxy } from "./proxy.ts";

const log = areaLog("agent");

/** Logs them. The proxy has stopped: nothing is counted any more. */
export function logClosingBooks(proxy: Proxy): void {
  for (const { address, past } of proxy.view.pools) {
    if (past === undefined || past.shares.submitted === 0) continue;
    const { shares, credited } = past;
    log.info(
      "Shares at {pool}: {submitted} submitted, of which {accepted} accepted (difficulty " +
        "{credited} in all), {rejected} rejected, {assumed} taken without a verdict, {unanswered} " +
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
    "Stopped: {received} shares received: {refused} refused here, {outage} for made-up jobs, " +
      "{kept} kept (below the pool's difficulty: credited, not sent), {submitted} submitted, of " +
      "which {accepted} accepted, {rejected} rejected, {assumed} taken without a verdict, " +
      "{unanswered} unanswered",
    {
      ...shares,
      refused: refusedIn(shares),
      rejected: rejectedIn(shares),
      unanswered: unansweredIn(shares),
    },
  );
}
