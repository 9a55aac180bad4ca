/**
 * The miners' end of a benchmark: up to tens of thousands of miners in typed arrays. They log in as
 * firmware does, one request at a time, and send shares that contain the time of sending.
 */

import { ACCOUNT, workerNameOf } from "./marks.ts";
import { type MinersCommand, type MinersReport, tellDriver } from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { JobBook } from "./job_book.ts";
import { Kernel, type SocketOwner } from "./kernel.ts";
import { Pace } from "./pace.ts";
import { isShareId, rollsVersion, ShareBook } from "./share_book.ts";
import { findJob, findReply, type FoundJob } from "./stratum_scan.ts";

const MAX_FDS = 1 << 16;
const LF = 0x0a;

/**
 * Miners take turns in this step, so that neighbours are not one after the other: a prime above
 * their number, so that each has its turn.
 */
const STRIDE = 65_537;
const MAX_TURN_MS = 50;
const CONNECT_RETRY_MS = 20;

const STATE = { away: 0, connecting: 1, configuring: 2, subscribing: 3, authorizing: 4, in: 5 };

const encoder = new TextEncoder();
const CONFIGURE = encoder.encode(
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],' +
    '{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n',
);
const SUBSCRIBE = encoder.encode('{"id":2,"method":"mining.subscribe","params":["bench/1.0"]}\n');

class Miners implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #port: number;
  readonly #shares = new ShareBook(MAX_FDS);
  readonly #book = new JobBook();
  // By file descriptor.
  readonly #minerOf = new Int32Array(MAX_FDS).fill(-1);
  readonly #partial = new Map<number, Uint8Array>();
  // By miner.
  readonly #fds = new Int32Array(MAX_FDS).fill(-1);
  readonly #states = new Uint8Array(MAX_FDS);
  readonly #jobs = new Int32Array(MAX_FDS).fill(-1);
  readonly #beganAt = new Float64Array(MAX_FDS);

  #count = 0;
  #started = 0;
  #ready = 0;
  #atOnce = 0;
  #connectFrom = 0;
  #connectMs = 0;
  #retryAt = 0;
  #depth = 0;
  readonly #rate = new Pace();
  readonly #churn = new Pace();
  #turn = 0;
  #isConnecting = false;
  #now = 0;

  #disconnects = 0;
  readonly #login = new Histogram();
  readonly #late = new Histogram();

  constructor(port: number) {
    this.#port = port;
  }

  run(): never {
    tellDriver({ ready: true });
    for (;;) {
      this.#now = this.#kernel.now();
      this.#kernel.turn(this.#restMs());
      this.#now = this.#kernel.now();
      this.#connectMore();
      this.#sendDue();
      this.#churnDue();
    }
  }

  accepted(): void {}

  connected(fd: number, isThere: boolean): void {
    const miner = this.#minerOf[fd]!;
    if (!isThere) {
      this.#minerOf[fd] = -1;
      this.#begin(miner);
      return;
    }
    const rolls = rollsVersion(miner);
    this.#states[miner] = rolls ? STATE.configuring : STATE.subscribing;
    this.#kernel.send(fd, rolls ? CONFIGURE : SUBSCRIBE);
  }

  received(fd: number, chunk: Uint8Array): void {
    this.#now = this.#kernel.now();
    const miner = this.#minerOf[fd]!;
    const before = this.#partial.get(fd);
    let bytes = chunk;
    if (before !== undefined) {
      bytes = new Uint8Array(before.length + chunk.length);
      bytes.set(before);
      bytes.set(chunk, before.length);
      this.#partial.delete(fd);
    }
    let start = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      this.#line(miner, bytes, start, end);
      start = end + 1;
      if (start === bytes.length) break;
    }
    if (start < bytes.length) this.#partial.set(fd, bytes.slice(start));
    this.#fill(miner);
  }

  ended(fd: number): void {
    const miner = this.#minerOf[fd]!;
    this.#minerOf[fd] = -1;
    this.#partial.delete(fd);
    this.#disconnects++;
    this.#left(miner);
    if (this.#count > 0) this.#begin(miner);
  }

  commanded(line: string): void {
    const command = JSON.parse(line) as MinersCommand;
    this.#now = this.#kernel.now();
    switch (command.do) {
      case "connect":
        this.#count = command.count;
        this.#atOnce = command.atOnce;
        this.#connectFrom = this.#now;
        this.#isConnecting = true;
        return;
      case "mark":
        this.#login.clear();
        this.#late.clear();
        this.#shares.mark();
        this.#book.mark(this.#now);
        break;
      case "rate":
        this.#rate.set(command.perSecond, this.#now);
        break;
      case "depth":
        this.#depth = command.depth;
        for (let miner = 0; miner < this.#count; miner++) this.#fill(miner);
        break;
      case "churn":
        this.#churn.set(command.perSecond, this.#now);
        break;
      case "leave": {
        const count = this.#count;
        this.#count = this.#depth = 0;
        for (const pace of [this.#rate, this.#churn]) pace.set(0, this.#now);
        for (let miner = 0; miner < count; miner++) this.#disconnect(miner);
        break;
      }
      case "report":
        break;
      default:
        command satisfies never;
    }
    tellDriver(this.#report());
  }

  #report(): MinersReport {
    return {
      at: this.#kernel.now(),
      working: this.#ready,
      connectMs: this.#connectMs,
      disconnects: this.#disconnects,
      login: this.#login.durations(),
      late: this.#late.durations(),
      ...this.#shares.counts,
      ...this.#book.times,
    };
  }

  /** Returns how long there is nothing to do but wait for bytes, in milliseconds. */
  #restMs(): number {
    if (this.#isConnecting) return 1;
    const due = [MAX_TURN_MS, this.#rate.restMs(this.#now), this.#churn.restMs(this.#now)];
    return Math.max(0, Math.ceil(Math.min(...due)));
  }

  #connectMore(): void {
    if (!this.#isConnecting || this.#now < this.#retryAt) return;
    while (this.#started < this.#count && this.#started - this.#ready < this.#atOnce) {
      if (!this.#begin(this.#started)) {
        this.#retryAt = this.#now + CONNECT_RETRY_MS;
        return;
      }
      this.#started++;
    }
    if (this.#ready < this.#count) return;
    this.#isConnecting = false;
    this.#connectMs = this.#now - this.#connectFrom;
    tellDriver(this.#report());
  }

  #begin(miner: number): boolean {
    const fd = this.#kernel.connect(this.#port);
    if (fd < 0) return false;
    this.#fds[miner] = fd;
    this.#minerOf[fd] = miner;
    this.#states[miner] = STATE.connecting;
    this.#beganAt[miner] = this.#kernel.now();
    return true;
  }

  #disconnect(miner: number): void {
    const fd = this.#fds[miner]!;
    if (fd < 0) return;
    this.#kernel.close(fd);
    this.#minerOf[fd] = -1;
    this.#partial.delete(fd);
    this.#left(miner);
  }

  #left(miner: number): void {
    if (this.#jobs[miner]! >= 0) this.#ready--;
    this.#shares.left(miner);
    this.#fds[miner] = this.#jobs[miner] = -1;
    this.#states[miner] = STATE.away;
  }

  #sendDue(): void {
    for (let due = this.#rate.take(this.#now); due > 0; due--) {
      const miner = this.#turn++ * STRIDE % this.#count;
      if (this.#jobs[miner]! < 0) continue;
      this.#late.add(this.#kernel.now() - this.#rate.dueAt(due - 1));
      this.#addShare(miner);
      this.#kernel.send(this.#fds[miner]!, this.#shares.take());
    }
  }

  #churnDue(): void {
    for (let due = this.#churn.take(this.#now); due > 0; due--) {
      const miner = this.#turn++ * STRIDE % this.#count;
      if (this.#jobs[miner]! < 0) continue;
      this.#disconnect(miner);
      this.#begin(miner);
    }
  }

  /** Sends the shares that the depth still has room for, in one write. */
  #fill(miner: number): void {
    if (this.#depth === 0 || this.#jobs[miner]! < 0) return;
    let isAny = false;
    while (this.#shares.unansweredOf(miner) < this.#depth) {
      this.#addShare(miner);
      isAny = true;
    }
    if (isAny) this.#kernel.send(this.#fds[miner]!, this.#shares.take());
  }

  #addShare(miner: number): void {
    this.#shares.add(miner, this.#book.job(this.#jobs[miner]!), this.#kernel.now());
  }

  #line(miner: number, bytes: Uint8Array, start: number, end: number): void {
    const reply = findReply(bytes, start, end);
    if (reply !== undefined) return this.#reply(miner, reply.id, reply.isTrue);
    const job = findJob(bytes, start, end);
    if (job !== undefined) this.#job(miner, bytes, job, end);
  }

  #reply(miner: number, id: number, isTrue: boolean): void {
    if (isShareId(id)) this.#shares.answered(miner, id, isTrue, this.#now);
    else this.#loggedInFurther(miner, id);
  }

  #loggedInFurther(miner: number, id: number): void {
    const fd = this.#fds[miner]!;
    if (id === 1) {
      this.#states[miner] = STATE.subscribing;
      this.#kernel.send(fd, SUBSCRIBE);
    } else if (id === 2) {
      this.#states[miner] = STATE.authorizing;
      const user = `${ACCOUNT}.${workerNameOf(miner)}`;
      const line = `{"id":3,"method":"mining.authorize","params":["${user}","x"]}\n`;
      this.#kernel.send(fd, encoder.encode(line));
    } else {
      this.#states[miner] = STATE.in;
    }
  }

  #job(miner: number, bytes: Uint8Array, found: FoundJob, end: number): void {
    const index = this.#book.heard(bytes, found, end, this.#now);
    const isFirst = this.#jobs[miner]! < 0;
    this.#jobs[miner] = index;
    if (isFirst) {
      this.#ready++;
      this.#login.add(this.#now - this.#beganAt[miner]!);
    } else {
      this.#book.reached(index, this.#count, this.#now);
    }
  }
}

if (import.meta.main) new Miners(Number(Deno.args[0])).run();
