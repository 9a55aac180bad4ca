/**
 * What must hold after a chaos run, each claim with the figures it is judged by.
 */

import {
  type LedgerSnapshot,
  refusedIn,
  rejectedIn,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { Books, ChaosOutcome } from "./run.ts";

/** One thing that must hold, whether it did, and the figures it was judged by. */
export interface Finding {
  readonly holds: boolean;
  readonly claim: string;
  readonly figures: string;
}

/** Answers the miners' own hashing may get: what is late is late, what broke off is unknown. */
const BLAMELESS: ReadonlySet<number> = new Set([20, 21]);

/** Everything that must hold. */
export function findings(outcome: ChaosOutcome): readonly Finding[] {
  return [
    noMinerCutOff(outcome),
    everybodyAtWork(outcome),
    rightPlace(outcome),
    sameIndex(outcome),
    idsComeBack(outcome),
    nothingFell(outcome),
    sharesAddUp(outcome),
    poolsAgree(outcome),
    minersAgree(outcome),
    dialectKept(outcome),
  ];
}

/** Whether the counts agree that go on moving until everything on its way has arrived. */
export function isSettled(books: Books): boolean {
  return [idsComeBack, poolsAgree, minersAgree].every((judge) => judge(books).holds);
}

function noMinerCutOff({ good, log }: ChaosOutcome): Finding {
  const reasons = [...log.reasonsOut].map(([reason, count]) => `${count} × ${reason}`);
  return {
    holds: good.lostConnections === 0,
    claim: "a pool's trouble disconnects no miner",
    figures: `${good.miners} miners that keep the rules, ${good.lostConnections} cut off; ` +
      `${log.losses} serving connections lost, ${log.moves} moves, ` +
      `at most ${(log.longestGapMs / 1000).toFixed(1)} s without a pool` +
      (good.lostConnections === 0 ? "" : `; connections ended: ${reasons.join(", ")}`),
  };
}

function everybodyAtWork({ options, recoveredAfterMs, rollCall }: ChaosOutcome): Finding {
  const recovered = recoveredAfterMs === undefined
    ? "not all were at work in the end"
    : `all at work ${(recoveredAfterMs / 1000).toFixed(1)} s after the last mishap`;
  return {
    holds: recoveredAfterMs !== undefined && rollCall === options.miners,
    claim: "everybody is at work again when all is well",
    figures: `${recovered}; ${rollCall} of ${options.miners} had the next block within a second`,
  };
}

function rightPlace({ hashing }: ChaosOutcome): Finding {
  const { rejectedByCode, accepted } = hashing;
  const wrong = [...rejectedByCode].filter(([code]) => !BLAMELESS.has(code));
  return {
    holds: wrong.length === 0 && accepted > 0,
    claim: "a share goes only where its job came from",
    figures: `${hashing.miners} miners that hash: ${accepted} shares accepted, rejected ` +
      `${[...rejectedByCode].map(([code, count]) => `${count} with ${code}`).join(", ") || "none"}`,
  };
}

function sameIndex({ pools }: ChaosOutcome): Finding {
  const amiss: readonly (keyof PoolStatistics)[] = [
    "unregisteredSubmits",
    "wrongLengthSubmits",
    "droppedRegisters",
    "repeatedRegisters",
    "ignoredFrames",
    "unknownFrames",
    "badLines",
    "fatalCapabilities",
    "jammedConnections",
  ];
  const found = amiss.map((name) => `${name} ${total(pools, (pool) => pool[name] as number)}`);
  return {
    holds: found.every((each) => each.endsWith(" 0")),
    claim: "the pools' submit index is ours: no frame was in vain",
    figures: `${total(pools, (pool) => pool.framesIn)} frames; ${found.join(", ")}`,
  };
}

function idsComeBack({ options, proxy, pools }: Books): Finding {
  const workers = total(pools, (pool) => pool.workersNow);
  const { miners } = options;
  return {
    holds: proxy.sessionIds === miners && proxy.connected === miners && workers === miners,
    claim: "session ids, connections and places at the pools come back",
    figures:
      `${proxy.sessionIds} ids in use, ${proxy.connected} connections and ${workers} workers ` +
      `at the pools for ${miners} miners`,
  };
}

function nothingFell({ log, unhandled, mishaps, strangers, residentBytes }: ChaosOutcome): Finding {
  const [first = ""] = [...log.ownFaults, ...unhandled];
  return {
    holds: first === "",
    claim: "nothing a peer does stops anything else",
    figures:
      `${mishaps} mishaps and ${strangers} strangers: ${unhandled.length} unhandled errors, ` +
      `${log.ownFaults.length} faults of the agent's own${first === "" ? "" : `: ${first}`}; ` +
      `${Math.round(residentBytes / 2 ** 20)} MiB for agent, pools and miners together`,
  };
}

function sharesAddUp({ proxy, options }: ChaosOutcome): Finding {
  const { shares, waitingShares, minerShares } = proxy;
  let doNot = addsUp(shares) && waitingIn(shares) === waitingShares ? 0 : 1;
  for (let sessionId = 0; sessionId < 0xffff; sessionId++) {
    if (!addsUp(minerShares(sessionId))) doNot++;
  }
  const refused = refusedIn(shares);
  return {
    // A run without time to settle leaves shares whose verdict never comes.
    holds: doNot === 0 && (waitingShares === 0 || options.settleMs < 60_000),
    claim: "shares add up, for every miner and in total",
    figures: `${shares.received} received = ${shares.submitted} submitted + ${refused} refused; ` +
      `submitted = ${shares.accepted} accepted + ${rejectedIn(shares)} rejected + ` +
      `${shares.assumed} assumed + ${unansweredIn(shares)} unanswered + ${waitingShares} waiting`,
  };
}

function addsUp(shares: LedgerSnapshot): boolean {
  return shares.received === shares.submitted + refusedIn(shares) + shares.outage &&
    waitingIn(shares) >= 0;
}

function poolsAgree({ proxy, pools, assumedOnEnded }: Books): Finding {
  const { shares, waitingShares } = proxy;
  const open = unansweredIn(shares) + waitingShares;
  const submits = total(pools, (pool) => pool.submits);
  const accepted = total(pools, (pool) => pool.accepted);
  const rejected = total(pools, (pool) => pool.rejected);
  // What was on its way on a connection that broke, nobody knows; all else is exact.
  const lost = shares.unansweredConnectionLost + shares.unansweredStopped + assumedOnEnded;
  const unheard = open + shares.assumed;
  return {
    holds: total(pools, (pool) => pool.waitingNow) === 0 &&
      isWithin(submits, shares.submitted - lost, shares.submitted) &&
      isWithin(accepted, shares.accepted, shares.accepted + unheard) &&
      isWithin(rejected, rejectedIn(shares), rejectedIn(shares) + unheard),
    claim: "the pools' books agree with ours",
    figures: `${submits} submits at the pools, ${shares.submitted} sent, ${lost} of them on ` +
      `connections that broke; pools accepted ${accepted} and rejected ${rejected}`,
  };
}

function minersAgree({ proxy, good, unruly }: Books): Finding {
  const { shares, waitingShares } = proxy;
  const sum = (count: "submitted" | "accepted" | "rejected" | "unanswered" | "waitingNow") =>
    good[count] + unruly[count];
  const answeredTrue = shares.accepted + shares.assumed + shares.unansweredTimedOut;
  const accepted = sum("accepted");
  const unanswered = sum("unanswered");
  const waiting = sum("waitingNow");
  const ended = accepted + sum("rejected") + unanswered + waiting;
  return {
    holds: ended === sum("submitted") && waiting <= waitingShares &&
      isWithin(accepted, answeredTrue - unanswered, answeredTrue),
    claim: "the miners' books agree with ours",
    figures:
      `${sum("submitted")} shares found, ${accepted} answered true (${answeredTrue} here), ` +
      `${unanswered} on connections the miners ended, ${waiting} without an answer`,
  };
}

function dialectKept({ dialectFaults, good }: ChaosOutcome): Finding {
  return {
    holds: dialectFaults.length === 0,
    claim: "difficulty before job, answers in order, nothing a miner would trip over",
    figures:
      `${good.jobs} jobs to ${good.connections} connections, ${dialectFaults.length} faults` +
      (dialectFaults.length === 0 ? "" : `: ${dialectFaults.slice(0, 3).join("; ")}`),
  };
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function total(pools: readonly PoolStatistics[], count: (pool: PoolStatistics) => number): number {
  return pools.reduce((sum, pool) => sum + count(pool), 0);
}
