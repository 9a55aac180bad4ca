/**
 * The claims that must hold after a chaos run, each with the figures it is judged by.
 */

import {
  type LedgerSnapshot,
  refusedIn,
  rejectedIn,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/books/ledger.ts";
import type { PoolStatistics } from "../../lib/sim/pool_ledger.ts";
import type { BadBehaviour, ShareRefusal } from "../../lib/sim/stratum_pool/ledger.ts";
import { type MinerBooks, NO_SHARES, type PoolBooks } from "./books.ts";
import type { Books, ChaosOutcome, JudgingAgentPool } from "./outcome.ts";
import type { StratumPoolBooks } from "./stratum_pool.ts";
import type { Sv2PoolBooks } from "./sv2_pool.ts";

/** A claim, whether it held, and the figures it was judged by. */
export interface Finding {
  readonly holds: boolean;
  readonly claim: string;
  readonly figures: string;
}

/**
 * While a pool works, miners have one within this time, in milliseconds: the agent takes 2 s to
 * give up a handshake and 3 s to treat a silent pool as dead, and there are three pools.
 */
const LONGEST_GAP_MS = 10_000;

/**
 * A started agent has a pool within this time, and an agent that is asked to stop ends within it,
 * in milliseconds.
 */
const LONGEST_START_MS = 15_000;
const LONGEST_STOP_MS = 15_000;

/**
 * The parts of good miners' shares that may be late and that may break off, apart from shares found
 * while the agent stands still. Most shares that break off were sent to a pool that had fallen
 * silent, which the agent notices after 3 s.
 */
const MOST_LATE = 0.08;
const MOST_BROKEN_OFF = 0.2;

/**
 * Error codes that really hashed shares may get: late shares are stale, and the result of broken
 * off ones is unknown.
 */
const BLAMELESS: ReadonlySet<number> = new Set([20, 21]);

/** The error code for a share that is too low. */
const LOW_CODE = 23;

/**
 * The most refusals per change: servers that judge shares in flight by the newest difficulty may
 * refuse two.
 */
const MOST_REFUSED = { public: 2, others: 1 } as const;

/** Checks every claim. */
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
    nothingAmiss(outcome),
    changesCostLittle(outcome),
    nothingAmissAtSv2(outcome),
  ];
}

/** Whether the counts that move until everything in flight has arrived agree. */
export function isSettled(books: Books): boolean {
  return [idsComeBack, poolsAgree, minersAgree].every((judge) => judge(books).holds);
}

function noMinerCutOff({ good, log, lostByStops }: ChaosOutcome): Finding {
  const reasons = [...log.reasonsOut].map(([reason, count]) => `${count} × ${reason}`);
  const lost = good.lostConnections - lostByStops;
  return {
    holds: lost === 0 && good.givenUp === 0,
    claim: "a pool's trouble disconnects no miner",
    figures: `miners that keep the rules: ${good.miners}, cut off: ${lost}, given up: ` +
      `${good.givenUp}; serving connections lost: ${log.losses}, moves: ${log.moves}` +
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
  // Shares that a pool refused without a reason say nothing about the agent.
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
    ? "not all miners worked at the end"
    : `all at work ${(recoveredAfterMs / 1000).toFixed(1)} s after the last mishap`;
  return {
    holds: recoveredAfterMs !== undefined && rollCall === options.miners,
    claim: "all miners work again when all faults have ended",
    figures: `${recovered}; ${rollCall} of ${options.miners} had the next block within a second`,
  };
}

function rightPlace({ hashing, pools, stratumPools }: ChaosOutcome): Finding {
  const { rejectedByCode, unsoundByCode, accepted } = hashing;
  // Shares refused as too low at a change of difficulty have a claim of their own.
  const low = refusedBy(stratumPools, "madeUp") + refusedBy(stratumPools, "lowDifficulty");
  const wrong = [...rejectedByCode].filter(([code, count]) =>
    !BLAMELESS.has(code) &&
    count > (unsoundByCode.get(code) ?? 0) + madeUp(pools, code) + (code === LOW_CODE ? low : 0)
  );
  return {
    holds: wrong.length === 0 && accepted > 0,
    claim: "a share goes only where its job came from",
    figures: `${hashing.miners} miners that hash: ${accepted} shares accepted, rejected ` +
      `${[...rejectedByCode].map(([code, count]) => `${count} with ${code}`).join(", ") || "none"}`,
  };
}

/** The most refusals that the pools made up. */
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
    claim: "the pools' submit index equals ours: no frame was lost",
    figures: `${total(pools, (pool) => pool.framesIn)} frames; ${found.join(", ")}`,
  };
}

function idsComeBack({ options, agent, pools }: Books): Finding {
  const workers = total(pools, (pool) => pool.workersNow);
  const { miners } = options;
  // A Stratum pool knows only its connections.
  const minersAt = (isWanted: (address: string) => boolean) =>
    agent.pools.reduce((sum, pool) => isWanted(pool.address) ? sum + pool.miners : sum, 0);
  const known = minersAt((address) => pools.some((pool) => pool.address === address));
  return {
    holds: agent.sessionIds === miners && agent.connected === miners && workers === known &&
      minersAt(() => true) === miners,
    claim: "session ids, connections and places at the pools come back",
    figures:
      `${agent.sessionIds} ids in use, ${agent.connected} connections and ${workers} workers ` +
      `at the pools for ${miners} miners, ${known} of them at pools that know workers`,
  };
}

function nothingFell({ log, unhandled, mishaps, strangers, agent }: ChaosOutcome): Finding {
  const [first = ""] = [...log.ownFaults, ...unhandled];
  return {
    holds: first === "",
    claim: "no peer stops anything else",
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
      `${shares.submitted} submitted + ${shares.kept} kept + ${refused} refused + ` +
      `${shares.outage} without a pool; submitted = ${shares.accepted} ` +
      `accepted + ${rejectedIn(shares)} rejected + ${shares.assumed} assumed + ` +
      `${unansweredIn(shares)} unanswered + ${waiting} waiting`,
  };
}

function addsUp({ shares, waiting }: MinerBooks): boolean {
  return shares.received === shares.submitted + shares.kept + refusedIn(shares) + shares.outage &&
    waitingIn(shares) === waiting;
}

function poolsAgree({ agent, pools, stratumPools, sv2Pools }: Books): Finding {
  const judged = [...pools, ...stratumPools, ...sv2Pools].map((pool) => {
    const ours = agent.pools.find(({ address }) => address === pool.address);
    return disagreement(pool, ours ?? { ...NO_BOOKS, address: pool.address });
  });
  const wrong = judged.filter((each) => each !== undefined);
  const { shares } = agent;
  const served = agent.pools.filter((pool) => pool.shares.submitted > 0).length;
  const sum = (count: "submits" | "accepted" | "rejected") =>
    [...pools, ...stratumPools, ...sv2Pools].reduce((all, pool) => all + pool[count], 0);
  return {
    holds: wrong.length === 0 && total(pools, (pool) => pool.waitingNow) === 0,
    claim: "the pools' books agree with ours",
    figures: `${served} of ${agent.pools.length} pools got shares: ${sum("submits")} submits at ` +
      `the pools, ${shares.submitted} sent, ${neverHeard(shares)} of them on connections that ` +
      `broke or without a verdict; pools accepted ${sum("accepted")} and rejected ` +
      `${sum("rejected")}` + (wrong.length === 0 ? "" : `; ${wrong.join("; ")}`),
  };
}

const NO_BOOKS: Omit<PoolBooks, "address"> = { shares: NO_SHARES, credited: 0 };

/**
 * Counts shares in flight when a connection broke or the agent stopped, and shares without a
 * verdict.
 */
function neverHeard(shares: LedgerSnapshot): number {
  return shares.unansweredConnectionLost + shares.unansweredStopped + shares.assumed;
}

/** Returns the difference between one pool's books and ours; `undefined` if there is none. */
function disagreement(
  pool: JudgingAgentPool | StratumPoolBooks | Sv2PoolBooks,
  { shares, credited }: PoolBooks,
): string | undefined {
  // Whether the pool got shares without a verdict is unknown; all other counts are exact.
  const sent = shares.submitted;
  const unheard = unansweredIn(shares) + waitingIn(shares) + shares.assumed;
  const rejected = rejectedIn(shares);
  const found = [
    [isWithin(pool.submits, sent - neverHeard(shares), sent), "submits", pool.submits, sent],
    [
      isWithin(pool.accepted, shares.accepted, shares.accepted + unheard),
      "accepted",
      pool.accepted,
      shares.accepted,
    ],
    [
      isWithin(pool.rejected, rejected, rejected + unheard),
      "rejected",
      pool.rejected,
      rejected,
    ],
    ...("like" in pool ? [difficultyFound(pool, credited, unheard)] : []),
  ] as const;
  const wrong = found.filter(([holds]) => !holds)
    .map(([, what, theirs, ours]) => `${what} ${theirs} there and ${ours} here`);
  const name = "like" in pool ? `${pool.like} pool` : "agent pool";
  return wrong.length === 0 ? undefined : `${name} ${pool.address}: ${wrong.join(", ")}`;
}

/** What is compared of a pool's credit; at a Stratum V2 pool each job keeps its difficulty. */
type CreditingPool =
  & Pick<Sv2PoolBooks, "difficulty" | "highestDifficulty">
  & Partial<Pick<StratumPoolBooks, "acceptedInChange">>;

/**
 * Returns the difference in credited difficulty, if any; shares that cross a change may count with
 * either.
 */
function difficultyFound(
  { difficulty, highestDifficulty, acceptedInChange = 0 }: CreditingPool,
  credited: number,
  unheard: number,
): readonly [boolean, string, number, number] {
  // Pools credit jobs from before a change differently, which only verdicts show. Sums of fractions
  // are not exact either.
  const leeway = acceptedInChange * highestDifficulty + difficulty * 1e-9;
  const most = credited + unheard * highestDifficulty + leeway;
  return [isWithin(difficulty, credited - leeway, most), "difficulty", difficulty, credited];
}

function minersAgree({ agent, good, unruly }: Books): Finding {
  const { shares, waiting: waitingShares } = agent;
  const sum = (count: "submitted" | "accepted" | "rejected" | "unanswered" | "waitingNow") =>
    good[count] + unruly[count];
  const answeredTrue = shares.accepted + shares.kept + shares.assumed + shares.earlyRejected +
    shares.unansweredTimedOut;
  // Of shares that ended without a verdict in another way, some were answered before.
  const perhapsTrue = Math.min(
    shares.early - shares.earlyOpen - shares.earlyRejected,
    unansweredIn(shares) - shares.unansweredTimedOut,
  );
  const accepted = sum("accepted");
  const unanswered = sum("unanswered");
  const waiting = sum("waitingNow");
  const ended = accepted + sum("rejected") + unanswered + waiting;
  return {
    holds: ended === sum("submitted") && waiting <= waitingShares &&
      isWithin(accepted, answeredTrue - unanswered, answeredTrue + perhapsTrue),
    claim: "the miners' books agree with ours",
    figures:
      `${sum("submitted")} shares found, ${accepted} answered true (${answeredTrue} here, and ` +
      `perhaps ${perhapsTrue} more), ` +
      `${unanswered} on connections the miners ended, ${waiting} without an answer`,
  };
}

function dialectKept({ dialectFaults, good }: ChaosOutcome): Finding {
  return {
    holds: dialectFaults.length === 0,
    claim: "difficulty before job, answers in order, nothing that would confuse a miner",
    figures:
      `${good.jobs} jobs to ${good.connections} connections, ${dialectFaults.length} faults` +
      (dialectFaults.length === 0 ? "" : `: ${dialectFaults.slice(0, 3).join("; ")}`),
  };
}

function nothingAmiss({ stratumPools }: ChaosOutcome): Finding {
  const amiss = stratumPools.flatMap(({ like, badBehaviour, excused }) =>
    [...badBehaviour].filter(([kind]) => !excused.has(kind))
      .map(([kind, count]) => `${like} ${count} x ${kind}`)
  );
  const lines = stratumPools.reduce((sum, { linesIn }) => sum + linesIn, 0);
  const [line = ""] = stratumPools.flatMap(({ badLines, excused }) =>
    badLines.filter((line) => !excused.has(line.split(" ", 1)[0] as BadBehaviour))
  );
  return {
    holds: amiss.length === 0,
    claim: "no Stratum pool sees bad behaviour, except what a fault caused",
    figures: `${lines} lines, ${amiss.length} kinds of bad behaviour` +
      (amiss.length === 0 ? "" : `: ${amiss.join(", ")}; ${line}`),
  };
}

function nothingAmissAtSv2({ sv2Pools }: ChaosOutcome): Finding {
  const amiss = sv2Pools.flatMap(({ like, badBehaviour, rejectedBy }) => {
    // A job keeps its target, so no share can be too low, whatever crosses it on the way.
    const low = rejectedBy.get("difficulty-too-low") ?? 0;
    return [
      ...Array.from(badBehaviour, ([kind, count]) => `${like} ${count} x ${kind}`),
      ...low === 0 ? [] : [`${like} ${low} too low`],
    ];
  });
  const frames = sv2Pools.reduce((sum, { framesIn }) => sum + framesIn, 0);
  const [note = ""] = sv2Pools.flatMap(({ badNotes }) => badNotes);
  return {
    holds: amiss.length === 0,
    claim: "no Stratum V2 pool sees bad behaviour, or a share that is too low",
    figures: sv2Pools.length === 0
      ? "no Stratum V2 pool"
      : `${frames} frames, ${amiss.length} kinds of it` +
        (amiss.length === 0 ? "" : `: ${amiss.join(", ")}; ${note}`),
  };
}

function changesCostLittle({ stratumPools }: ChaosOutcome): Finding {
  const found = stratumPools.map(({ like, rejectedBy, difficultyChanges, lowWhileLate }) => {
    const refused = (rejectedBy.get("lowDifficulty") ?? 0) - lowWhileLate;
    const most = difficultyChanges *
      (like === "public" ? MOST_REFUSED.public : MOST_REFUSED.others);
    return { like, refused, difficultyChanges, lowWhileLate, holds: refused <= most };
  });
  const all = found.map(({ like, refused, difficultyChanges, lowWhileLate }) =>
    `${like} ${refused} after ${difficultyChanges} changes` +
    (lowWhileLate === 0 ? "" : ` (and ${lowWhileLate} while lines were late)`)
  );
  return {
    holds: found.every(({ holds }) => holds),
    claim:
      "a change of difficulty costs a connection at most one share, two where the newest counts",
    figures: all.join(", ") || "no Stratum pool",
  };
}

function refusedBy(pools: readonly StratumPoolBooks[], reason: ShareRefusal): number {
  return pools.reduce((sum, { rejectedBy }) => sum + (rejectedBy.get(reason) ?? 0), 0);
}

function isWithin(value: number, least: number, most: number): boolean {
  return value >= least && value <= most;
}

function total(pools: readonly PoolStatistics[], count: (pool: PoolStatistics) => number): number {
  return pools.reduce((sum, pool) => sum + count(pool), 0);
}
