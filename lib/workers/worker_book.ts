/**
 * Remembers every worker seen lately, connected or not: its name and address, its shares in the
 * last hour, its usual hashrate and its usual number of connections.
 *
 * It is told at once when a miner logs in or leaves. Everything else comes from a sample of each
 * connection once a minute, so that a share costs nothing. Pure; times are attended, in
 * milliseconds.
 *
 * The number of workers is limited. To make room for a new one, it first forgets a disconnected
 * worker that never had a good share, else the one that has been disconnected longest. It never
 * forgets a connected worker. A worker that disconnects soon after its first login is not
 * remembered if more workers of its network are disconnected than it had machines.
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

/** Settings of the book. */
export interface WorkerBookOptions {
  /** How long a worker is remembered after its last connection ended, in milliseconds. */
  readonly rememberMs: number;
  /** The most workers; by default, as many as there can be miners. */
  readonly most?: number;
  /** Other times, for tests. */
  readonly times?: WorkerTimes;
}

/** A connection that logs in. */
export interface Login {
  /** The sub-account; empty in single-user mode. */
  readonly account: string;
  /** The worker's name, as the pool knows it. */
  readonly name: string;
  /** Its user agent. */
  readonly clientAgent: string;
  /** Its address, without a port. */
  readonly address: string;
  /** Its session id. */
  readonly sessionId: number;
  /** The pool connection it works on; `undefined` while no pool serves it. */
  readonly upstream: string | undefined;
}

/** A worker known from before this process started; lengths of time in milliseconds. */
export interface PastWorker {
  /** The sub-account; empty in single-user mode. */
  readonly account: string;
  /** The worker's name, as the pool knows it. */
  readonly name: string;
  /** The time since it was first seen. */
  readonly firstSeenMs: number;
  /** The time since its last connection ended. */
  readonly goneMs: number;
  /** Its hashrate then, in hashes a second. */
  readonly hashrate: number;
  /** Why it has no connection, as far as that is known. */
  readonly went: string;
}

/** The figures of one connection at one moment. */
export interface ConnectionSample {
  /** Its number in the book, from {@linkcode WorkerBook.loggedIn}. */
  readonly attendance: number;
  /** Good shares since it connected. It never falls. */
  readonly good: number;
  /** Shares refused or rejected since it connected, in the order of {@linkcode LOST_REASONS}. */
  readonly lost: ArrayLike<number>;
  /** When its last share came; 0 for never. */
  readonly lastShareAt: number;
  /** The pool connection it works on; `undefined` while no pool serves it. */
  readonly upstream: string | undefined;
  /** The difficulty that it was last sent; `undefined` before the first. */
  readonly difficulty: number | undefined;
  /** Its hashrate over a quarter of an hour, in hashes a second. */
  readonly hashrateQuarter: number;
  /** Its hashrate over an hour, in hashes a second. */
  readonly hashrateHour: number;
  /** Whether it stopped rolling versions. */
  readonly hasLostAsicboost: boolean;
}

/** The most workers: as many as there can be miners. */
const MOST_WORKERS = 65_535;

/** The most strangers: disconnected workers that never had a good share. */
const MOST_STRANGERS = 1_000;

/** Workers processed between two yields. */
const STEP = 64;

/** After this long, a measurement has half its weight in the usual hashrate. */
const HALF_LIFE_MS = 6 * 3_600_000;

/**
 * A hashrate far below the usual one is probably a passing trouble, so it counts this much less.
 */
const TROUBLE_SLOWER = 4;

/** The length of one of the {@linkcode DAY_PARTS} parts of a day. */
const DAY_PART_MS = 86_400_000 / DAY_PARTS;

/** The book of workers. */
export class WorkerBook {
  /** The records of workers and connections. */
  readonly records: WorkerRecords;
  /** The usual hashrates of machines with the same software. */
  readonly kinds: UsualHashrates = new UsualHashrates();
  /** Gaps by row of a worker, for workers that have any. */
  readonly gaps: Map<number, readonly Gap[]> = new Map();
  /** The times by which workers are judged. */
  readonly times: WorkerTimes;
  readonly #most: number;
  #rememberMs: number;
  readonly #index = new NameIndex((row) => ({
    account: this.records.text(row, WORKER.account),
    name: this.records.names[row]!,
  }));
  /**
   * When this process last woke from a long sleep: hashrates across it are too low.
   */
  #backSince = 0;
  /** When the current half hour began, in which each worker's least connections are noted. */
  #keptSince: number | undefined;
  #count = 0;
  #lastId = 0;
  /** Workers without a connection, the one disconnected longest first. */
  readonly #gone = new Set<number>();
  /** The strangers among them, that never had a good share. */
  readonly #strangers = new Set<number>();
  /** By network, those with a connection, and those that are gone. */
  readonly #crowds = new NetworkCrowds();

  /** Creates an empty book. */
  constructor({ rememberMs, most = MOST_WORKERS, times = WORKER_TIMES }: WorkerBookOptions) {
    this.#rememberMs = rememberMs;
    this.#most = most;
    this.times = times;
    this.records = new WorkerRecords(times.bucketMs);
  }

  /** The number of workers in it. */
  get size(): number {
    return this.#count;
  }

  /** Changes how long workers are remembered. */
  reconfigure(rememberMs: number): void {
    this.#rememberMs = rememberMs;
  }

  /** This process woke from a long sleep. For a while, hashrates are not used to judge workers. */
  cameBack(time: number): void {
    this.#backSince = stampOf(time);
  }

  /**
   * How long a connection has worked on its pool connection since btcagent last slept; 0 for none.
   */
  wholeMs(connection: number, time: number): number {
    const served = this.records.connections.uint32(connection, CONNECTION.served);
    return served === 0 ? 0 : since(Math.max(served, this.#backSince), time);
  }

  /**
   * A connection logged in.
   *
   * @returns its number in the book, from 1; 0 if there is no room for its worker.
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

  /**
   * Remembers a worker from before this process started: it is missing unless it comes back. Call it
   * first for the one that has been disconnected longest. Does nothing if the worker is known, or if
   * the book is full.
   */
  remember(worker: PastWorker, time: number): void {
    const { account, name, firstSeenMs, goneMs, hashrate, went } = worker;
    if (this.#count >= this.#most || this.#index.find(account, name) !== undefined) return;
    const row = this.#newRow(account, name, time);
    const { workers } = this.records;
    workers.setUint32(row, WORKER.firstSeen, stampOf(time - firstSeenMs));
    workers.setUint32(row, WORKER.left, stampOf(time - goneMs));
    workers.setFloat32(row, WORKER.usualHashrate, hashrate);
    this.records.setFlag(row, FLAG.hadGoodShare, true);
    this.records.setText(row, WORKER.went, went);
    this.#gone.add(row);
    this.#crowds.gone(this.records.address(row), false);
  }

  /** Takes in the figures of a connection. Call it about once a minute, and before it ends. */
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
   * A miner sent a share after a pause. The pause is noted if it is long for this miner, if the
   * miner is the only connection of its worker, and if it has worked on `upstream` since before the
   * pause.
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
   * A connection ended; call {@linkcode sample} just before. If `isForgiven`, or if it had no pool
   * to work for or was silent, the worker's next log-in does not count towards flapping: btcagent
   * disconnects silent miners, and a worker stays silent over any number of connections.
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

  /**
   * Learns what is usual for each worker, and forgets workers gone for too long. Works in steps.
   */
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
   * @returns `false` if it is connected and so stays; `undefined` if there is no such worker.
   */
  forget(id: number): boolean | undefined {
    const row = this.rowOf(id);
    if (row === undefined) return undefined;
    if (this.records.workers.uint16(row, WORKER.connections) > 0) return false;
    this.#forget(row);
    return true;
  }

  /** The row of the worker with this number; `undefined` if there is none. */
  rowOf(id: number): number | undefined {
    for (let row = 0; row < this.records.workers.rows; row++) {
      if (this.records.workers.uint32(row, WORKER.id) === id) return id === 0 ? undefined : row;
    }
    return undefined;
  }

  /**
   * The number of the worker that a connection belongs to; `undefined` if it is not in the book.
   */
  idOf(attendance: number): number | undefined {
    if (attendance === 0) return undefined;
    const row = this.records.connections.uint16(attendance - 1, CONNECTION.worker);
    return this.records.workers.uint32(row, WORKER.id);
  }

  /** The number of connections that a worker usually has; 0 if that is not known yet. */
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
    return this.#newRow(account, name, time);
  }

  #newRow(account: string, name: string, time: number): number {
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

  /** Adds the shares of a connection since its last sample. */
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
      if (more === 0) continue;
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
      connections.setUint16(connection, at + 2 * part, Math.min(0xffff, sum));
    };
    add(CONNECTION.good, newGood);
    add(CONNECTION.lost, newLost);
  }

  /** How much a count grew since the last sample; counts are kept modulo 2^16. */
  #difference(connection: number, at: number, count: number): number {
    const { connections } = this.records;
    const more = (count - connections.uint16(connection, at)) & 0xffff;
    if (more !== 0) connections.setUint16(connection, at, count);
    return more;
  }

  /**
   * Counts lost shares of one reason. If a count is full, all are halved, so recent ones count more.
   */
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

  /**
   * The place of the current part of the hour. First empties the parts that have expired.
   */
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

  /** The number of its connections, without those that have a pool but never had a good share. */
  #machines(row: number): number {
    const { connections } = this.records;
    let count = 0;
    for (const connection of this.records.connectionsOf(row)) {
      const isServed = connections.uint32(connection, CONNECTION.served) !== 0;
      if (!isServed || connections.uint16(connection, CONNECTION.seenGood) > 0) count++;
    }
    return count;
  }

  /** Learns from a window only if all of the worker's usual connections worked in all of it. */
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

  /** Forgets the workers of `rows`, longest gone first, that have been gone for `ms`. In steps. */
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
