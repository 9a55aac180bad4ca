/**
 * A mux that serves from one imagined pool and records all calls. It fails the test if a session id
 * is returned twice or never.
 */

import assert from "node:assert/strict";
import { formatHex32 } from "../../lib/base/hex.ts";
import type {
  Crowd,
  Downstream,
  EarlyRefusal,
  EarlySender,
  Fanout,
  Mux,
  News,
  Seat,
  ShareReceipt,
} from "../../lib/mux/downstream.ts";
import { REFUSED } from "../../lib/mux/verdict.ts";
import { verdictOf } from "../../lib/pool/agent/verdicts.ts";
import { stratumError } from "../../lib/protocol/stratum/error_code.ts";
import { registeredNames } from "../../lib/protocol/agent/names.ts";
import { formatJobId } from "../../lib/protocol/stratum/job_id.ts";
import { encodeLine, formatNotification } from "../../lib/protocol/stratum/message.ts";
import type { ExtranonceLayout } from "../../lib/mux/terms.ts";
import { WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import type { RequestId } from "../../lib/protocol/stratum/request_id.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";

/** The lines that give one job. */
export interface JobLines {
  /** With the job's own clean flag. */
  readonly line: Uint8Array;
  /** With clean = true, for a miner that has none. */
  readonly cleanLine: Uint8Array;
}

/** A job whose lines are short enough to read: only its name and its clean flag. */
export function shortJob(name: string, isClean = false): JobLines {
  const line = (clean: boolean) =>
    encodeLine(formatNotification("mining.notify", JSON.stringify([name, clean])));
  return { line: line(isClean), cleanLine: line(true) };
}

/** A share in words, its request id left out. */
export function describe({ jobId, extranonce2, ntime, nonce, ...version }: Share): string {
  const bits = version.hasVersionBits ? formatHex32(version.versionBits) : "none";
  return `job ${formatJobId(jobId)}, extranonce2 ${formatHex32(extranonce2)}, ` +
    `time ${formatHex32(ntime)}, nonce ${formatHex32(nonce)}, version bits ${bits}`;
}

/** The imagined pool, when there is one. */
export interface FakePool {
  /** What the pool lets miners roll. */
  readonly mask: number;
  /** The starting difficulty. */
  readonly difficulty: number;
  /** The newest job. */
  readonly job: JobLines | undefined;
}

/** The result of a share; a number is the code of the error with which it is refused. */
export type FakeReceipt = "waiting" | "taken" | number;

function receiptOf(receipt: FakeReceipt): ShareReceipt {
  if (typeof receipt === "string") return receipt;
  const refused = Object.values(REFUSED).find(({ code }) => code === receipt);
  return refused ?? { ...REFUSED.illegal, ...stratumError(receipt) };
}

/** Answers a miner's share as if the pool gave the verdict `status`. */
export function answerShare(miner: Downstream, id: RequestId, status: number): void {
  const verdict = verdictOf(status);
  if (verdict.kind === "accepted") miner.acceptShare(id);
  else miner.rejectShare(id, verdict);
}

/** A mux without pools, for tests of miners' sessions. */
export class FakeMux implements Mux {
  /** The extranonce layout for miners that subscribe. */
  layout: ExtranonceLayout = WIDEST_LAYOUT;
  /** Whether miners that subscribe have to wait. */
  holdsLayouts = false;
  /** What joining miners get at once; without it they are admitted and get nothing. */
  pool: FakePool | undefined;
  /** Whether joining miners wait until {@linkcode FakeMux.serve} is called for them. */
  holdsMiners = false;
  /** The results of the next shares. */
  receipt: FakeReceipt | (() => FakeReceipt) = "waiting";
  /** Whether shares are hashed first: then miners get the answer at the end of the turn. */
  checksShares = false;
  /** The number of our oldest job that is still valid. */
  currentFrom = 0;
  /** Whether there is a connection with the full mask for miners that need it. */
  hasFullMask = false;
  /** How many session ids there are. */
  sessions = 0xffff;
  /** If it returns an error, every call below throws it. */
  fault: ((call: string) => Error | undefined) | undefined;
  /** All calls, in order, as text. */
  readonly calls: string[] = [];
  /** The shares that came to a seat. */
  readonly shares: Share[] = [];
  /** Seated miners, by session id. */
  readonly seated: Map<number, Downstream> = new Map();
  /** Session ids in use. */
  readonly leased: Set<number> = new Set();
  /** The fanout that asks miners to take their news. */
  fanout: Fanout | undefined;
  readonly #told = new WeakMap<Downstream, { difficulty?: number; job?: JobLines }>();
  #nextSession = 0;

  /** The calls since this was last read. */
  takeCalls(): string[] {
    return this.calls.splice(0);
  }

  layoutFor(): ExtranonceLayout {
    return this.layout;
  }

  leaseSession(): number | undefined {
    this.#called("lease");
    if (this.leased.size >= this.sessions) return undefined;
    const sessionId = this.#nextSession++;
    this.leased.add(sessionId);
    return sessionId;
  }

  releaseSession(sessionId: number): void {
    this.#called(`release ${sessionId}`);
    assert.ok(!this.seated.has(sessionId), `session ${sessionId} is released while seated`);
    assert.ok(this.leased.delete(sessionId), `session ${sessionId} is released twice`);
  }

  join(account: string, miner: Downstream): Seat {
    const { sessionId, worker } = miner;
    // As with an agent pool.
    const { workerName, clientAgent } = registeredNames(worker.clientAgent, worker.name);
    this.#called(
      `join session ${sessionId}, account "${account}", worker "${workerName}", ` +
        `agent "${clientAgent}"`,
    );
    assert.ok(this.leased.has(sessionId), `session ${sessionId} is not leased`);
    assert.ok(!this.seated.has(sessionId), `session ${sessionId} joins twice`);
    this.seated.set(sessionId, miner);
    if (!this.holdsMiners) this.#admit(miner);
    return this.#seat(miner);
  }

  countRefused({ leasedId }: EarlySender, reason: EarlyRefusal): void {
    this.#called(`count ${reason} of ${leasedId ?? "nobody"}`);
  }

  /** A miner has a pool to work for from now on. */
  serve(miner: Downstream, pool: FakePool): void {
    this.pool = pool;
    this.#admit(miner);
    this.tell([miner]);
  }

  /** There is news for these miners, or for all. */
  tell(miners: readonly Downstream[] = [...this.seated.values()]): void {
    const crowd: Crowd = { handles: () => miners.map(({ handle }) => handle), isUrgent: false };
    this.fanout?.tell(crowd);
  }

  #admit(miner: Downstream): void {
    if (this.#told.has(miner)) return;
    this.#told.set(miner, {});
    miner.admit();
  }

  /** A job with its difficulty and mask; if there is no job, the difficulty alone, once. */
  #newsFor(miner: Downstream): News | undefined {
    const { pool } = this;
    const told = this.#told.get(miner);
    if (pool === undefined || told === undefined) return undefined;
    const { mask, difficulty, job } = pool;
    const isDifficultyNews = difficulty !== told.difficulty;
    const isJobNews = job !== undefined && job !== told.job;
    if (!isJobNews && (job !== undefined || told.difficulty !== undefined)) return undefined;
    const line = told.job === undefined ? job?.cleanLine : job?.line;
    this.#told.set(miner, { difficulty, ...(job && { job }) });
    return { versionMask: mask, difficulty: isDifficultyNews ? difficulty : undefined, job: line };
  }

  #seat(miner: Downstream): Seat {
    const { sessionId } = miner;
    const maskOfPool = () => this.pool?.mask;
    let isGone = false;
    return {
      suggested: () => {},
      upstreamName: "imagined #1",
      difficulty: undefined,
      get versionMask() {
        return maskOfPool();
      },
      takeNews: () => this.#newsFor(miner),
      askAgain: () => {
        this.#told.set(miner, { difficulty: this.pool!.difficulty });
        return true;
      },
      submit: (share) => {
        this.#called(`submit of ${sessionId}: ${describe(share)}`);
        assert.ok(!isGone, `session ${sessionId} submits after it left`);
        this.shares.push(share);
        const receipt = receiptOf(
          typeof this.receipt === "function" ? this.receipt() : this.receipt,
        );
        if (!this.checksShares) return receipt;
        queueMicrotask(() => miner.shareChecked(share, receipt));
        return "checking";
      },
      isCurrent: (number) => number >= this.currentFrom,
      needFullMask: () => {
        this.#called(`full mask for ${sessionId}`);
        return this.hasFullMask;
      },
      leave: () => {
        assert.ok(!isGone, `session ${sessionId} leaves twice`);
        isGone = true;
        this.seated.delete(sessionId);
        this.leased.delete(sessionId);
        this.#called(`leave ${sessionId}`);
      },
    };
  }

  #called(call: string): void {
    this.calls.push(call);
    const error = this.fault?.(call);
    if (error !== undefined) throw error;
  }
}
