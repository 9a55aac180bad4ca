/**
 * What must hold after a chaos run, each claim with the figures it is judged by.
 */

import { refusedIn, rejectedIn, unansweredIn, waitingIn } from "../../lib/mux/books/ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { MinerBooks } from "./books.ts";
import type { Books, ChaosOutcome } from "./outcome.ts";

/** One thing that must hold, whether it did, and the figures it was judged by. */
export interface Finding {
  readonly holds: boolean;
  readonly claim: string;
  readonly figures: string;
}

/**
 * While a pool is good, miners have one within this time, in milliseconds: the agent takes 2 s to
 * give up a handshake and 3 s to take a silent pool for dead, and there are three pools.
 */
const LONGEST_GAP_MS = 10_000;

/** An agent that was started has a pool within this time, and one that is to stop ends in it. */
const LONGEST_START_MS = 15_000;
const LONGEST_STOP_MS = 15_000;

/**
 * Of what good miners find, beside what they find while the agent stands still, so much may come
 * late; and so much may break off: most of that was on its way to a pool that had fallen silent and
 * was not known to have, which takes the agent 3 s.
 */
const MOST_LATE = 0.08;
const MOST_BROKEN_OFF = 0.2;

/** Answers the miners' own hashing may get: what is late is late, what broke off is unknown. */
const BLAMELESS: ReadonlySet<number> = new Set([20, 21]);

/** Everything that must hold. */
export function findings(outcome: ChaosOutcome): readonly Finding[] {
  return [
    noMinerCutOff(outcome),
    alwaysAPool(outcome),
    littleWorkLost(outcome),
    orderlyStops(outcome),
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

function noMinerCutOff({ good, log, lostByStops }: ChaosOutcome): Finding {
  const reasons = [...log.reasonsOut].map(([reason, count]) => `${count} × ${reason}`);
  const lost = good.lostConnections - lostByStops;
  return {
    holds: lost === 0 && good.givenUp === 0,
    claim: "a pool's trouble disconnects no miner",
    figures: `${good.miners} miners that keep the rules, ${lost} cut off, ${good.givenUp} times ` +
      `one gave up; ${log.losses} serving connections lost, ${log.moves} moves` +
      (lost === 0 ? "" : `; connections ended: ${reasons.join(", ")}`),
  };
}

function alwaysAPool({ log }: ChaosOutcome): Finding {
  const { longestGapMs, longestStartMs } = log;
  return {
    holds: longestGapMs <= LONGEST_GAP_MS && longestStartMs <= LONGEST_START_MS,
    claim: `while a pool is good, miners have one within ${LONGEST_GAP_MS / 1000} s`,
    figures: `at most ${(longestGapMs / 1000).toFixed(1)} s without a pool, and ` +
      `${(longestStartMs / 1000).toFixed(1)} s from a start of the agent to a pool that serves`,
  };
}

function littleWorkLost({ good, pools, log, options }: ChaosOutcome): Finding {
  const { submitted, rejectedByCode, unanswered } = good;
  const rejected = (code: number) => rejectedByCode.get(code) ?? 0;
  // What a pool refused for no reason says nothing of the agent.
  const late = Math.max(0, rejected(21) - madeUp(pools, 37));
  const brokenOff = rejected(20) + unanswered;
  const stoodStill = log.stoodStillMs / options.durationMs;
  const percent = (part: number) => `${(100 * part).toFixed(1)} %`;
  const of = (count: number) => `${count} (${percent(count / Math.max(1, submitted))})`;
  return {
    holds: late <= (MOST_LATE + stoodStill) * submitted &&
      brokenOff <= MOST_BROKEN_OFF * submitted,
    claim: `of the work at most ${MOST_LATE * 100} % comes late, what is found while the agent ` +
      `stands still apart, and ${MOST_BROKEN_OFF * 100} % breaks off`,
    figures: `of ${submitted} shares ${of(late)} came late and ${of(brokenOff)} broke off, ` +
      `${unanswered} of them without an answer; the agent stood still for ` +
      `${percent(stoodStill)} of the time`,
  };
}

function orderlyStops({ ends, log, hasSetClock }: ChaosOutcome): Finding {
  const slowest = Math.max(0, ...ends.map(({ tookMs }) => tookMs));
  const disorderly = ends.filter(({ exitCode, shares }) => exitCode !== 0 || shares === undefined);
  return {
    holds: disorderly.length === 0 && slowest <= LONGEST_STOP_MS,
    claim: "an agent that is told to stop says what became of every share, and ends",
    figures: `${ends.length} stops, ${disorderly.length} of them out of order, the slowest ` +
      `${(slowest / 1000).toFixed(1)} s; ${log.reloads} reloads; ` +
      (hasSetClock ? "its clock was set" : "its clock was not set: libfaketime is missing"),
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

function rightPlace({ hashing, pools }: ChaosOutcome): Finding {
  const { rejectedByCode, unsoundByCode, accepted } = hashing;
  const wrong = [...rejectedByCode].filter(([code, count]) =>
    !BLAMELESS.has(code) && count > (unsoundByCode.get(code) ?? 0) + madeUp(pools, code)
  );
  return {
    holds: wrong.length === 0 && accepted > 0,
    claim: "a share goes only where its job came from",
    figures: `${hashing.miners} miners that hash: ${accepted} shares accepted, rejected ` +
      `${[...rejectedByCode].map(([code, count]) => `${count} with ${code}`).join(", ") || "none"}`,
  };
}

/** As many refusals as pools made up at most. */
function madeUp(pools: readonly PoolStatistics[], code: number): number {
  return total(pools, (pool) => pool.madeUpByCode.get(code) ?? 0);
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

function idsComeBack({ options, agent, pools }: Books): Finding {
  const workers = total(pools, (pool) => pool.workersNow);
  const { miners } = options;
  return {
    holds: agent.sessionIds === miners && agent.connected === miners && workers === miners,
    claim: "session ids, connections and places at the pools come back",
    figures:
      `${agent.sessionIds} ids in use, ${agent.connected} connections and ${workers} workers ` +
      `at the pools for ${miners} miners`,
  };
}

function nothingFell({ log, unhandled, mishaps, strangers, agent }: ChaosOutcome): Finding {
  const [first = ""] = [...log.ownFaults, ...unhandled];
  return {
    holds: first === "",
    claim: "nothing a peer does stops anything else",
    figures:
      `${mishaps} mishaps and ${strangers} strangers: ${unhandled.length} unhandled errors, ` +
      `${log.ownFaults.length} faults of the agent's own${first === "" ? "" : `: ${first}`}; ` +
      `the agent has ${Math.round(agent.residentBytes / 2 ** 20)} MiB`,
  };
}

function sharesAddUp({ agent, ends, options }: ChaosOutcome): Finding {
  const { shares, now, waiting, miners } = agent;
  const books: readonly MinerBooks[] = [
    { shares: now, waiting },
    ...miners,
    // A run that has ended leaves nothing waiting.
    ...ends.flatMap(({ shares }) => shares === undefined ? [] : [{ shares, waiting: 0 }]),
  ];
  const doNot = books.filter((each) => !addsUp(each)).length;
  const refused = refusedIn(shares);
  return {
    // A run without time to settle leaves shares whose verdict never comes.
    holds: doNot === 0 && (waiting === 0 || options.settleMs < 60_000),
    claim: "shares add up, for every miner, every run and in total",
    figures: `${doNot} of ${books.length} books do not; ${shares.received} received = ` +
      `${shares.submitted} submitted + ${refused} refused; submitted = ${shares.accepted} ` +
      `accepted + ${rejectedIn(shares)} rejected + ${shares.assumed} assumed + ` +
      `${unansweredIn(shares)} unanswered + ${waiting} waiting`,
  };
}

function addsUp({ shares, waiting }: MinerBooks): boolean {
  return shares.received === shares.submitted + shares.kept + refusedIn(shares) + shares.outage &&
    waitingIn(shares) === waiting;
}

function poolsAgree({ agent, pools }: Books): Finding {
  const { shares, waiting } = agent;
  const open = unansweredIn(shares) + waiting;
  const submits = total(pools, (pool) => pool.submits);
  const accepted = total(pools, (pool) => pool.accepted);
  const rejected = total(pools, (pool) => pool.rejected);
  // What was on its way when a connection broke or the agent stopped, nobody knows; nor what of
  // the shares without a verdict was on one. All else is exact.
  const lost = shares.unansweredConnectionLost + shares.unansweredStopped + shares.assumed;
  const unheard = open + shares.assumed;
  return {
    holds: total(pools, (pool) => pool.waitingNow) === 0 &&
      isWithin(submits, shares.submitted - lost, shares.submitted) &&
      isWithin(accepted, shares.accepted, shares.accepted + unheard) &&
      isWithin(rejected, rejectedIn(shares), rejectedIn(shares) + unheard),
    claim: "the pools' books agree with ours",
    figures: `${submits} submits at the pools, ${shares.submitted} sent, ${lost} of them on ` +
      `connections that broke or without a verdict; pools accepted ${accepted} and rejected ` +
      `${rejected}`,
  };
}

function minersAgree({ agent, good, unruly }: Books): Finding {
  const { shares, waiting: waitingShares } = agent;
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
