/**
 * Reads from the book what pages, API and metrics show of workers, at one moment.
 */

import { subnetOf } from "../base/subnet.ts";
import { WORKER_STATES, type WorkerState } from "../base/worker_state.ts";
import { aboutGaps, regularGaps } from "./gaps.ts";
import { LOST_REASONS, type LostReason } from "./lost_reasons.ts";
import {
  type Condition,
  conditionOf,
  isKnown,
  partLeftInHour,
  type WorkerFacts,
} from "./worker_state.ts";
import type { WorkerBook } from "./worker_book.ts";
import { CONNECTION, CONNECTION_PARTS, FLAG, since, WORKER } from "./worker_records.ts";
import { BUCKETS } from "./worker_times.ts";

/** Something unusual about a worker that does not change its state. */
export interface Observation {
  /** What was seen: regular gaps, or a hashrate below its own or its kind's usual one. */
  readonly kind: "gaps" | "below_itself" | "below_kind";
  /** What was seen, in a sentence with figures. */
  readonly about: string;
}

/** One worker; durations in milliseconds. */
export interface WorkerView {
  /** Its number, which is valid until btcagent stops. */
  readonly id: number;
  /** The sub-account; empty in single-user mode. */
  readonly account: string;
  /** Its name, as the pool knows it. */
  readonly name: string;
  /** Its state, and why. */
  readonly condition: Condition;
  /** The number of its connections now. */
  readonly connections: number;
  /** The most connections that it kept for half an hour in the last day. */
  readonly usualConnections: number;
  /** Machines under this name that are gone. */
  readonly missingMachines: number;
  /** Session ids of its connections, newest first, at most 100. */
  readonly sessionIds: readonly number[];
  /** The user agent of its newest connection. */
  readonly clientAgent: string;
  /** The address of its newest connection. */
  readonly address: string;
  /** The network of that address. */
  readonly subnet: string;
  /** The time since it first logged in. */
  readonly firstSeenMs: number;
  /** The time since its last connection ended; `undefined` while it has a connection. */
  readonly goneMs: number | undefined;
  /** Why one of its connections last ended; empty if none has. */
  readonly went: string;
  /** The time since its last share; `undefined` if it has sent none. */
  readonly lastShareMs: number | undefined;
  /** Log-ins in the last hour that count towards flapping. */
  readonly connectsHour: number;
  /** Its hashrate over a quarter of an hour, in hashes a second. */
  readonly hashrateQuarter: number;
  /** Its hashrate over an hour, in hashes a second. */
  readonly hashrateHour: number;
  /** Its own hashrate in the long run; `undefined` while that is not known. */
  readonly usualHashrate: number | undefined;
  /** The median of machines with the same software; `undefined` while that is not known. */
  readonly kindHashrate: number | undefined;
  /** Good shares in the last hour. */
  readonly good: number;
  /** Lost shares in the last hour. */
  readonly lost: number;
  /** Unusual things that do not change its state. */
  readonly observations: readonly Observation[];
}

/** Sums over all workers. */
export interface WorkerSums {
  /** The number of workers in each state. */
  readonly states: Readonly<Record<WorkerState, number>>;
  /** Machines that are gone. */
  readonly missingMachines: number;
  /** The hashrate lost by workers in trouble, in hashes a second. */
  readonly troubleHashrate: number;
}

/** The most session ids shown for one worker. */
const MOST_SESSION_IDS = 100;

/** Workers processed between two yields. */
const STEP = 64;

/** A usual hashrate is good enough to judge by after this many windows. */
const PROVEN_WINDOWS = 4;

/**
 * An observation is made when a worker has this many standard deviations fewer shares than
 * expected. Among ten thousand slow miners, chance causes one such observation in months.
 */
const SEEN_DEVIATIONS = 5;

/** A quarter of an hour in buckets, plus the current one, which is not full yet. */
const QUARTER_BUCKETS = BUCKETS / 4 + 1;

/** Every worker that lists show, one at a time. */
export function* workerViews(book: WorkerBook, time: number): Generator<WorkerView> {
  for (let row = 0; row < book.records.workers.rows; row++) {
    const view = viewOfRow(book, row, time);
    if (view !== undefined) yield view;
  }
}

/** The worker with this number; `undefined` if there is none or lists do not show it. */
export function workerView(book: WorkerBook, id: number, time: number): WorkerView | undefined {
  const row = book.rowOf(id);
  return row === undefined ? undefined : viewOfRow(book, row, time);
}

/** The state of the worker in a row; `undefined` for a row that is not shown. */
export function stateOfRow(book: WorkerBook, row: number, time: number): WorkerState | undefined {
  if (book.records.names[row] === undefined) return undefined;
  const facts = factsOf(book, row, time);
  const condition = conditionOf(facts, book.times);
  return isKnown(facts, condition) ? condition.state : undefined;
}

/** The sums over all workers, worked out in steps. */
export function* workerSums(book: WorkerBook, time: number): Generator<void, WorkerSums> {
  const states = Object.fromEntries(WORKER_STATES.map((state) => [state, 0])) as Record<
    WorkerState,
    number
  >;
  let missingMachines = 0;
  let troubleHashrate = 0;
  for (let row = 0; row < book.records.workers.rows; row++) {
    if (row % STEP === 0) yield;
    if (book.records.names[row] === undefined) continue;
    const facts = factsOf(book, row, time);
    const condition = conditionOf(facts, book.times);
    if (!isKnown(facts, condition)) continue;
    states[condition.state]++;
    missingMachines += missingOf(facts, condition, book);
    troubleHashrate += troubleOf(facts, condition, machineOf(book, row));
  }
  return { states, missingMachines, troubleHashrate };
}

/**
 * The state of one connection. If it is the only one of its worker, it is the worker's; else it
 * follows from the figures of this connection alone. `undefined` if it is not in the book.
 */
export function connectionCondition(
  book: WorkerBook,
  attendance: number,
  time: number,
): Condition | undefined {
  if (attendance === 0) return undefined;
  const row = book.records.connections.uint16(attendance - 1, CONNECTION.worker);
  const isOnly = book.records.workers.uint16(row, WORKER.connections) === 1;
  const facts = isOnly ? factsOf(book, row, time) : factsOfOne(book, attendance - 1, row, time);
  return conditionOf(facts, book.times);
}

function viewOfRow(book: WorkerBook, row: number, time: number): WorkerView | undefined {
  const { records } = book;
  const name = records.names[row];
  if (name === undefined) return undefined;
  const facts = factsOf(book, row, time);
  const condition = conditionOf(facts, book.times);
  if (!isKnown(facts, condition)) return undefined;
  const { workers } = records;
  const { good, lost } = facts.hour;
  const lastShare = workers.uint32(row, WORKER.lastShare);
  const address = records.address(row);
  return {
    id: workers.uint32(row, WORKER.id),
    account: records.text(row, WORKER.account),
    name,
    condition,
    connections: facts.connections,
    usualConnections: facts.usualConnections,
    missingMachines: missingOf(facts, condition, book),
    sessionIds: sessionIdsOf(book, row),
    clientAgent: records.text(row, WORKER.agent),
    address,
    subnet: subnetOf(address),
    firstSeenMs: since(workers.uint32(row, WORKER.firstSeen), time),
    goneMs: facts.connections > 0 ? undefined : facts.goneMs,
    went: records.text(row, WORKER.went),
    lastShareMs: lastShare === 0 ? undefined : since(lastShare, time),
    connectsHour: facts.connectsHour,
    hashrateQuarter: facts.hashrateQuarter,
    hashrateHour: facts.hashrateHour,
    usualHashrate: facts.usualHashrate,
    kindHashrate: machineOf(book, row),
    good,
    lost,
    observations: observationsOf(book, row, facts),
  };
}

function sessionIdsOf({ records }: WorkerBook, row: number): number[] {
  const ids: number[] = [];
  for (const connection of records.connectionsOf(row)) {
    if (ids.push(records.connections.uint16(connection, CONNECTION.session)) >= MOST_SESSION_IDS) {
      break;
    }
  }
  return ids;
}

/** The usual hashrate of one machine with a worker's software. */
function machineOf(book: WorkerBook, row: number): number | undefined {
  return book.kinds.of(book.records.workers.uint16(row, WORKER.agent));
}

function factsOf(book: WorkerBook, row: number, time: number): WorkerFacts {
  const { records } = book;
  const { workers, connections } = records;
  let [hashrateQuarter, hashrateHour, difficulty] = [0, 0, 0];
  let servedMs: number | undefined;
  let allServedMs = Infinity;
  let sinceShareMs = Infinity;
  let hasLostAsicboost = false;
  for (const connection of records.connectionsOf(row)) {
    hashrateQuarter += connections.float32(connection, CONNECTION.quarter);
    hashrateHour += connections.float32(connection, CONNECTION.hour);
    difficulty = Math.max(difficulty, connections.float32(connection, CONNECTION.difficulty));
    const served = connections.uint32(connection, CONNECTION.served);
    if (served !== 0) servedMs = Math.max(servedMs ?? 0, since(served, time));
    allServedMs = Math.min(allServedMs, book.wholeMs(connection, time));
    sinceShareMs = Math.min(sinceShareMs, quietOf(book, connection, time));
    hasLostAsicboost ||= connections.uint8(connection, CONNECTION.hasLostAsicboost) !== 0;
  }
  const count = workers.uint16(row, WORKER.connections);
  const left = workers.uint32(row, WORKER.left);
  const sinceLeftMs = left === 0 ? Infinity : since(left, time);
  const bucket = records.bucket(row, time);
  const machine = machineOf(book, row);
  return {
    connections: count,
    usualConnections: book.usualConnections(row),
    goneMs: count > 0 ? 0 : sinceLeftMs,
    sinceLeftMs,
    hadGoodShare: records.flag(row, FLAG.hadGoodShare),
    connectsHour: records.connects.sum(row, bucket, BUCKETS),
    quarter: {
      good: records.good.sum(row, bucket, QUARTER_BUCKETS),
      lost: records.lost.sum(row, bucket, QUARTER_BUCKETS),
    },
    hour: {
      good: records.good.sum(row, bucket, BUCKETS),
      lost: records.lost.sum(row, bucket, BUCKETS),
    },
    lostReason: lostReasonOf(book, row),
    servedMs,
    allServedMs: count > 0 ? allServedMs : 0,
    sinceShareMs,
    difficulty,
    hashrateQuarter,
    hashrateHour,
    usualHashrate: workers.float32(row, WORKER.usualHashrate) || undefined,
    isUsualProven: workers.uint8(row, WORKER.windows) >= PROVEN_WINDOWS,
    kindHashrate: machine === undefined ? undefined : machine * Math.max(1, count),
    hasLostAsicboost,
  };
}

/**
 * The facts of one connection of a worker that has several. Its usual hashrate is an equal part of
 * the worker's.
 */
function factsOfOne(book: WorkerBook, connection: number, row: number, time: number): WorkerFacts {
  const { records } = book;
  const { workers, connections } = records;
  const served = connections.uint32(connection, CONNECTION.served);
  const servedMs = served === 0 ? undefined : since(served, time);
  const part = connections.uint16(connection, CONNECTION.part);
  const countOf = (parts: number) => {
    let [good, lost] = [0, 0];
    for (let back = 0; back < parts; back++) {
      const at = 2 * ((part + CONNECTION_PARTS - back) % CONNECTION_PARTS);
      good += connections.uint16(connection, CONNECTION.good + at);
      lost += connections.uint16(connection, CONNECTION.lost + at);
    }
    return { good, lost };
  };
  const hour = countOf(CONNECTION_PARTS);
  const usual = workers.float32(row, WORKER.usualHashrate) /
    Math.max(1, book.usualConnections(row));
  return {
    connections: 1,
    usualConnections: 1,
    goneMs: 0,
    sinceLeftMs: Infinity,
    hadGoodShare: hour.good > 0,
    connectsHour: 0,
    quarter: countOf(2),
    hour,
    lostReason: lostReasonOf(book, row),
    servedMs,
    allServedMs: book.wholeMs(connection, time),
    sinceShareMs: quietOf(book, connection, time),
    difficulty: connections.float32(connection, CONNECTION.difficulty),
    hashrateQuarter: connections.float32(connection, CONNECTION.quarter),
    hashrateHour: connections.float32(connection, CONNECTION.hour),
    usualHashrate: usual || undefined,
    // Machines under one name may differ, so the usual hashrate of one of them is not known.
    isUsualProven: false,
    kindHashrate: machineOf(book, row),
    hasLostAsicboost: connections.uint8(connection, CONNECTION.hasLostAsicboost) !== 0,
  };
}

/** The time since the last share of a connection, or since it logged in if it has sent none. */
function quietOf({ records: { connections } }: WorkerBook, connection: number, time: number) {
  const lastShare = connections.uint32(connection, CONNECTION.lastShare);
  return since(lastShare || connections.uint32(connection, CONNECTION.loggedIn), time);
}

function lostReasonOf({ records }: WorkerBook, row: number): LostReason | undefined {
  let most = 0;
  let found: LostReason | undefined;
  for (const [place, reason] of LOST_REASONS.entries()) {
    const count = records.workers.uint8(row, WORKER.reasons + place);
    if (count <= most) continue;
    most = count;
    found = reason;
  }
  return found;
}

function observationsOf(book: WorkerBook, row: number, facts: WorkerFacts): Observation[] {
  const seen: Observation[] = [];
  const regular = regularGaps(book.gaps.get(row) ?? []);
  if (regular !== undefined) seen.push({ kind: "gaps", about: aboutGaps(regular) });
  if (facts.connections === 0) return seen;
  const expectations = [
    ["below_itself", facts.usualHashrate, "it usually does"],
    ["below_kind", facts.kindHashrate, "others with the same software do"],
  ] as const;
  for (const [kind, expected, what] of expectations) {
    const part = partLeftInHour(facts, expected, book.times, SEEN_DEVIATIONS);
    if (part === undefined) continue;
    const about = `Over the last hour it did ${Math.round(100 * part)} % of what ${what}`;
    seen.push({ kind, about });
  }
  return seen;
}

/** The number of a worker's machines that are gone. */
function missingOf(
  { connections, usualConnections, sinceLeftMs }: WorkerFacts,
  { state }: Condition,
  { times }: WorkerBook,
): number {
  if (state === "missing") return Math.max(1, usualConnections);
  if (connections === 0 || sinceLeftMs < times.missingMs) return 0;
  return Math.max(0, usualConnections - connections);
}

/** The hashrate that a worker in trouble loses, compared with its own usual one or its kind's. */
function troubleOf(
  { usualHashrate, usualConnections, connections, hashrateQuarter }: WorkerFacts,
  { state }: Condition,
  machine: number | undefined,
): number {
  if (state === "working" || state === "waiting") return 0;
  const machines = Math.max(1, usualConnections, connections);
  const usual = usualHashrate ?? (machine ?? 0) * machines;
  return Math.max(0, usual - hashrateQuarter);
}
