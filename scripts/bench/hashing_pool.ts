/**
 * The half of a pool's end that hashes and judges every share, whatever it speaks.
 *
 * A benchmark's miners do not search for shares. Still, a proxy must hash each share and find it
 * good for its miner; it keeps all but the few that are good for the pool. So the proxy's
 * `vardiff.fixed` is a difficulty that any hash reaches, and one hash in the number that ckpool
 * expects is good for the pool.
 */

import type { PreparedJob, ShareHasher } from "../../lib/bitcoin/share_hasher.ts";
import { targetOf, targetWords } from "../../lib/bitcoin/target.ts";
import { type Job, jobTime } from "../../lib/protocol/stratum/job.ts";
import { type PoolCommand, type PoolReport, tellDriver } from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { addWire, Kernel, NO_WIRE, type SocketOwner, type WireCounters } from "./kernel.ts";
import { ageOf } from "./marks.ts";
import { jobAt } from "./pool.ts";

/** One hash in this number is good for the pool: 0.3 a second where miners send 1,000. */
export const HASHES_PER_SHARE = 3_333;

/** The same as a difficulty. */
export const DIFFICULTY: number = HASHES_PER_SHARE * 2 ** -32;

/** Bytes that the proxy fills. */
export const ROOM_BYTES = 8;

/** No miner submits for jobs older than this number of jobs. */
const MAX_JOBS = 64;

/** A connection of the agent. */
export interface Client {
  /** Its socket. */
  readonly fd: number;
  /** What its coinbases have before the bytes that the proxy fills, in hex. */
  readonly prefix: string;
  /** Jobs as this client hashes them, by number. */
  readonly prepared: Map<number, PreparedJob>;
  /** Whether it gets jobs. */
  isReady: boolean;
}

/** A share as it came. */
export interface PoolShare {
  /** The number of its job. */
  readonly jobNumber: number;
  /** {@linkcode ROOM_BYTES} bytes, or the share is illegal. */
  readonly room: Uint8Array;
  /** The header's; `undefined` if it was no number. */
  readonly ntime: number | undefined;
  /** The header's; `undefined` if it was no number. */
  readonly nonce: number | undefined;
  /** The header's version for a job of this version. */
  readonly version: (ofJob: number) => number;
}

/** What becomes of a share. */
export type Judgement = "accepted" | "unknownJob" | "low" | "illegal";

/** A pool's end. */
export abstract class HashingPool<C extends Client> implements SocketOwner {
  /** Its sockets. */
  protected readonly kernel = new Kernel(this);
  readonly #hasher: ShareHasher;
  readonly #clients = new Map<number, C>();
  readonly #latency = new Histogram();
  readonly #jobs = new Map<number, Job>();
  readonly #target = targetWords(targetOf(DIFFICULTY));
  #newest = 0;
  #connections = 0;
  #shares = 0;
  #accepted = 0;
  #bad = 0;
  #jobEveryMs = 0;
  #nextJobAt = 0;
  #wireGone: WireCounters = NO_WIRE;
  #wireAtMark: WireCounters = NO_WIRE;
  #now = 0;

  /** Has one job. */
  constructor(hasher: ShareHasher) {
    this.#hasher = hasher;
    this.#addJob();
  }

  /** A new connection, the `count`th. */
  protected abstract newClient(fd: number, count: number): C;
  /** Bytes came from it. */
  protected abstract take(client: C, bytes: Uint8Array): void;
  /** Sends a job. */
  protected abstract tellJob(client: C, number: number, job: Job): void;

  /** Runs until the driver ends the process. */
  run(): never {
    tellDriver({ port: this.kernel.listen() });
    for (;;) {
      const left = this.#jobEveryMs > 0 ? this.#nextJobAt - this.kernel.now() : 1000;
      this.kernel.turn(Math.max(0, Math.min(1000, Math.ceil(left))));
      if (this.#jobEveryMs === 0 || this.kernel.now() < this.#nextJobAt) continue;
      this.#nextJobAt = this.kernel.now() + this.#jobEveryMs;
      this.#addJob();
      for (const client of this.#clients.values()) if (client.isReady) this.tellNewest(client);
    }
  }

  accepted(fd: number): void {
    this.#connections++;
    this.#clients.set(fd, this.newClient(fd, this.#connections));
  }

  connected(): void {}

  received(fd: number, bytes: Uint8Array): void {
    this.#now = this.kernel.now();
    this.take(this.#clients.get(fd)!, bytes);
  }

  ended(fd: number): void {
    this.#clients.delete(fd);
  }

  commanded(line: string): void {
    const command = JSON.parse(line) as PoolCommand;
    switch (command.do) {
      case "jobs":
        this.#jobEveryMs = command.everyMs;
        this.#nextJobAt = this.kernel.now();
        break;
      case "mark":
        this.#latency.clear();
        this.#wireAtMark = this.#wire();
        break;
      case "lose":
        // The first connection serves the miners.
        for (const { fd } of [...this.#clients.values()].slice(0, 1)) {
          this.#wireGone = addWire(this.#wireGone, this.kernel.wire(fd));
          this.kernel.close(fd, true);
          this.#clients.delete(fd);
        }
        break;
      case "report":
        break;
      default:
        command satisfies never;
    }
    tellDriver(this.#report());
  }

  /** Sends the newest job. */
  protected tellNewest(client: C): void {
    this.tellJob(client, this.#newest, this.#jobs.get(this.#newest)!);
  }

  /** Something came that no proxy should send. */
  protected noteBad(): void {
    this.#bad++;
  }

  /** Judges a share as a real pool does. */
  protected judge(client: C, { jobNumber, room, ntime, nonce, version }: PoolShare): Judgement {
    const job = this.#jobs.get(jobNumber);
    this.#shares++;
    if (job === undefined) return "unknownJob";
    const isWhole = room.length === ROOM_BYTES;
    if (!isWhole || ntime === undefined || nonce === undefined || ntime < jobTime(job)) {
      this.#bad++;
      return "illegal";
    }
    this.#latency.add(ageOf(nonce, this.#now));
    const prepared = this.#preparedOf(client, jobNumber, job);
    this.#hasher.hash(prepared, room, ntime, nonce, version(parseInt(job.version, 16)));
    if (!this.#hasher.meets(0, this.#target)) return "low";
    this.#accepted++;
    return "accepted";
  }

  #report(): PoolReport {
    return {
      at: this.kernel.now(),
      shares: this.#shares,
      checksum: 0,
      bad: this.#bad,
      workers: 0,
      connections: this.#connections,
      open: this.#clients.size,
      verdicts: this.#shares,
      latency: this.#latency.durations(),
      wire: addWire(this.#wire(), this.#wireAtMark, -1),
      judged: { accepted: this.#accepted, credited: this.#accepted * DIFFICULTY },
    };
  }

  #wire(): WireCounters {
    let sum = this.#wireGone;
    for (const fd of this.#clients.keys()) sum = addWire(sum, this.kernel.wire(fd));
    return sum;
  }

  #addJob(): void {
    this.#jobs.set(++this.#newest, jobAt(this.kernel.now(), this.#newest));
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MAX_JOBS) this.#jobs.delete(oldest!);
  }

  #preparedOf(client: C, number: number, job: Job): PreparedJob {
    let prepared = client.prepared.get(number);
    if (prepared === undefined) {
      const coinbase1 = job.coinbase1 + client.prefix;
      prepared = this.#hasher.prepare({ ...job, coinbase1 }, ROOM_BYTES);
      client.prepared.set(number, prepared);
    }
    return prepared;
  }
}
