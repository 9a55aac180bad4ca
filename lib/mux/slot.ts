/**
 * A place for one upstream connection of an account: the connection, its jobs, the miners that
 * sit there, and the shares it has not judged.
 *
 * A pool gives no verdict for a miner it has been told to forget (agent.md "0x04 Unregister a
 * worker"). So one that goes while shares of it wait stays registered until they are judged, or for
 * {@linkcode FAREWELL_MS}.
 */

import { encodeNotify, type Job, jobTime, jobVersion } from "../protocol/job.ts";
import { formatJobId } from "../protocol/job_id.ts";
import { JobBook } from "./job_book.ts";
import { Ledger } from "./ledger.ts";
import type { JobLines, Upstream } from "./peers.ts";
import { PendingShares } from "./pending_shares.ts";

/** A pool has this long to judge the last shares of a miner that went, in milliseconds. */
export const FAREWELL_MS = 3_000;

/** A miner that went before all its shares were judged. */
interface Farewell<Seat> {
  readonly seat: Seat;
  readonly since: number;
  /** How many shares wait. */
  waiting: number;
  /** Whether the pool was told to forget it. */
  isOver: boolean;
}

/** `Seat` is what the multiplexer keeps of a miner. */
export class Slot<Seat> {
  /** The connection itself. */
  readonly upstream: Upstream;
  /** Jobs shares can be submitted for here. */
  readonly jobs: JobBook = new JobBook();
  /** Shares waiting for this connection's verdict. */
  readonly pending: PendingShares<Seat> = new PendingShares();
  /** Who sits here, by session id. */
  readonly seats: Map<number, Seat> = new Map();
  /** Session ids of miners that left; free once this pool, and any other, was told. */
  readonly leaving: Set<number> = new Set();
  /** By session id. */
  readonly #farewells = new Map<number, Farewell<Seat>>();
  /** How many unregister frames of a session are not written: a miner may come, go and come back. */
  readonly #unwritten = new Map<number, number>();
  /** Shares of this connection. */
  readonly ledger: Ledger = new Ledger();
  /** Whether miners belong here; a spare keeps its jobs without any. */
  isActive = false;
  /** Our number of the last clean job; 0 before the first. */
  cleanFrom = 0;
  /** When the last job came; `undefined` before the first. */
  jobAt: number | undefined;
  /** The last job, with its number and, once a miner needed them, its lines. */
  #latest: { readonly number: number; readonly job: Job; lines?: JobLines } | undefined;

  /** An empty place on a connection that is ready. */
  constructor(upstream: Upstream) {
    this.upstream = upstream;
  }

  /** Our number of the last job; -1 before the first. */
  get latestJobNumber(): number {
    return this.#latest?.number ?? -1;
  }

  /** How many miners sit here. */
  get miners(): number {
    return this.seats.size;
  }

  /** A miner goes, of whom `waiting` shares are not judged: the pool forgets it now or then. */
  dismiss(sessionId: number, waiting: number, time: number): void {
    const seat = this.seats.get(sessionId)!;
    this.seats.delete(sessionId);
    if (waiting > 0) this.#farewells.set(sessionId, { seat, since: time, waiting, isOver: false });
    else this.#unregister(sessionId);
  }

  /**
   * A miner is about to be registered here, maybe again. The pool forgets it first, so that both
   * begin anew with the same difficulty.
   *
   * @returns how many shares of its last stay wait, whose verdicts may be on their way.
   */
  recall(sessionId: number, seat: Seat): number {
    const farewell = this.#farewells.get(sessionId);
    if (farewell?.seat !== seat) return 0;
    this.#farewells.delete(sessionId);
    if (!farewell.isOver) this.#unregister(sessionId);
    return farewell.waiting;
  }

  /** A share of a miner that went has been judged or given up. */
  settled(sessionId: number, seat: Seat): void {
    const farewell = this.#farewells.get(sessionId);
    if (farewell?.seat !== seat || --farewell.waiting > 0) return;
    this.#farewells.delete(sessionId);
    if (!farewell.isOver) this.#unregister(sessionId);
  }

  /** The pool forgets miners whose last shares it has not judged in time. */
  tick(time: number): void {
    for (const [sessionId, farewell] of this.#farewells) {
      if (farewell.isOver || time - farewell.since < FAREWELL_MS) continue;
      farewell.isOver = true;
      this.#unregister(sessionId);
    }
  }

  /** Whether the pool is still to be told to forget this session, or the frame is not written. */
  isToldLater(sessionId: number): boolean {
    return this.#unwritten.has(sessionId) || this.#farewells.get(sessionId)?.isOver === false;
  }

  /** One unregister frame of the session has been written. */
  unregistered(sessionId: number): void {
    const left = this.#unwritten.get(sessionId)! - 1;
    if (left > 0) this.#unwritten.set(sessionId, left);
    else this.#unwritten.delete(sessionId);
  }

  /** Takes a new job under a number of ours, at `time`. */
  setJob(number: number, job: Job, time: number): void {
    this.jobAt = time;
    // Miners that wait for the first job here may still hold one of another connection.
    const isClean = job.isClean || this.#latest === undefined;
    if (isClean) this.cleanFrom = number;
    const version = jobVersion(job);
    this.jobs.add(number, { poolJobId: job.id, ntime: jobTime(job), version }, isClean);
    this.#latest = { number, job: { ...job, isClean } };
  }

  /** The lines of the last job, or `undefined` before the first. Encoded when first asked for. */
  jobLines(): JobLines | undefined {
    const latest = this.#latest;
    if (latest === undefined) return undefined;
    return latest.lines ??= encodeJob(latest.job, formatJobId(latest.number));
  }

  #unregister(sessionId: number): void {
    this.#unwritten.set(sessionId, (this.#unwritten.get(sessionId) ?? 0) + 1);
    this.upstream.unregister(sessionId);
  }
}

function encodeJob(job: Job, id: string): JobLines {
  const cleanLine = encodeNotify(job, id, true);
  return { line: job.isClean ? cleanLine : encodeNotify(job, id, false), cleanLine };
}
