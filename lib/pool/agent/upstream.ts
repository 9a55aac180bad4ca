/**
 * A ready connection to a pool that speaks btcpool's agent protocol: sends shares and workers in
 * frames, receives jobs, difficulties and verdicts.
 */

import { AGENT_EXTRANONCE2_BYTES } from "../../base/agent_pool.ts";
import type { RateClock } from "../../base/attended_clock.ts";
import type { Now } from "../../base/clock.ts";
import type { Terms, Verify } from "../../mux/terms.ts";
import type { PoolJob, UpstreamEvents, Worker } from "../../mux/upstream.ts";
import { areaLog } from "../../observe/log.ts";
import type { PoolMessage } from "../../protocol/agent/message.ts";
import { registeredNames } from "../../protocol/agent/names.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { quote } from "../../protocol/stratum/message.ts";
import type { Share } from "../../protocol/stratum/share.ts";
import type { ReadyUpstream } from "../connection.ts";
import type { Inflow } from "../inflow.ts";
import type { Liveness } from "../liveness.ts";
import { readPoolJob } from "./pool_job.ts";
import { MaskChanges } from "../mask_changes.ts";
import { PoolWatch } from "../pool_watch.ts";
import { type Agreement, parseVersionMask } from "./handshake.ts";
import { SubmitIndexes } from "./indexes.ts";
import type { Outgoing } from "./outgoing.ts";
import { Registry } from "./registry.ts";
import { verdictOf } from "./verdicts.ts";

/**
 * A pool keeps 256 jobs of a connection, and the last three before a clean one (agent.md "Jobs and
 * the coinbase"). We keep one more, since sending a share that the pool then rejects costs less
 * than refusing one that it would accept.
 */
const RETENTION = { jobs: 256, acrossClean: 4, ms: Infinity } as const;

/** The first two of a miner's 4 bytes are zeros (agent.md trap 9). */
const EXTRANONCE = { bytes: AGENT_EXTRANONCE2_BYTES, offset: 2, idBytes: 2 } as const;

/** What an upstream is made of. */
export interface AgentUpstreamParts {
  /** The pool's number; see {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** The name for logs; see {@linkcode Upstream.name}. */
  readonly name: string;
  /** The result of the handshake. */
  readonly agreement: Agreement;
  /** Which of its verdicts btcagent checks by hashing the share; absent for none. */
  readonly verify?: Verify;
  /** Where frames go. */
  readonly outgoing: Pick<Outgoing, "register" | "unregister" | "submit" | "takesRegistrations">;
  /** Decides whether the pool is alive. */
  readonly liveness: Pick<Liveness, "submitted" | "answered" | "isSilent">;
  /** Limits how much the pool sends. */
  readonly inflow: Pick<Inflow, "registered" | "unregistered" | "submitted">;
  /** Gets jobs, difficulties and verdicts. */
  readonly mux: UpstreamEvents;
  /** Monotonic time. */
  readonly now: Now;
  /** The clock that rates of the pool are judged by. */
  readonly rateClock: RateClock;
  /** Ends the connection for this reason. */
  readonly end: (reason: string) => void;
}

/** An agent pool that is ready. */
export class AgentUpstream implements ReadyUpstream {
  readonly poolId: number;
  readonly name: string;
  readonly terms: Terms;
  readonly watch: PoolWatch;
  readonly #parts: AgentUpstreamParts;
  readonly #indexes = new SubmitIndexes();
  readonly #registry: Registry;
  readonly #maskChanges: MaskChanges;
  #versionMask: number;
  #latestJob: Job;
  #isOver = false;

  /** The handshake has just been done. */
  constructor(parts: AgentUpstreamParts) {
    const { poolId, name, agreement, outgoing, now, rateClock, verify = "off" } = parts;
    this.poolId = poolId;
    this.name = name;
    this.terms = {
      extranonce: EXTRANONCE,
      capacity: Infinity,
      startingDifficulty: agreement.difficulty,
      poolDifficulty: agreement.difficulty,
      difficulty: "pool",
      validation: "pool",
      verdicts: agreement.givesVerdicts ? "given" : "assumed",
      verify,
      // In a frame, 0 means the job's own time: the header would differ from the one the miner
      // hashed.
      canSayTimeZero: false,
      retention: RETENTION,
    };
    this.watch = new PoolWatch(now());
    this.#maskChanges = new MaskChanges(rateClock);
    this.#parts = parts;
    this.#registry = new Registry({
      unregister: (sessionId) => {
        parts.inflow.unregistered();
        outgoing.unregister(sessionId);
      },
    });
    this.#versionMask = agreement.versionMask;
    this.#latestJob = agreement.job;
  }

  get versionMask(): number {
    return this.#versionMask;
  }

  get latestJob(): Job {
    return this.#latestJob;
  }

  get isSilent(): boolean {
    return this.#parts.liveness.isSilent;
  }

  /** Only the speed of the line limits registrations. */
  readonly queued = 0;

  get takesWorkers(): boolean {
    return this.#parts.outgoing.takesRegistrations;
  }

  enter({ sessionId, clientAgent, name }: Worker): void {
    if (this.#isOver) return;
    this.#parts.inflow.registered();
    this.#registry.enter(sessionId);
    this.#parts.outgoing.register(sessionId, registeredNames(clientAgent, name));
  }

  leave(sessionId: number, isAwaited: boolean): void {
    if (!this.#isOver) this.#registry.leave(sessionId, isAwaited, this.#parts.now());
  }

  settled(sessionId: number): void {
    if (!this.#isOver) this.#registry.settled(sessionId);
  }

  submit(serial: number, sessionId: number, job: PoolJob, share: Share): true {
    if (this.#isOver) return true;
    const { liveness, inflow, outgoing, mux } = this.#parts;
    outgoing.submit(sessionId, job, share);
    if (this.terms.verdicts !== "given") return true;
    liveness.submitted();
    inflow.submitted();
    const overtaken = this.#indexes.add(serial);
    if (overtaken !== undefined) mux.abandoned(this, overtaken, overtaken);
    return true;
  }

  /** Does nothing: no share ever waits here. */
  withdraw(): void {}

  /** Ends overdue registrations. */
  tick(): void {
    this.#registry.tick(this.#parts.now());
  }

  /** The connection is over: nothing is written or reported any more. */
  stop(): void {
    this.#isOver = true;
  }

  /** The frame that unregisters this session has been written. */
  unregistered(sessionId: number): void {
    this.#parts.mux.forgotten(this, sessionId);
  }

  /** Miners may be registered again. */
  resumed(): void {
    this.#parts.mux.entryResumed(this);
  }

  /** The pool gave these miners another difficulty, from its next job on. */
  difficultyCame(sessionIds: readonly number[], exponent: number): void {
    this.#parts.mux.difficultyChanged(this, sessionIds, 2 ** exponent, false);
  }

  /** Takes any other frame of the pool. */
  frameCame(message: Exclude<PoolMessage, { readonly kind: "setDifficulty" }>): void {
    switch (message.kind) {
      case "verdict":
        return this.#verdictCame(message.index, message.status);
      case "unknown":
        // A newer pool may send commands that we do not know.
        log.debug("Pool {pool} sent a frame with unknown command {command}, skipped", {
          pool: this.name,
          command: message.command,
        });
        return;
      default:
        message satisfies never;
    }
  }

  /**
   * Takes a notification.
   *
   * @throws PoolFault for one that cannot be used.
   */
  notificationCame(method: string, params: readonly unknown[]): void {
    const { agreement, mux, now, end } = this.#parts;
    switch (method) {
      case "mining.notify": {
        const job = readPoolJob(params, agreement.poolExtranonce1);
        this.#latestJob = job;
        this.watch.jobArrived(job, now());
        return mux.jobArrived(this, job);
      }
      case "mining.set_version_mask":
        return this.#maskCame(parseVersionMask(params));
      case "mining.set_difficulty":
        // It is for the connection itself, which never submits; miners' difficulties come in frames
        // (agent.md trap 4).
        return;
      case "client.reconnect":
        // Never reconnect to another host: an attacker that controls the stream must not steer the
        // farm.
        return end("the pool asked for a new connection");
      default:
        log.debug("Pool {pool} sent {method}, ignored", {
          pool: this.name,
          method: quote(method),
        });
    }
  }

  #verdictCame(index: number, status: number): void {
    this.#parts.liveness.answered();
    const serial = this.#indexes.serialOf(index);
    this.#parts.mux.judged(this, serial, serial, verdictOf(status));
  }

  #maskCame(told: number): void {
    const { agreement, mux } = this.#parts;
    const mask = agreement.versionMask === 0 ? 0 : told;
    if (mask === this.#versionMask) return;
    this.#maskChanges.count();
    this.#versionMask = mask;
    mux.versionMaskChanged(this);
  }
}

const log = areaLog("pool");
