/**
 * Workers on made-up time: miners that find shares by chance, shown to a book once a minute as the
 * program shows it real ones.
 */

import type { Random } from "../../lib/base/clock.ts";
import { finished } from "../../lib/base/steps.ts";
import { TOLD_PAUSE_MS } from "../../lib/miner/attendance.ts";
import { WorkTable } from "../../lib/mux/books/work_table.ts";
import { LOST_REASONS, type LostReason } from "../../lib/workers/lost_reasons.ts";
import { WorkerBook } from "../../lib/workers/worker_book.ts";
import { type WorkerView, workerViews } from "../../lib/workers/worker_view.ts";
import { poisson } from "./poisson.ts";

const MINUTE_MS = 60_000;
const HASHES_PER_DIFFICULTY = 2 ** 32;

/** What a miner is like. */
export interface MadeUpMiner {
  readonly name: string;
  readonly clientAgent?: string;
  readonly address?: string;
  /** Good shares a minute on average; may be changed. */
  sharesPerMinute: number;
  /** Lost ones. */
  lostPerMinute?: number;
  lostReason?: LostReason;
  readonly difficulty?: number;
  /** The pool connection it works on; `undefined` for none. */
  upstream?: string | undefined;
  hasLostAsicboost?: boolean;
}

interface Present {
  readonly miner: MadeUpMiner;
  readonly attendance: number;
  readonly session: number;
  readonly since: number;
  good: number;
  readonly lost: number[];
  lastShareAt: number;
}

/** Makes workers of a farm without miners. */
export class MadeUpWorkers {
  readonly book: WorkerBook;
  /** Milliseconds. */
  time = 1_000_000;
  readonly #random: Random;
  readonly #work = new WorkTable(65_536, 300_000);
  readonly #present = new Map<MadeUpMiner, Present>();
  #sessions = 0;

  constructor(random: Random, book: WorkerBook = new WorkerBook({ rememberMs: 24 * 3_600_000 })) {
    this.#random = random;
    this.book = book;
  }

  /** A miner logs in. */
  connect(miner: MadeUpMiner): MadeUpMiner {
    miner.upstream = "upstream" in miner ? miner.upstream : "pool:3333 #1";
    const session = ++this.#sessions;
    const attendance = this.book.loggedIn({
      account: "",
      name: miner.name,
      clientAgent: miner.clientAgent ?? "bmminer/2.0.0",
      address: miner.address ?? "10.1.2.3",
      sessionId: session,
      upstream: miner.upstream,
    }, this.time);
    this.#work.clear(session);
    this.#present.set(miner, {
      miner,
      attendance,
      session,
      since: this.time,
      good: 0,
      lost: LOST_REASONS.map(() => 0),
      lastShareAt: 0,
    });
    return miner;
  }

  /** A miner's connection ends. */
  disconnect(miner: MadeUpMiner, reason = "closed by the miner", isOurDoing = false): void {
    const present = this.#present.get(miner)!;
    this.#show(present);
    this.book.left(present.attendance, reason, isOurDoing, this.time);
    this.#present.delete(miner);
  }

  /** Minutes pass; each time after which everyone is shown, `each` is called. */
  run(minutes: number, each: () => void = () => {}): void {
    for (let minute = 0; minute < minutes; minute++) {
      for (const present of this.#present.values()) this.#minute(present);
      this.time += MINUTE_MS;
      for (const present of this.#present.values()) this.#show(present);
      finished(this.book.settle(this.time));
      each();
    }
  }

  /** Everything that is shown. */
  views(): WorkerView[] {
    return [...workerViews(this.book, this.time)];
  }

  /** The worker of this name. */
  view(name: string): WorkerView | undefined {
    return this.views().find((view) => view.name === name);
  }

  /** The number of a miner's connection. */
  attendanceOf(miner: MadeUpMiner): number {
    return this.#present.get(miner)!.attendance;
  }

  #minute(present: Present): void {
    const { miner, session, lost } = present;
    if (miner.upstream === undefined) return;
    const count = poisson(miner.sharesPerMinute, this.#random);
    const times = Array.from({ length: count }, () => this.time + this.#random() * MINUTE_MS);
    for (const time of times.sort((a, b) => a - b)) {
      this.#work.add(session, miner.difficulty ?? 65_536, time);
      present.good++;
      this.#share(present, time);
    }
    const lostCount = poisson(miner.lostPerMinute ?? 0, this.#random);
    lost[LOST_REASONS.indexOf(miner.lostReason ?? "stale")]! += lostCount;
    if (lostCount > 0) present.lastShareAt = this.time + MINUTE_MS - 1;
  }

  #share(present: Present, time: number): void {
    const before = present.lastShareAt;
    present.lastShareAt = time;
    if (before === 0 || time - before < TOLD_PAUSE_MS) return;
    this.book.paused(present.attendance, before, time, present.miner.upstream);
  }

  #show({ miner, attendance, session, since, good, lost, lastShareAt }: Present): void {
    const rate = (ms: number) => this.#work.hashrate(session, ms, since, this.time);
    this.book.sample({
      attendance,
      good,
      lost,
      lastShareAt,
      upstream: miner.upstream,
      difficulty: miner.difficulty ?? 65_536,
      hashrateQuarter: rate(900_000),
      hashrateHour: rate(3_600_000),
      hasLostAsicboost: miner.hasLostAsicboost ?? false,
    }, this.time);
  }
}

/** The hashrate of a miner that finds this many shares a minute. */
export function hashrateOf(sharesPerMinute: number, difficulty = 65_536): number {
  return sharesPerMinute / 60 * difficulty * HASHES_PER_DIFFICULTY;
}
