/**
 * A ready connection to an ordinary Stratum pool: sends shares, under one name or the workers'
 * names, and receives jobs, difficulties and verdicts.
 */

import { counted } from "../../base/counted.ts";
import { Allowance } from "../../base/allowance.ts";
import type { RateClock } from "../../base/attended_clock.ts";
import type { Now } from "../../base/clock.ts";
import type { Terms } from "../../mux/terms.ts";
import type { PoolJob, UpstreamEvents, Worker } from "../../mux/upstream.ts";
import type { Rejected } from "../../mux/verdict.ts";
import { areaLog } from "../../observe/log.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { agreedMask, type PoolAnswer } from "../../protocol/stratum/pool_message.ts";
import {
  ASKED_MASK,
  FIRST_SUBMIT_ID,
  REQUEST_ID,
  submitAs,
  submitRequest,
} from "../../protocol/stratum/pool_request.ts";
import type { Share } from "../../protocol/stratum/share.ts";
import type { ReadyUpstream } from "../connection.ts";
import type { Inflow } from "../inflow.ts";
import type { Liveness } from "../liveness.ts";
import { MaskChanges } from "../mask_changes.ts";
import { MAX_QUEUED } from "../outgoing.ts";
import { PoolWatch } from "../pool_watch.ts";
import type { Courtesies } from "./courtesies.ts";
import type { StratumAgreement } from "./handshake.ts";
import type { Outgoing } from "./outgoing.ts";
import { PoolJobs } from "./pool_jobs.ts";
import { extranonce2Text } from "./room.ts";
import { judgementOf } from "./verdicts.ts";
import type { WorkerLogins } from "./worker_logins.ts";

/**
 * How many unjudged blocks are kept to be sent again, the latest: on a test network there are many.
 */
const MOST_BLOCKS = 16;

/** A problem with shares is logged at most once in this time, in milliseconds. */
const ALARM_EVERY_MS = 60_000;

/**
 * Public pools forget a job about five minutes after the next, and close the connection over a
 * share for it (pools.md trap 2). After a clean job only blocks go up for older ones.
 */
const RETENTION = { jobs: 256, acrossClean: 0, ms: 240_000 } as const;

/**
 * Fewer jobs for a connection of one worker: there may be thousands, and a job takes over a
 * kilobyte.
 */
const OWN_RETENTION = { ...RETENTION, jobs: 16 } as const;

/** What an upstream is made of. */
export interface StratumUpstreamParts {
  /** The pool's number; see {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** The name for logs; see {@linkcode Upstream.name}. */
  readonly name: string;
  /** The authorized name; all shares are sent under it, except those of named workers. */
  readonly user: string;
  /** As in {@linkcode PoolConnectionOptions.isOfOneWorker}. */
  readonly isOfOneWorker: boolean;
  /** The most miners on this connection; `undefined` for as many as fit. */
  readonly minersPerConnection: number | undefined;
  /** The result of the handshake. */
  readonly agreement: StratumAgreement;
  /** Where submits go. */
  readonly outgoing: Pick<Outgoing, "submitLine" | "withdraw" | "queued">;
  /** Decides whether the pool is alive. */
  readonly liveness: Pick<Liveness, "submitted" | "answered" | "isSilent">;
  /** Limits how much the pool sends. */
  readonly inflow: Pick<Inflow, "registered" | "unregistered" | "submitted">;
  /** Handles messages that have nothing to do with work. */
  readonly courtesies: Pick<Courtesies, "ignore">;
  /** Authorizes workers by name; `undefined` if all shares are sent under the user. */
  readonly logins: WorkerLogins | undefined;
  /** Gets jobs, difficulties and verdicts. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: Now;
  /** The clock that rates of the pool are judged by. */
  readonly rateClock: RateClock;
  /** Ends the connection for this reason. */
  readonly end: (reason: string) => void;
}

/** An ordinary Stratum pool that is ready. */
export class StratumUpstream implements ReadyUpstream {
  readonly poolId: number;
  readonly name: string;
  readonly terms: Terms;
  readonly watch: PoolWatch;
  readonly takesWorkers = true;
  readonly #parts: StratumUpstreamParts;
  readonly #userJson: string;
  readonly #jobs: PoolJobs;
  /** Miners that left with unjudged shares, and how often each. */
  readonly #leaving = new Map<number, number>();
  readonly #maskChanges: MaskChanges;
  readonly #alarms = new Allowance(ALARM_EVERY_MS, 1);
  readonly #drops = new Allowance(ALARM_EVERY_MS, 1);
  /** Bits that may be rolled; `undefined` as long as the pool has not agreed to version rolling. */
  #mask: number | undefined;
  #difficulty: number;
  #latestJob: Job;
  #isOver = false;
  /** Blocks under a worker's name that have no verdict, by serial: the pool may refuse the name. */
  readonly #namedBlocks = new Map<number, string>();

  /** The handshake has just been done. @throws PoolFault `job-too-long`. */
  constructor(parts: StratumUpstreamParts) {
    const { poolId, name, minersPerConnection, isOfOneWorker, agreement, rateClock } = parts;
    this.poolId = poolId;
    this.name = name;
    this.terms = {
      extranonce: agreement.room,
      capacity: minersPerConnection ?? Infinity,
      startingDifficulty: agreement.difficulty,
      poolDifficulty: agreement.difficulty,
      difficulty: isOfOneWorker ? "passed" : "vardiff",
      validation: "here",
      verdicts: "given",
      canSayTimeZero: true,
      retention: isOfOneWorker ? OWN_RETENTION : RETENTION,
    };
    this.watch = new PoolWatch(parts.now());
    this.#maskChanges = new MaskChanges(rateClock);
    this.#parts = parts;
    this.#userJson = JSON.stringify(parts.user);
    this.#mask = agreement.versionMask;
    this.#difficulty = agreement.difficulty;
    this.#jobs = new PoolJobs(agreement.extranonce1);
    this.#latestJob = this.#jobs.next(agreement.job);
  }

  get versionMask(): number {
    return this.#mask ?? 0;
  }

  get queued(): number {
    return this.#parts.outgoing.queued;
  }

  get latestJob(): Job {
    return this.#latestJob;
  }

  get isSilent(): boolean {
    return this.#parts.liveness.isSilent;
  }

  enter(worker: Worker): void {
    if (this.#isOver) return;
    this.#parts.inflow.registered();
    this.#parts.logins?.enter(worker);
  }

  leave(sessionId: number, isAwaited: boolean): void {
    if (this.#isOver) return;
    this.#parts.inflow.unregistered();
    this.#parts.logins?.leave(sessionId);
    // It may have left earlier and be back before its shares were judged.
    this.#leaving.set(sessionId, (this.#leaving.get(sessionId) ?? 0) + 1);
    if (!isAwaited) this.settled(sessionId);
  }

  settled(sessionId: number): void {
    const times = this.#leaving.get(sessionId) ?? 0;
    this.#leaving.delete(sessionId);
    for (let i = 0; i < times && !this.#isOver; i++) this.#parts.mux.forgotten(this, sessionId);
  }

  submit(
    serial: number,
    sessionId: number,
    job: PoolJob,
    share: Share,
    isBlock: boolean,
    finder: number = sessionId,
  ): boolean {
    // It is not reported: the mux is about to end this share with all others.
    if (this.#isOver) return true;
    const line = submitRequest({
      id: FIRST_SUBMIT_ID + serial,
      workerJson: this.#parts.logins?.nameOf(finder) ?? this.#userJson,
      poolJobId: job.poolJobId,
      extranonce2: extranonce2Text(this.terms.extranonce, sessionId, share.extranonce2),
      ntime: share.ntime,
      nonce: share.nonce,
      versionBits: this.#mask === undefined ? undefined : share.versionBits,
    });
    if (isBlock && this.#parts.logins !== undefined) this.#noteBlock(serial, line);
    const isSent = this.#parts.outgoing.submitLine(serial, line, isBlock);
    if (isSent) this.#wentUp();
    return isSent;
  }

  #noteBlock(serial: number, line: string): void {
    if (this.#namedBlocks.size >= MOST_BLOCKS) {
      this.#namedBlocks.delete(this.#namedBlocks.keys().next().value!);
    }
    this.#namedBlocks.set(serial, line);
  }

  withdraw(serials: ReadonlySet<number>): void {
    this.#parts.outgoing.withdraw(serials);
  }

  /** A submit that waited was sent. */
  sent(serial: number): void {
    this.#wentUp();
    this.#parts.mux.sent(this, serial);
  }

  #wentUp(): void {
    this.#parts.liveness.submitted();
    this.#parts.inflow.submitted();
  }

  /** Call this several times a second. */
  tick(): void {
    this.#parts.logins?.tick();
  }

  /** Everything that the pool sent until `time` has been handled. */
  heard(time: number): void {
    this.#parts.logins?.heard(time);
  }

  /** The connection is over: nothing is written or reported any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** A submit was given up before it was written. */
  abandoned(serial: number): void {
    const { mux, now } = this.#parts;
    mux.abandoned(this, serial, serial);
    if (!this.#drops.take(now())) return;
    log.warn(
      "Pool {pool} reads shares too slowly: dropped the oldest of {queued} that wait; raise " +
        "the difficulty, or use another pool",
      { pool: this.name, queued: MAX_QUEUED },
    );
  }

  /** The pool answered a request. */
  answerCame(answer: PoolAnswer): void {
    const { mux, liveness, courtesies, logins } = this.#parts;
    if (logins?.answered(answer)) return;
    if (answer.id === REQUEST_ID.configure) {
      const mask = agreedMask(answer);
      if (mask !== undefined && this.#mask === undefined) this.#changeMask(mask);
      return;
    }
    if (answer.id === undefined || answer.id < FIRST_SUBMIT_ID) {
      // The rest of the handshake: some pools answer a suggested difficulty.
      if (answer.id !== REQUEST_ID.suggest) courtesies.ignore("found an answer without a request");
      return;
    }
    liveness.answered();
    const serial = answer.id - FIRST_SUBMIT_ID;
    const { verdict, isOurFault } = judgementOf(answer);
    const block = this.#namedBlocks.get(serial);
    this.#namedBlocks.delete(serial);
    if (isOurFault) {
      const mayBeName = logins?.shareRefused(verdict) === true;
      // Send it again, once the pool has accepted the user again.
      if (mayBeName && block !== undefined) return this.#submitAsUser(serial, block);
      if (!mayBeName) this.#alarm(verdict);
    }
    mux.judged(this, serial, serial, verdict);
  }

  #submitAsUser(serial: number, block: string): void {
    this.#parts.outgoing.submitLine(serial, submitAs(block, this.#userJson), true);
  }

  /** The pool sent a job. @throws PoolFault `job-too-long`. */
  jobCame(sent: Job): void {
    const { mux, now } = this.#parts;
    const job = this.#jobs.next(sent);
    this.#latestJob = job;
    this.watch.jobArrived(job, now());
    mux.jobArrived(this, job);
  }

  /**
   * The pool changed its difficulty; `isAlone` as in {@linkcode UpstreamEvents.difficultyChanged}.
   */
  difficultyCame(difficulty: number, isAlone: boolean): void {
    if (difficulty === this.#difficulty) return;
    this.#difficulty = difficulty;
    this.#parts.mux.difficultyChanged(this, "all", difficulty, isAlone);
  }

  /** The pool changed its version mask. @throws PoolFault `version-mask-flips`. */
  maskCame(told: number): void {
    // Without an agreement no version bits are sent, whatever the pool says later.
    if (this.#mask !== undefined) this.#changeMask(told);
  }

  /** The pool gave another extranonce1, which counts from its next job on. */
  extranonceCame(extranonce1: string, extranonce2Bytes: unknown): void {
    const { bytes } = this.terms.extranonce;
    if (extranonce2Bytes !== undefined && extranonce2Bytes !== bytes) {
      // The handshake fixed the places of the miners' extranonces.
      const found = typeof extranonce2Bytes === "number" ? extranonce2Bytes : "something else";
      return this.#parts.end(
        `the pool changed the size of extranonce2 from ${counted(bytes, "byte")} to ${found}`,
      );
    }
    this.#jobs.extranonceCame(extranonce1);
  }

  #changeMask(told: number): void {
    const mask = told & ASKED_MASK;
    const before = this.versionMask;
    if (mask === this.#mask) return;
    this.#maskChanges.count();
    this.#mask = mask;
    if (mask !== before) this.#parts.mux.versionMaskChanged(this);
  }

  /** Logs an error for a refusal of our name or login: no share earns anything. */
  #alarm({ poolCode, poolText }: Rejected): void {
    // For the connection of a single worker its owner logs it, once for all.
    if (this.#parts.isOfOneWorker || !this.#alarms.take(this.#parts.now())) return;
    log.error(
      "Pool {pool} accepts no shares under the name {user}: it answers {code} {text}; check " +
        "the user's name at the pool",
      { pool: this.name, user: this.#parts.user, code: poolCode, text: poolText },
    );
  }
}

const log = areaLog("pool");
