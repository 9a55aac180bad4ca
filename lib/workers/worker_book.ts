/**
 * Every worker that was seen lately, connected or not: what it is, what it did in the last hour, and
 * what it usually does.
 *
 * It learns of log-ins and leaves when they happen, and of everything else when it is shown each
 * connection once a minute: a share costs nothing. Pure; times are attended, in milliseconds.
 *
 * There are at most as many records as it is told. When one more is needed, those that are gone and
 * never had a good share go first, then those that have been gone longest. One with a connection
 * stays. One that leaves soon after it first came is not remembered if more are gone from its
 * network than there were machines.
 */

import { type Gap, isGap, withGap } from "./gaps.ts";
import { LOST_REASONS } from "./lost_reasons.ts";
import { NameIndex } from "./name_index.ts";
import { NetworkCrowds } from "./network_crowds.ts";
import { FAR_BELOW, UsualHashrates } from "./usual_hashrates.ts";
import {
  CONNECTION,
  CONNECTION_PARTS,
  DAY_PARTS,
  FLAG,
  QUIET_MS,
  since,
  stampOf,
  WORKER,
  WorkerRecords,
} from "./worker_records.ts";
import { BUCKETS, WORKER_TIMES, type WorkerTimes } from "./worker_times.ts";

/** What a book is kept by. */
export interface WorkerBookOptions {
  /** How long a worker is remembered after its last connection ended, in milliseconds. */
  readonly rememberMs: number;
  /** Most workers; left out, as many as there may be miners. */
  readonly most?: number;
  /** Other lengths of time, for tests. */
  readonly times?: WorkerTimes;
}

/** A connection that logged in. */
export interface Login {
  /** The sub-account; empty in single-user mode. */
  readonly account: string;
  /** The worker's name, as the pool knows it. */
  readonly name: string;
  /** What it calls itself. */
  readonly clientAgent: string;
  /** Where it comes from, without a port. */
  readonly address: string;
  /** Its session id. */
  readonly sessionId: number;
  /** The pool connection it works on; `undefined` while no pool serves it. */
  readonly upstream: string | undefined;
}

/** One connection as it is at a moment. */
export interface ConnectionSample {
  /** Its number, as {@linkcode WorkerBook.loggedIn} gave it. */
  readonly attendance: number;
  /** Shares accepted, assumed or kept since it connected. */
  readonly good: number;
  /** Those refused or rejected since then, in the order of {@linkcode LOST_REASONS}. */
  readonly lost: ArrayLike<number>;
  /** When its last share came; 0 for never. */
  readonly lastShareAt: number;
  /** The pool connection it works on; `undefined` while no pool serves it. */
  readonly upstream: string | undefined;
  /** The difficulty it was last told; `undefined` before. */
  readonly difficulty: number | undefined;
  /** Hashes a second over a quarter of an hour. */
  readonly hashrateQuarter: number;
  /** The same over an hour. */
  readonly hashrateHour: number;
  /** Whether it stopped rolling versions. */
  readonly hasLostAsicboost: boolean;
}

/** As many as there may be miners. */
const MOST_WORKERS = 65_535;

/** Most of those that are gone and never had a good share. */
const MOST_STRANGERS = 1_000;

/** Workers looked after in a step. */
const STEP = 64;

/** Each measured window moves the usual hashrate so that half of it is as old as this. */
const HALF_LIFE_MS = 6 * 3_600_000;

/** What is far below the usual is learned this much more slowly: it is trouble, for a while. */
const TROUBLE_SLOWER = 4;

/** Of a difference of 16 bits, what is above all but this many is less than before. */
const MOST_TAKEN_BACK = 4_096;

/** The day is cut into {@linkcode DAY_PARTS} of these. */
const DAY_PART_MS = 86_400_000 / DAY_PARTS;

/** The book of workers. */
export class WorkerBook {
  /** All that is kept. */
  readonly records: WorkerRecords;
  /** What others with the same software do. */
  readonly kinds: UsualHashrates = new UsualHashrates();
  /** Pauses of those that have any, by row. */
  readonly gaps: Map<number, readonly Gap[]> = new Map();
  /** The lengths of time it goes by. */
  readonly times: WorkerTimes;
  readonly #most: number;
  #rememberMs: number;
  readonly #index = new NameIndex((row) => ({
    account: this.records.text(row, WORKER.account),
    name: this.records.names[row]!,
  }));
  /** When this process last came back from a long absence: hashrates of before have a hole in them. */
  #backSince = 0;
  /** When the half hour began in which the least connections of each are looked for. */
  #keptSince: number | undefined;
  #count = 0;
  #lastId = 0;
  /** Those without a connection, the one that has been gone longest in front. */
  readonly #gone = new Set<number>();
  /** Those of them that never had a good share. */
  readonly #strangers = new Set<number>();
  /** By network, those with a connection, and those that are gone. */
  readonly #crowds = new NetworkCrowds();

  /** Nobody was seen yet. */
  constructor({ rememberMs, most = MOST_WORKERS, times = WORKER_TIMES }: WorkerBookOptions) {
    this.#rememberMs = rememberMs;
    this.#most = most;
    this.times = times;
    this.records = new WorkerRecords(times.bucketMs);
  }

  /** How many workers it knows. */
  get size(): number {
    return this.#count;
  }

  /** Remembers them for another time from now on. */
  reconfigure(rememberMs: number): void {
    this.#rememberMs = rememberMs;
  }

  /** This process was away for long. What is worked out by real time says nothing for a while. */
  cameBack(time: number): void {
    this.#backSince = stampOf(time);
  }

  /** For how long a connection has worked where it does, with nothing missing; 0 for nowhere. */
  wholeMs(connection: number, time: number): number {
    const served = this.records.connections.uint32(connection, CONNECTION.served);
    return served === 0 ? 0 : since(Math.max(served, this.#backSince), time);
  }

  /**
   * A connection logged in.
   *
   * @returns its number, from 1, for all that follows; 0 if there is no room for its worker.
   */
  loggedIn(login: Login, time: number): number {
    const row = this.#rowFor(login, time);
    if (row === undefined) return 0;
    const { workers, connections, places } = this.records;
    const count = workers.uint16(row, WORKER.connections);
    if (count > 0) this.#crowds.disconnected(this.records.address(row));
    else this.#noLongerGone(row);
    workers.setUint16(row, WORKER.connections, count + 1);
    this.records.setText(row, WORKER.agent, login.clientAgent);
    this.records.setAddress(row, login.address);
    this.#crowds.connected(login.address);
    const forgiven = workers.uint8(row, WORKER.forgiven);
    if (forgiven > 0) workers.setUint8(row, WORKER.forgiven, forgiven - 1);
    else this.records.connects.add(row, this.records.bucket(row, time), 1);
    const connection = connections.take();
    this.records.link(connection, row);
    connections.setUint16(connection, CONNECTION.session, login.sessionId);
    connections.setUint32(connection, CONNECTION.loggedIn, stampOf(time));
    if (login.upstream !== undefined) {
      connections.setUint16(connection, CONNECTION.upstream, places.keep(login.upstream));
      connections.setUint32(connection, CONNECTION.served, stampOf(time));
    }
    connections.setUint16(connection, CONNECTION.part, this.#partOfHour(time));
    return connection + 1;
  }

  /** A connection as it is now. To be told of each about once a minute, and when it ends. */
  sample(sample: ConnectionSample, time: number): void {
    const { attendance, good, lost, lastShareAt, upstream, difficulty } = sample;
    if (attendance === 0) return;
    const connection = attendance - 1;
    const { workers, connections, places } = this.records;
    const row = connections.uint16(connection, CONNECTION.worker);
    this.#count16(connection, row, good, lost, time);
    if (lastShareAt > 0) {
      const stamp = stampOf(lastShareAt);
      connections.setUint32(connection, CONNECTION.lastShare, stamp);
      if (stamp > workers.uint32(row, WORKER.lastShare)) {
        workers.setUint32(row, WORKER.lastShare, stamp);
        workers.setUint16(row, WORKER.quiet, 0);
      }
    }
    const known = connections.uint16(connection, CONNECTION.upstream);
    if (places.of(known) !== (upstream ?? "")) {
      connections.setUint16(connection, CONNECTION.upstream, places.keep(upstream ?? ""));
      places.drop(known);
      const served = upstream === undefined ? 0 : stampOf(time);
      connections.setUint32(connection, CONNECTION.served, served);
    }
    connections.setFloat32(connection, CONNECTION.quarter, sample.hashrateQuarter);
    connections.setFloat32(connection, CONNECTION.hour, sample.hashrateHour);
    connections.setFloat32(connection, CONNECTION.difficulty, difficulty ?? 0);
    connections.setUint8(connection, CONNECTION.hasLostAsicboost, Number(sample.hasLostAsicboost));
  }

  /**
   * A miner sent a share after a pause. It is noted if that is long for it, and if it was the only
   * connection of its worker and has worked on `upstream` since before the pause.
   */
  paused(attendance: number, from: number, to: number, upstream: string | undefined): void {
    if (attendance === 0 || upstream === undefined) return;
    const connection = attendance - 1;
    const { workers, connections, places, good, lost } = this.records;
    const row = connections.uint16(connection, CONNECTION.worker);
    if (workers.uint16(row, WORKER.connections) !== 1) return;
    const isSame = places.of(connections.uint16(connection, CONNECTION.upstream)) === upstream;
    const served = connections.uint32(connection, CONNECTION.served);
    if (!isSame || served === 0 || served > stampOf(from)) return;
    const { bucketMs } = this.times;
    const bucket = this.records.bucket(row, to);
    const loggedIn = connections.uint32(connection, CONNECTION.loggedIn);
    const watchedMs = Math.min(
      BUCKETS * bucketMs - bucketMs + to % bucketMs,
      since(loggedIn, to),
    );
    const shares = good.sum(row, bucket, BUCKETS) + lost.sum(row, bucket, BUCKETS);
    if (!isGap(to - from, shares * 60_000 / watchedMs, this.times.gapMs)) return;
    this.gaps.set(row, withGap(this.gaps.get(row) ?? [], { at: from, ms: to - from }));
  }

  /**
   * A connection ended; it was sampled just before. If that was not its doing, its next log-in is
   * not held against it, and neither is the end of one that had no pool to work for, or that was
   * silent: we disconnect such, and a worker stays silent over any number of connections.
   */
  left(attendance: number, reason: string, isForgiven: boolean, time: number): void {
    if (attendance === 0) return;
    const connection = attendance - 1;
    const { workers, connections, places } = this.records;
    const row = connections.uint16(connection, CONNECTION.worker);
    const isServed = connections.uint32(connection, CONNECTION.served) !== 0;
    const quietMs = this.#quietMs(connection, time);
    const quiet = workers.uint16(row, WORKER.quiet) + Math.floor(quietMs / QUIET_MS);
    workers.setUint16(row, WORKER.quiet, Math.min(0xffff, quiet));
    this.records.unlink(connection);
    places.drop(connections.uint16(connection, CONNECTION.upstream));
    connections.give(connection);
    const count = workers.uint16(row, WORKER.connections) - 1;
    workers.setUint16(row, WORKER.connections, count);
    workers.setUint16(row, WORKER.keptLeast, Math.min(count, this.#keptLeast(row)));
    workers.setUint32(row, WORKER.left, stampOf(time));
    this.records.setText(row, WORKER.went, reason);
    if (isForgiven || !isServed || quietMs >= this.times.silentMs) {
      const forgiven = Math.min(255, workers.uint8(row, WORKER.forgiven) + 1);
      workers.setUint8(row, WORKER.forgiven, forgiven);
    }
    if (count > 0) return;
    const address = this.records.address(row);
    this.#crowds.disconnected(address);
    this.#gone.add(row);
    const isStranger = !this.records.flag(row, FLAG.hadGoodShare);
    if (isStranger) this.#strangers.add(row);
    this.#crowds.gone(address, isStranger);
    const isBrief = since(workers.uint32(row, WORKER.firstSeen), time) < this.times.strangerMs;
    if (isBrief && this.#crowds.isCrowded(address, isStranger)) this.#forget(row);
    if (this.#strangers.size > MOST_STRANGERS) this.#forgetFirst(this.#strangers);
  }

  /** Learns what is usual, and forgets those that are gone for too long. To be done in steps. */
  *settle(time: number): Generator<void> {
    yield* this.#forgetOld(this.#strangers, this.times.strangerMs, time);
    yield* this.#forgetOld(this.#gone, this.#rememberMs, time);
    const measured = new Map<number, number[]>();
    this.#keptSince ??= time;
    const isKept = time - this.#keptSince >= this.times.keptMs;
    if (isKept) this.#keptSince = time;
    for (let row = 0; row < this.records.workers.rows; row++) {
      if (row % STEP === 0) yield;
      if (this.records.names[row] === undefined) continue;
      if (this.records.workers.uint16(row, WORKER.connections) === 0) continue;
      if (isKept) this.#learnConnections(row, time);
      this.#learnHashrate(row, measured, time);
    }
    yield* this.kinds.replace(measured);
  }

  /**
   * Forgets a worker.
   *
   * @returns whether it did: not one that has a connection; `undefined` if there is none.
   */
  forget(id: number): boolean | undefined {
    const row = this.rowOf(id);
    if (row === undefined) return undefined;
    if (this.records.workers.uint16(row, WORKER.connections) > 0) return false;
    this.#forget(row);
    return true;
  }

  /** The row of the worker with this number. */
  rowOf(id: number): number | undefined {
    for (let row = 0; row < this.records.workers.rows; row++) {
      if (this.records.workers.uint32(row, WORKER.id) === id) return id === 0 ? undefined : row;
    }
    return undefined;
  }

  /** The number of the worker of a connection; `undefined` for none. */
  idOf(attendance: number): number | undefined {
    if (attendance === 0) return undefined;
    const row = this.records.connections.uint16(attendance - 1, CONNECTION.worker);
    return this.records.workers.uint32(row, WORKER.id);
  }

  /** As many connections as a worker usually has; 0 before that is known. */
  usualConnections(row: number): number {
    let most = 0;
    for (let part = 0; part < DAY_PARTS; part++) {
      most = Math.max(most, this.records.workers.uint16(row, WORKER.kept + 2 * part));
    }
    return most;
  }

  #rowFor({ account, name }: Login, time: number): number | undefined {
    const known = this.#index.find(account, name);
    if (known !== undefined) return known;
    if (this.#count >= this.#most) {
      this.#forgetFirst(this.#strangers.size > 0 ? this.#strangers : this.#gone);
    }
    if (this.#count >= this.#most) return undefined;
    const { workers } = this.records;
    const row = workers.take();
    this.#count++;
    this.records.names[row] = name;
    workers.setUint32(row, WORKER.id, ++this.#lastId);
    workers.setUint32(row, WORKER.firstSeen, stampOf(time));
    workers.setUint16(row, WORKER.dayPart, Math.floor(time / DAY_PART_MS));
    workers.setUint16(row, WORKER.bucket, Math.floor(time / this.times.bucketMs));
    this.records.setText(row, WORKER.account, account);
    this.#index.add(row);
    return row;
  }

  /** Adds what was counted of a connection since it was last looked at. */
  #count16(
    connection: number,
    row: number,
    good: number,
    lost: ArrayLike<number>,
    time: number,
  ): void {
    const { connections } = this.records;
    const newGood = this.#difference(connection, CONNECTION.seenGood, good);
    let newLost = 0;
    for (let reason = 0; reason < LOST_REASONS.length; reason++) {
      const more = this.#difference(connection, CONNECTION.seenLost + 2 * reason, lost[reason]!);
      if (more <= 0) continue;
      newLost += more;
      this.#blame(row, reason, more);
    }
    const bucket = this.records.bucket(row, time);
    this.records.good.add(row, bucket, newGood);
    this.records.lost.add(row, bucket, newLost);
    if (newGood > 0) this.records.setFlag(row, FLAG.hadGoodShare, true);
    const part = this.#turnParts(connection, time);
    const add = (at: number, more: number) => {
      const sum = connections.uint16(connection, at + 2 * part) + more;
      connections.setUint16(connection, at + 2 * part, Math.min(0xffff, Math.max(0, sum)));
    };
    add(CONNECTION.good, newGood);
    add(CONNECTION.lost, newLost);
  }

  /** How much more it is than when it was last seen; less for an assumed share that was rejected. */
  #difference(connection: number, at: number, count: number): number {
    const { connections } = this.records;
    const more = (count - connections.uint16(connection, at)) & 0xffff;
    if (more !== 0) connections.setUint16(connection, at, count);
    return more > 0xffff - MOST_TAKEN_BACK ? more - 0x10000 : more;
  }

  /** Counts a reason. When there are too many of one all are halved: what was of late counts more. */
  #blame(row: number, reason: number, count: number): void {
    const { workers } = this.records;
    let left = count;
    while (workers.uint8(row, WORKER.reasons + reason) + left > 255) {
      left >>= 1;
      for (let other = 0; other < LOST_REASONS.length; other++) {
        const at = WORKER.reasons + other;
        workers.setUint8(row, at, workers.uint8(row, at) >> 1);
      }
    }
    workers.setUint8(
      row,
      WORKER.reasons + reason,
      workers.uint8(row, WORKER.reasons + reason) + left,
    );
  }

  #partOfHour(time: number): number {
    return Math.floor(time / (this.times.bucketMs * BUCKETS / CONNECTION_PARTS));
  }

  /** The place of the newest part of the hour of a connection, once those that are over are empty. */
  #turnParts(connection: number, time: number): number {
    const { connections } = this.records;
    const now = this.#partOfHour(time);
    const before = connections.uint16(connection, CONNECTION.part);
    const turns = Math.min(CONNECTION_PARTS, (now - before) & 0xffff);
    for (let back = 0; back < turns; back++) {
      const part = (now - back) % CONNECTION_PARTS;
      connections.setUint16(connection, CONNECTION.good + 2 * part, 0);
      connections.setUint16(connection, CONNECTION.lost + 2 * part, 0);
    }
    if (turns > 0) connections.setUint16(connection, CONNECTION.part, now);
    return now % CONNECTION_PARTS;
  }

  /** For how long it has had a pool since its last share. */
  #quietMs(connection: number, time: number): number {
    const { connections } = this.records;
    const served = connections.uint32(connection, CONNECTION.served);
    if (served === 0) return 0;
    return since(Math.max(served, connections.uint32(connection, CONNECTION.lastShare)), time);
  }

  #keptLeast(row: number): number {
    return this.records.workers.uint16(row, WORKER.keptLeast);
  }

  #learnConnections(row: number, time: number): void {
    const { workers } = this.records;
    const now = Math.floor(time / DAY_PART_MS);
    const turns = Math.min(DAY_PARTS, (now - workers.uint16(row, WORKER.dayPart)) & 0xffff);
    for (let back = 0; back < turns; back++) {
      workers.setUint16(row, WORKER.kept + 2 * ((now - back) % DAY_PARTS), 0);
    }
    workers.setUint16(row, WORKER.dayPart, now);
    const at = WORKER.kept + 2 * (now % DAY_PARTS);
    const kept = Math.min(this.#keptLeast(row), this.#machines(row));
    workers.setUint16(row, at, Math.max(workers.uint16(row, at), kept));
    workers.setUint16(row, WORKER.keptLeast, workers.uint16(row, WORKER.connections));
  }

  /** Its connections, without those that have a pool and never did any work for it. */
  #machines(row: number): number {
    const { connections } = this.records;
    let count = 0;
    for (const connection of this.records.connectionsOf(row)) {
      const isServed = connections.uint32(connection, CONNECTION.served) !== 0;
      if (!isServed || connections.uint16(connection, CONNECTION.seenGood) > 0) count++;
    }
    return count;
  }

  /** Only windows in which all of it worked, and nowhere else, say what it does. */
  #learnHashrate(row: number, measured: Map<number, number[]>, time: number): void {
    const { workers, connections } = this.records;
    const { windowMs, bucketMs } = this.times;
    const agent = workers.uint16(row, WORKER.agent);
    let sum = 0;
    let isWhole = workers.uint16(row, WORKER.connections) >= this.usualConnections(row);
    for (const connection of this.records.connectionsOf(row)) {
      const hashrate = connections.float32(connection, CONNECTION.quarter);
      if (this.wholeMs(connection, time) < windowMs + bucketMs) isWhole = false;
      else if (agent !== 0 && hashrate > 0) {
        const others = measured.get(agent);
        if (others === undefined) measured.set(agent, [hashrate]);
        else others.push(hashrate);
      }
      sum += hashrate;
    }
    const isDue = since(workers.uint32(row, WORKER.learned), time) >= windowMs;
    if (!isWhole || sum <= 0 || !isDue) return;
    workers.setUint32(row, WORKER.learned, stampOf(time));
    const windows = Math.min(255, workers.uint8(row, WORKER.windows) + 1);
    workers.setUint8(row, WORKER.windows, windows);
    const before = workers.float32(row, WORKER.usualHashrate);
    const slow = 1 - 2 ** (-windowMs / HALF_LIFE_MS);
    const isTrouble = windows > 1 && sum < FAR_BELOW * before;
    const weight = isTrouble ? slow / TROUBLE_SLOWER : Math.max(1 / windows, slow);
    workers.setFloat32(row, WORKER.usualHashrate, before + weight * (sum - before));
  }

  /** Forgets those at the front of `rows` that have been gone for longer, in steps. */
  *#forgetOld(rows: ReadonlySet<number>, ms: number, time: number): Generator<void> {
    let forgotten = 0;
    for (const row of rows) {
      if (since(this.records.workers.uint32(row, WORKER.left), time) < ms) return;
      this.#forget(row);
      if (++forgotten % STEP === 0) yield;
    }
  }

  #forgetFirst(rows: ReadonlySet<number>): void {
    const [row] = rows;
    if (row !== undefined) this.#forget(row);
  }

  #noLongerGone(row: number): void {
    const isStranger = this.#strangers.delete(row);
    if (this.#gone.delete(row)) this.#crowds.forgotten(this.records.address(row), isStranger);
  }

  #forget(row: number): void {
    this.#index.delete(row);
    this.#noLongerGone(row);
    this.gaps.delete(row);
    this.records.release(row);
    this.#count--;
  }
}
