/**
 * A multiplexer between fakes. It fails the test unless each session id is returned exactly once,
 * after its miner is gone and the pool has forgotten it.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { ContradictionLog } from "../../lib/mux/contradiction_log.ts";
import { ShareCounter } from "../../lib/mux/books/ledger.ts";
import { Losses } from "../../lib/workers/losses.ts";
import { Multiplexer } from "../../lib/mux/multiplexer.ts";
import type { Upstream } from "../../lib/mux/upstream.ts";
import { JOB_EVERY_MS } from "../../lib/mux/work.ts";
import { RememberedDifficulties } from "../../lib/mux/remembered_difficulties.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import { type ExtranonceLayout, WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import { SessionIds } from "../../lib/mux/session_ids.ts";
import { type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeDownstream, FakeFanout, type SeenJob } from "./fake_downstream.ts";
import { FakeUpstream, type FakeUpstreamOptions } from "./fake_upstream.ts";
import { notifyLine } from "./pool_lines.ts";

export const GRACE_MS = 30_000;

/** What a test may set. */
export interface MuxWorldOptions {
  readonly highestSessionId?: number;
  readonly graceMs?: number;
}

/** A job whose coinbase names its connection and the pool's job id. */
export function poolJob(id: string, isClean: boolean, coinbase1: string): Job {
  const job = parseNotify(JSON.parse(notifyLine(id, isClean)).params);
  return { ...job, coinbase1, coinbase2: hexOf(id) };
}

export class MuxWorld {
  readonly clock = new FakeClock();
  readonly ids: SessionIds;
  readonly losses = new Losses();
  readonly counter: ShareCounter;
  readonly mux: Multiplexer;
  readonly fanout = new FakeFanout((handle) => this.#byHandle.get(handle));
  readonly #byHandle = new Map<number, FakeDownstream>();
  /** Miners that are or were here, newest last. */
  readonly miners: FakeDownstream[] = [];
  readonly upstreams: FakeUpstream[] = [];
  readonly released: number[] = [];
  /** The extranonce layout of miners that join. */
  layout: ExtranonceLayout = WIDEST_LAYOUT;
  /** The worker name of miners that join; `undefined` gives each its own. */
  workerName: string | undefined;
  /** What each job number of ours stands for, and the first number of that job. */
  readonly jobs = new Map<
    number,
    { readonly upstream: FakeUpstream; readonly poolJobId: string; readonly first: number }
  >();
  /** The vardiff settings, for pools where we set the difficulty. */
  rules = vardiffRules();
  #jobNumber = 1000;
  #requestId = 0;

  constructor({ highestSessionId = 0xfffe, graceMs = GRACE_MS }: MuxWorldOptions = {}) {
    this.ids = new SessionIds(this.clock.now, highestSessionId);
    this.counter = new ShareCounter(highestSessionId + 1, this.losses);
    this.mux = new Multiplexer({
      counter: this.counter,
      fanout: this.fanout,
      contradictions: new ContradictionLog(this.clock.now),
      nextJobNumber: () => this.#jobNumber++,
      sizeFound: () => {},
      vardiff: { rules: () => this.rules, remembered: new RememberedDifficulties() },
      releaseSession: (sessionId) => this.#release(sessionId),
      now: this.clock.now,
      realNow: this.clock.now,
      timers: systemTime,
      isNamedByMiners: true,
      graceMs,
    });
  }

  #release(sessionId: number): void {
    const holder = this.miners.findLast((miner) => miner.sessionId === sessionId)!;
    assert.ok(holder.isGone, `session ${sessionId} is still a miner's`);
    for (const upstream of this.upstreams) {
      if (upstream.isLost) continue;
      const where = `session ${sessionId} at ${upstream.name}`;
      assert.ok(!upstream.registered.has(sessionId), `${where} is registered`);
      assert.ok(!upstream.isUnwritten(sessionId), `${where} is free too early`);
      assert.ok(!upstream.knownToPool.has(sessionId), `${where} is known to the pool`);
    }
    this.released.push(sessionId);
    this.ids.release(sessionId);
    this.counter.end(sessionId);
  }

  /** A miner that joins; `undefined` when ids are short. */
  tryJoin(leavesWhenTold = false): FakeDownstream | undefined {
    const sessionId = this.ids.lease();
    if (sessionId === undefined) return undefined;
    this.counter.begin(sessionId);
    const miner = new FakeDownstream(sessionId, this.layout, this.workerName);
    miner.leavesWhenTold = leavesWhenTold;
    const subnet = `10.0.${sessionId % 3}.0/24`;
    miner.origin = this.losses.enter({ software: `sw/${sessionId % 5}`, subnet, account: "" });
    this.miners.push(miner);
    this.#byHandle.set(miner.handle, miner);
    miner.onJob = (job) => this.#noteAgain(job);
    const seat = this.mux.join(miner);
    if (miner.isGone) seat?.leave();
    else {
      miner.seat = seat;
      // As a session does.
      if (miner.isAdmitted) miner.takeNews();
    }
    return miner;
  }

  join(): FakeDownstream {
    return this.tryJoin()!;
  }

  /** A connection that is ready and has a job, not activated yet. */
  ready(name: string, options: FakeUpstreamOptions = {}): FakeUpstream {
    const upstream = this.bare(name, options);
    this.job(upstream, "0", true);
    return upstream;
  }

  /** A connection that is ready, without a job. */
  bare(name: string, options: FakeUpstreamOptions = {}): FakeUpstream {
    const { now } = this.clock;
    const upstream = new FakeUpstream(name, this.mux, { now, ...options });
    upstream.onRegister = (sessionId) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo(coinbaseOf(upstream), upstream.terms.startingDifficulty);
    };
    this.upstreams.push(upstream);
    this.mux.upstreamReady(upstream);
    return upstream;
  }

  /** A connection that serves. */
  active(name: string, options: FakeUpstreamOptions = {}): FakeUpstream {
    const upstream = this.ready(name, options);
    this.activate(upstream);
    return upstream;
  }

  /**
   * A new job of a connection; its number, ours, follows the last one's. One that is not clean
   * comes five seconds after the one before, because miners would not get it earlier.
   */
  job(upstream: FakeUpstream, id: string, isClean = false): void {
    if (!isClean) this.clock.advance(JOB_EVERY_MS);
    this.jobAtOnce(upstream, id, isClean);
  }

  /** The same, without any time between. */
  jobAtOnce(upstream: FakeUpstream, id: string, isClean = false): void {
    this.jobs.set(this.#jobNumber, { upstream, poolJobId: id, first: this.#jobNumber });
    this.mux.jobArrived(upstream, poolJob(id, isClean, coinbaseOf(upstream)));
  }

  /** A miner was given a job again. */
  #noteAgain({ id, coinbase1, poolJobId }: SeenJob): void {
    if (this.jobs.has(id)) return;
    const before = [...this.jobs].findLast(([, job]) =>
      coinbaseOf(job.upstream) === coinbase1 && job.poolJobId === poolJobId
    );
    // A test may have given it past this world.
    if (before !== undefined) this.jobs.set(id, before[1]);
  }

  /** Miners work there from now on. */
  activate(upstream: Upstream): void {
    this.mux.moved(undefined, upstream);
  }

  /** Miners work elsewhere from now on. */
  rest(upstream: Upstream): void {
    this.mux.moved(upstream, undefined);
  }

  /** Checks deadlines, as an account does. */
  tick(): void {
    for (const upstream of this.upstreams) if (!upstream.isLost) upstream.tick();
    this.mux.tick();
  }

  lose(upstream: FakeUpstream): void {
    upstream.isLost = true;
    upstream.stop();
    this.mux.upstreamLost(upstream);
  }

  /** Sends a share for a job; returns its request id and its result, or the error's code. */
  submit(
    miner: FakeDownstream,
    jobId: number = miner.job.id,
    versionBits = 0,
  ): { id: number; receipt: "waiting" | "taken" | "checking" | number } {
    const id = this.#requestId++;
    const receipt = miner.seat!.submit({
      id,
      jobId,
      extranonce2: id,
      extranonce2Digits: 2 * miner.layout.extranonce2Bytes,
      ntime: 0x650d1b20,
      nonce: 7,
      versionBits,
      hasVersionBits: versionBits !== 0,
    });
    return { id, receipt: typeof receipt === "string" ? receipt : receipt.code };
  }
}

/** What marks jobs of a connection. */
export function coinbaseOf(upstream: FakeUpstream): string {
  return hexOf(upstream.name);
}

function hexOf(text: string): string {
  return Array.from(text, (char) => char.charCodeAt(0).toString(16)).join("");
}
