/**
 * The miners' end of a benchmark: up to tens of thousands of miners in typed arrays. They log in
 * as firmware does, a request at a time, and send shares that carry the time they were sent at.
 */

import { addToChecksum, type SummedShare } from "../../lib/sim/share_checksum.ts";
import {
  ACCOUNT,
  type MinersCommand,
  type MinersReport,
  nonceAt,
  STAMP_DIGITS,
  tellDriver,
  workerNameOf,
} from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { Kernel, type SocketOwner } from "./kernel.ts";
import { ShareWriter } from "./share_writer.ts";
import { findJob, findReply } from "./stratum_scan.ts";

const MAX_FDS = 1 << 16;
const LF = 0x0a;

/** Shares that can wait for an answer; a power of two. */
const RING = 1 << 20;

/** How much of the request numbers is the share's place in the ring; smaller ones are logins. */
const FIRST_SHARE_ID = 16;
/** Of so many miners, one does not roll versions; of so many shares, one has a time of its own. */
const ONE_IN = 10;
/** Miners take turns in this step, so that neighbours are not one after the other. */
const STRIDE = 7919;
const VERSION_SHIFT = 13;
const VERSION_VALUES = 0xffff;
const MAX_TURN_MS = 50;
const CONNECT_RETRY_MS = 20;

const STATE = { away: 0, connecting: 1, configuring: 2, subscribing: 3, authorizing: 4, in: 5 };

const encoder = new TextEncoder();
const CONFIGURE = encoder.encode(
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],' +
    '{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n',
);
const SUBSCRIBE = encoder.encode('{"id":2,"method":"mining.subscribe","params":["bench/1.0"]}\n');

/** A job as miners know it. */
interface KnownJob {
  readonly id: Uint8Array;
  readonly ntime: number;
  /** When the pool sent it, in milliseconds. */
  readonly sentAt: number;
  /** How many miners have it. */
  reached: number;
}

class Miners implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #port: number;
  readonly #writer = new ShareWriter();
  // By file descriptor.
  readonly #minerOf = new Int32Array(MAX_FDS).fill(-1);
  readonly #partial = new Map<number, Uint8Array>();
  // By miner.
  readonly #fds = new Int32Array(MAX_FDS).fill(-1);
  readonly #states = new Uint8Array(MAX_FDS);
  readonly #jobs = new Int32Array(MAX_FDS).fill(-1);
  readonly #counters = new Uint32Array(MAX_FDS);
  readonly #unanswered = new Uint32Array(MAX_FDS);
  readonly #beganAt = new Float64Array(MAX_FDS);
  // By share in waiting.
  readonly #sentAt = new Float64Array(RING);
  readonly #sums = new Uint32Array(RING);

  readonly #known: KnownJob[] = [];
  readonly #knownByKey = new Map<string, number>();
  #count = 0;
  #begun = 0;
  #ready = 0;
  #atOnce = 0;
  #connectFrom = 0;
  #connectMs = 0;
  #retryAt = 0;
  #depth = 0;
  #perSecond = 0;
  #rateFrom = 0;
  #rateDone = 0;
  #churnPerSecond = 0;
  #churnFrom = 0;
  #churnDone = 0;
  #turn = 0;
  #isConnecting = false;
  #now = 0;

  #nextId = 0;
  #checksum = 0;
  #accepted = 0;
  #refused = 0;
  #refusedChecksum = 0;
  #abandoned = 0;
  #disconnects = 0;
  readonly #verdict = new Histogram();
  readonly #fanout = new Histogram();
  readonly #fanoutLast = new Histogram();
  readonly #login = new Histogram();
  #jobLines = 0;
  #lastJobAt = 0;
  #markedAt = 0;

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
    const rolls = this.#rollsVersion(miner);
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
        for (const kind of [this.#verdict, this.#fanout, this.#fanoutLast, this.#login]) {
          kind.clear();
        }
        this.#jobLines = 0;
        this.#markedAt = this.#now;
        break;
      case "rate":
        this.#perSecond = command.perSecond;
        this.#rateFrom = this.#now;
        this.#rateDone = 0;
        break;
      case "depth":
        this.#depth = command.depth;
        for (let miner = 0; miner < this.#count; miner++) this.#fill(miner);
        break;
      case "churn":
        this.#churnPerSecond = command.perSecond;
        this.#churnFrom = this.#now;
        this.#churnDone = 0;
        break;
      case "leave": {
        const count = this.#count;
        this.#count =
          this.#depth =
          this.#perSecond =
          this.#churnPerSecond =
            0;
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
      sent: this.#nextId,
      checksum: this.#checksum,
      refused: this.#refused,
      refusedChecksum: this.#refusedChecksum,
      accepted: this.#accepted,
      abandoned: this.#abandoned,
      disconnects: this.#disconnects,
      verdict: this.#verdict.durations(),
      fanout: this.#fanout.durations(),
      fanoutLast: this.#fanoutLast.durations(),
      login: this.#login.durations(),
      jobLines: this.#jobLines,
      lastJobAt: this.#lastJobAt,
    };
  }

  /** How long there is nothing to do but to listen. */
  #restMs(): number {
    if (this.#isConnecting) return 1;
    const due = [MAX_TURN_MS];
    if (this.#perSecond > 0) {
      due.push(this.#rateFrom + (this.#rateDone + 1) * 1000 / this.#perSecond - this.#now);
    }
    if (this.#churnPerSecond > 0) {
      due.push(this.#churnFrom + (this.#churnDone + 1) * 1000 / this.#churnPerSecond - this.#now);
    }
    return Math.max(0, Math.ceil(Math.min(...due)));
  }

  #connectMore(): void {
    if (!this.#isConnecting || this.#now < this.#retryAt) return;
    while (this.#begun < this.#count && this.#begun - this.#ready < this.#atOnce) {
      if (!this.#begin(this.#begun)) {
        this.#retryAt = this.#now + CONNECT_RETRY_MS;
        return;
      }
      this.#begun++;
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
    this.#abandoned += this.#unanswered[miner]!;
    this.#unanswered[miner] = 0;
    this.#fds[miner] = this.#jobs[miner] = -1;
    this.#states[miner] = STATE.away;
  }

  #sendDue(): void {
    if (this.#perSecond === 0) return;
    const due = Math.floor((this.#now - this.#rateFrom) * this.#perSecond / 1000);
    for (; this.#rateDone < due; this.#rateDone++) {
      const miner = this.#turn++ * STRIDE % this.#count;
      if (this.#jobs[miner]! < 0) continue;
      this.#addShare(miner);
      this.#kernel.send(this.#fds[miner]!, this.#writer.take());
    }
  }

  #churnDue(): void {
    if (this.#churnPerSecond === 0) return;
    const due = Math.floor((this.#now - this.#churnFrom) * this.#churnPerSecond / 1000);
    for (; this.#churnDone < due; this.#churnDone++) {
      const miner = this.#turn++ * STRIDE % this.#count;
      if (this.#jobs[miner]! < 0) continue;
      this.#disconnect(miner);
      this.#begin(miner);
    }
  }

  /** Sends as many shares as the depth still has room for, in one write. */
  #fill(miner: number): void {
    if (this.#depth === 0 || this.#jobs[miner]! < 0) return;
    let isAny = false;
    while (this.#unanswered[miner]! < this.#depth) {
      this.#addShare(miner);
      isAny = true;
    }
    if (isAny) this.#kernel.send(this.#fds[miner]!, this.#writer.take());
  }

  #addShare(miner: number): void {
    const job = this.#known[this.#jobs[miner]!]!;
    const id = this.#nextId++;
    const now = this.#kernel.now();
    const hasOwnTime = Math.floor(id / ONE_IN) % ONE_IN === 0;
    const share: SummedShare = {
      extranonce2: ++this.#counters[miner]!,
      nonce: nonceAt(now),
      ntime: job.ntime + (hasOwnTime ? 1 + id % 60 : 0),
      versionBits: this.#rollsVersion(miner) ? (id % VERSION_VALUES + 1) * 2 ** VERSION_SHIFT : 0,
    };
    const sum = addToChecksum(0, workerNameOf(miner), share);
    this.#checksum = this.#checksum + sum >>> 0;
    this.#sums[id % RING] = sum;
    this.#sentAt[id % RING] = now;
    this.#unanswered[miner]!++;
    this.#writer.add(FIRST_SHARE_ID + id, miner, job.id, share);
  }

  #rollsVersion(miner: number): boolean {
    return miner % ONE_IN !== 0;
  }

  #line(miner: number, bytes: Uint8Array, start: number, end: number): void {
    const reply = findReply(bytes, start, end);
    if (reply !== undefined) return this.#reply(miner, reply.id, reply.isTrue);
    const job = findJob(bytes, start, end);
    if (job !== undefined) this.#job(miner, job.idStart, job.idEnd, job.hashStart, bytes, end);
  }

  #reply(miner: number, id: number, isTrue: boolean): void {
    if (id < FIRST_SHARE_ID) return this.#loggedInFurther(miner, id);
    const share = (id - FIRST_SHARE_ID) % RING;
    if (this.#unanswered[miner]! > 0) this.#unanswered[miner]!--;
    if (isTrue) {
      this.#accepted++;
      this.#verdict.add(this.#now - this.#sentAt[share]!);
    } else {
      this.#refused++;
      this.#refusedChecksum = this.#refusedChecksum + this.#sums[share]! >>> 0;
    }
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

  #job(
    miner: number,
    idStart: number,
    idEnd: number,
    hashStart: number,
    bytes: Uint8Array,
    end: number,
  ): void {
    this.#jobLines++;
    this.#lastJobAt = this.#now;
    const hashEnd = hashStart + STAMP_DIGITS;
    const key = String.fromCharCode(
      ...bytes.subarray(idStart, idEnd),
      ...bytes.subarray(hashStart, hashEnd),
    );
    let index = this.#knownByKey.get(key);
    if (index === undefined) {
      index = this.#known.length;
      this.#knownByKey.set(key, index);
      // Numbers end the line: …,"version","bits","time",clean]}
      const text = String.fromCharCode(...bytes.subarray(end - 80, end));
      const ntime = /"([0-9a-fA-F]{8})"\s*,\s*(?:true|false)/.exec(text)?.[1];
      this.#known.push({
        id: bytes.slice(idStart, idEnd),
        ntime: parseInt(ntime ?? "0", 16),
        sentAt: parseInt(key.slice(-STAMP_DIGITS), 16) / 1000,
        reached: 0,
      });
    }
    const isFirst = this.#jobs[miner]! < 0;
    this.#jobs[miner] = index;
    if (isFirst) {
      this.#ready++;
      this.#login.add(this.#now - this.#beganAt[miner]!);
      return;
    }
    const job = this.#known[index]!;
    job.reached++;
    if (job.sentAt < this.#markedAt) return;
    this.#fanout.add(this.#now - job.sentAt);
    if (job.reached === this.#count) this.#fanoutLast.add(this.#now - job.sentAt);
  }
}

if (import.meta.main) new Miners(Number(Deno.args[0])).run();
