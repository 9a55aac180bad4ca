/**
 * The figures of a run with their units, and the problems that make them worthless.
 */

import type { Crowd, MinersReport, PoolReport } from "./ends.ts";
import type { Memory } from "./child.ts";
import type { Durations } from "./histogram.ts";
import { SEGMENT_HEADER_BYTES } from "./kernel.ts";

/** The shortest run that says whether memory grew, in seconds. */
const SOAK_SECONDS = 55;

/** A figure's place in the table. */
export interface FigureKind {
  /** The key in {@linkcode Figures}. */
  readonly key: string;
  /** Its meaning, with its unit. */
  readonly about: string;
  /** Digits after the decimal point. */
  readonly digits: number;
}

/** Every figure there can be, in the table's order. */
export const FIGURE_KINDS: readonly FigureKind[] = [
  { key: "sharesPerSecond", about: "shares/s", digits: 0 },
  { key: "connectMs", about: "all have a job, ms", digits: 0 },
  { key: "loginP50", about: "connect to job, p50, ms", digits: 1 },
  { key: "loginP99", about: "connect to job, p99, ms", digits: 1 },
  { key: "logins", about: "reconnects/s", digits: 0 },
  { key: "moveMs", about: "loss to the last new job, ms", digits: 0 },
  { key: "wireBits", about: "wire both ways, kbit/s", digits: 1 },
  { key: "wireUpBits", about: "wire to the pool, kbit/s", digits: 2 },
  { key: "wireDownBits", about: "wire from the pool, kbit/s", digits: 2 },
  { key: "payloadUpBits", about: "payload to the pool, kbit/s", digits: 1 },
  { key: "payloadDownBits", about: "payload from the pool, kbit/s", digits: 1 },
  { key: "segmentsUp", about: "segments to the pool, /s", digits: 1 },
  { key: "segmentsDown", about: "segments from the pool, /s", digits: 1 },
  { key: "residentMedian", about: "resident, median, MB", digits: 1 },
  { key: "residentPeak", about: "resident, peak since its start, MB", digits: 1 },
  { key: "residentLeft", about: "resident, all left, MB", digits: 1 },
  { key: "anonymousMedian", about: "anonymous, median, MB", digits: 1 },
  { key: "anonymousPeak", about: "anonymous, peak since its start, MB", digits: 1 },
  { key: "anonymousLeft", about: "anonymous, all left, MB", digits: 1 },
  { key: "residentEarly", about: "resident, second sixth of the time, MB", digits: 1 },
  { key: "residentLate", about: "resident, last sixth, MB", digits: 1 },
  { key: "residentGrowth", about: "that / the second", digits: 3 },
  { key: "anonymousEarly", about: "anonymous, second sixth of the time, MB", digits: 1 },
  { key: "anonymousLate", about: "anonymous, last sixth, MB", digits: 1 },
  { key: "anonymousGrowth", about: "that / the second", digits: 3 },
  { key: "cpuPercent", about: "CPU, % of one core", digits: 1 },
  { key: "sharesPerCore", about: "shares per second of CPU", digits: 0 },
  { key: "cpuPerThousand", about: "CPU s per 1,000 shares", digits: 4 },
  { key: "latencyP50", about: "share to the pool, p50, ms", digits: 2 },
  { key: "latencyP99", about: "share to the pool, p99, ms", digits: 2 },
  { key: "latencyP999", about: "share to the pool, p99.9, ms", digits: 2 },
  { key: "verdictP50", about: "share to answer, p50, ms", digits: 2 },
  { key: "verdictP99", about: "share to answer, p99, ms", digits: 2 },
  { key: "verdictP999", about: "share to answer, p99.9, ms", digits: 2 },
  { key: "lateP50", about: "generator: share sent after it was due, p50, ms", digits: 2 },
  { key: "lateP99", about: "generator: share sent after it was due, p99, ms", digits: 2 },
  { key: "fanoutP50", about: "job to each, p50, ms", digits: 1 },
  { key: "fanoutP99", about: "job to each, p99, ms", digits: 1 },
  { key: "fanoutLastP50", about: "job to the last, p50, ms", digits: 1 },
  { key: "fanoutLastMax", about: "job to the last, max, ms", digits: 1 },
  { key: "attackers", about: "attackers connected at the end", digits: 0 },
  { key: "attackConnects", about: "attackers' connections, /s", digits: 0 },
  { key: "attackedSharesPerSecond", about: "attacked: shares/s", digits: 0 },
  { key: "attackedLatencyP50", about: "attacked: share to the pool, p50, ms", digits: 2 },
  { key: "attackedLatencyP99", about: "attacked: share to the pool, p99, ms", digits: 2 },
  { key: "latencyRatio", about: "that p99 / undisturbed", digits: 2 },
  { key: "attackedVerdictP50", about: "attacked: share to answer, p50, ms", digits: 2 },
  { key: "attackedVerdictP99", about: "attacked: share to answer, p99, ms", digits: 2 },
  { key: "verdictRatio", about: "that p99 / undisturbed", digits: 2 },
  { key: "attackedCpuPercent", about: "attacked: CPU, % of one core", digits: 1 },
  { key: "attackedResidentMedian", about: "attacked: resident, median, MB", digits: 1 },
  { key: "attackedResidentPeak", about: "attacked: resident, peak, MB", digits: 1 },
];

/** Figures by the key of their kind; one that does not apply is absent. */
export type Figures = Readonly<Record<string, number>>;

/** One run. */
export interface Run {
  /** What was measured. */
  readonly case: string;
  /** The subject that was measured. */
  readonly subject: string;
  /** The figures. */
  readonly figures: Figures;
  /** Why they are not to be believed; empty if they are. */
  readonly problems: readonly string[];
  /** What must be known to read them. */
  readonly notes: readonly string[];
}

/** What was seen during a time of measurement. */
export interface Phase {
  /** How long it was, in seconds. */
  readonly seconds: number;
  /** Shares that reached the pool in that time, or were found good, where each is hashed. */
  readonly shares: number;
  /** Report of the pool's end, when the phase ended. */
  readonly pool: PoolReport;
  /** Report of the miners' end, when the phase ended. */
  readonly miners: MinersReport;
  /** Processor time the agent took; absent without one. */
  readonly cpuSeconds: number | undefined;
  /** Memory of the agent, oldest first. */
  readonly memory: readonly Memory[];
}

/** Everything observed in a run; its phase is the undisturbed one. */
export interface Observed extends Phase {
  /** How long logins took. */
  readonly login: Durations;
  /** Memory of the agent from its start on, oldest first. */
  readonly memorySoFar: readonly Memory[];
  /** Memory of the agent after all miners left. */
  readonly memoryLeft: Memory | undefined;
  /** Time from the loss of the pool connection to the last new job, if it was lost. */
  readonly moveMs: number | undefined;
  /** Miners that reconnected in that time. */
  readonly logins: number;
  /** False if connections of agents opened or closed, so that the byte counters are incomplete. */
  readonly hasWire: boolean;
  /** Everything observed during the attack, if there was one. */
  readonly attacked: Attacked | undefined;
}

/** Everything observed during an attack. */
export interface Attacked extends Phase {
  /** Open connections of attackers at its end. */
  readonly attackers: number;
  /** Connections they opened in that time. */
  readonly connects: number;
}

/** The figures of what was observed. */
export function figuresOf(observed: Observed): Figures {
  const { seconds, shares, pool, miners, cpuSeconds, memory, login, moveMs } = observed;
  const figures: Record<string, number> = { connectMs: miners.connectMs };
  if (moveMs !== undefined) figures["moveMs"] = moveMs;
  if (observed.logins > 0) figures["logins"] = observed.logins / seconds;
  if (login.count > 0) {
    figures["loginP50"] = login.p50;
    figures["loginP99"] = login.p99;
  }
  if (observed.hasWire) {
    const { bytesIn, bytesOut, segmentsIn, segmentsOut } = pool.wire;
    const bytesUp = bytesIn + segmentsIn * SEGMENT_HEADER_BYTES;
    const bytesDown = bytesOut + segmentsOut * SEGMENT_HEADER_BYTES;
    figures["wireBits"] = kilobits(bytesUp + bytesDown, seconds);
    figures["wireUpBits"] = kilobits(bytesUp, seconds);
    figures["wireDownBits"] = kilobits(bytesDown, seconds);
    figures["payloadUpBits"] = kilobits(bytesIn, seconds);
    figures["payloadDownBits"] = kilobits(bytesOut, seconds);
    figures["segmentsUp"] = segmentsIn / seconds;
    figures["segmentsDown"] = segmentsOut / seconds;
  }
  if (cpuSeconds !== undefined) {
    figures["cpuPercent"] = cpuSeconds / seconds * 100;
    if (shares > 0) {
      figures["sharesPerCore"] = shares / cpuSeconds;
      figures["cpuPerThousand"] = cpuSeconds / shares * 1000;
    }
  }
  if (memory.length > 0) {
    Object.assign(figures, memoryFigures(observed), growthFigures(seconds, memory));
  }
  if (shares > 0) {
    figures["sharesPerSecond"] = shares / seconds;
    Object.assign(figures, {
      latencyP50: pool.latency.p50,
      latencyP99: pool.latency.p99,
      latencyP999: pool.latency.p999,
      verdictP50: miners.verdict.p50,
      verdictP99: miners.verdict.p99,
      verdictP999: miners.verdict.p999,
    });
  }
  if (miners.late.count > 0) {
    figures["lateP50"] = miners.late.p50;
    figures["lateP99"] = miners.late.p99;
  }
  if (miners.fanoutLast.count > 0) {
    figures["fanoutP50"] = miners.fanout.p50;
    figures["fanoutP99"] = miners.fanout.p99;
    figures["fanoutLastP50"] = miners.fanoutLast.p50;
    figures["fanoutLastMax"] = miners.fanoutLast.max;
  }
  if (observed.attacked !== undefined) {
    Object.assign(figures, attackFigures(observed, observed.attacked));
  }
  return figures;
}

function attackFigures(calm: Phase, attacked: Attacked): Figures {
  const { seconds, shares, pool, miners, cpuSeconds, memory, attackers, connects } = attacked;
  const resident = memory.map((sample) => sample.resident);
  return {
    attackers,
    attackConnects: connects / seconds,
    attackedSharesPerSecond: shares / seconds,
    attackedLatencyP50: pool.latency.p50,
    attackedLatencyP99: pool.latency.p99,
    latencyRatio: pool.latency.p99 / calm.pool.latency.p99,
    attackedVerdictP50: miners.verdict.p50,
    attackedVerdictP99: miners.verdict.p99,
    verdictRatio: miners.verdict.p99 / calm.miners.verdict.p99,
    ...cpuSeconds === undefined ? {} : { attackedCpuPercent: cpuSeconds / seconds * 100 },
    ...resident.length === 0 ? {} : {
      attackedResidentMedian: median(resident),
      attackedResidentPeak: highest(resident),
    },
  };
}

function memoryFigures({ memory, memorySoFar, memoryLeft: left }: Observed): Figures {
  const valuesOf = (samples: readonly Memory[], kind: keyof Memory) =>
    samples.map((sample) => sample[kind]);
  return {
    residentMedian: median(valuesOf(memory, "resident")),
    residentPeak: highest(valuesOf(memorySoFar, "resident")),
    anonymousMedian: median(valuesOf(memory, "anonymous")),
    anonymousPeak: highest(valuesOf(memorySoFar, "anonymous")),
    ...left === undefined ? {} : {
      residentLeft: left.resident,
      anonymousLeft: left.anonymous,
    },
  };
}

/**
 * Returns how memory changed in a soak: in the usual half hour, minutes 5 to 10 and the last five.
 * A shorter run shows nothing yet.
 */
function growthFigures(seconds: number, memory: readonly Memory[]): Figures {
  if (seconds < SOAK_SECONDS) return {};
  const figures: Record<string, number> = {};
  const sixth = Math.floor(memory.length / 6);
  for (const kind of ["resident", "anonymous"] as const) {
    const values = memory.map((sample) => sample[kind]);
    const early = median(values.slice(sixth, 2 * sixth));
    const late = median(values.slice(-sixth));
    figures[`${kind}Early`] = early;
    figures[`${kind}Late`] = late;
    figures[`${kind}Growth`] = late / early;
  }
  return figures;
}

function kilobits(bytes: number, seconds: number): number {
  return bytes * 8 / 1000 / seconds;
}

/** Not `Math.max(...values)`: a soak of a day has more of them than a call may have arguments. */
function highest(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), -Infinity);
}

/** The middle of `values`, or the mean of the two in the middle. @throws RangeError for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median of no values");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Returns the problems of a run's shares, one sentence each. */
export function shareProblems(pool: PoolReport, miners: MinersReport): string[] {
  const found: string[] = [];
  const missing = miners.sent - miners.refused - pool.shares;
  // A miner that leaves may leave unread shares; their number cannot be known.
  if (missing > miners.abandoned || missing < 0) {
    found.push(
      `shares lost: ${missing} (${miners.sent} sent, ${pool.shares} came, ${miners.refused} refused)`,
    );
  } else if (missing === 0 && miners.checksum !== pool.checksum + miners.refusedChecksum >>> 0) {
    found.push("the checksum over all shares differs: some arrived changed");
  }
  const unanswered = miners.sent - miners.accepted - miners.refused - miners.abandoned;
  if (unanswered > 0) found.push(`shares never answered: ${unanswered}`);
  if (miners.misplaced > 0) {
    found.push(`answers at miners that no share waited for: ${miners.misplaced}`);
  }
  if (pool.bad > 0) found.push(`frames that the pool could not read: ${pool.bad}`);
  return found;
}

/** Returns notes for readers of a run's figures, one sentence each. */
export function notesOf(
  pool: PoolReport,
  miners: MinersReport,
  { givesVerdicts, hasChurn }: { readonly givesVerdicts: boolean; readonly hasChurn: boolean },
): string[] {
  const { sent, refused, abandoned, jobs, fanoutLast } = miners;
  const missing = sent - refused - pool.shares;
  const found: string[] = [];
  if (refused > 0) found.push(`shares refused by the agent: ${refused}`);
  if (abandoned > 0) {
    found.push(
      `shares of miners that left before the answer: ${abandoned}, of which ${missing} never came`,
    );
  }
  if (givesVerdicts && pool.verdicts < pool.shares) {
    found.push(`shares judged by the pool: only ${pool.verdicts} of ${pool.shares}`);
  }
  const incomplete = jobs - fanoutLast.count;
  if (!hasChurn && incomplete > 0) {
    found.push(`jobs that did not reach every miner: ${incomplete} of ${jobs}`);
  }
  return found;
}

/** Returns the problems of an attack, one sentence each: every honest share must be accepted. */
export function attackProblems(attacked: Attacked, crowd: Crowd, miners: MinersReport): string[] {
  const found: string[] = [];
  if (miners.accepted !== miners.sent) {
    found.push(`honest shares accepted: ${miners.accepted} of ${miners.sent}`);
  }
  // Attackers that were just closed are about to connect again.
  if (attacked.attackers < crowd.silent / 2) {
    found.push(`attackers connected: only ${attacked.attackers}, wanted ${crowd.silent}`);
  }
  return found;
}
