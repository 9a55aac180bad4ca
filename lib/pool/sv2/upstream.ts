/**
 * A ready connection to a Stratum V2 pool: sends shares on one channel for all miners, and receives
 * jobs, targets and verdicts.
 */

import { Allowance } from "../../base/allowance.ts";
import type { RateClock } from "../../base/attended_clock.ts";
import type { Now } from "../../base/clock.ts";
import { formatHex32 } from "../../base/hex.ts";
import { ASKED_MASK } from "../../protocol/stratum/pool_request.ts";
import { type Terms, writeRoom } from "../../mux/terms.ts";
import type { PoolJob, UpstreamEvents, Worker } from "../../mux/upstream.ts";
import { ACCEPTED } from "../../mux/verdict.ts";
import { areaLog } from "../../observe/log.ts";
import { encodeAgentMessage } from "../../protocol/sv2/agent_message.ts";
import type { PoolMessage } from "../../protocol/sv2/pool_message.ts";
import { MAX_SHARE_FRAME_BYTES, writeShare } from "../../protocol/sv2/share.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { quote } from "../../protocol/stratum/message.ts";
import type { Share } from "../../protocol/stratum/share.ts";
import type { ReadyUpstream } from "../connection.ts";
import type { Inflow } from "../inflow.ts";
import type { Liveness } from "../liveness.ts";
import { MaskChanges } from "../mask_changes.ts";
import { MAX_QUEUED, type PacedOutgoing } from "../outgoing.ts";
import { PoolWatch } from "../pool_watch.ts";
import type { ActiveJob, Channel } from "./channel.ts";
import { ANY_TARGET, type Sv2Agreement } from "./handshake.ts";
import type { Notices } from "./notices.ts";
import type { Outstanding } from "./outstanding.ts";
import { ToldHashrate } from "./told_hashrate.ts";
import { isKnownCode, verdictOf } from "./verdicts.ts";
import { WorkerTags } from "./worker_tags.ts";

/** A problem with shares is logged at most once in this time, in milliseconds. */
const ALARM_EVERY_MS = 60_000;

/** Codes without a known meaning are logged once each, up to this number. */
const MOST_LOGGED_CODES = 32;

/** Until the next block, pools accept shares for every job; those before it are worth nothing. */
const RETENTION = { jobs: 64, acrossClean: 0, ms: 240_000 } as const;

/** What an upstream is made of. */
export interface Sv2UpstreamParts {
  /** The pool's number; see {@linkcode Upstream.poolId}. */
  readonly poolId: number;
  /** The name for logs; see {@linkcode Upstream.name}. */
  readonly name: string;
  /** The most miners on this connection; `undefined` for as many as fit. */
  readonly minersPerConnection: number | undefined;
  /** The result of the handshake. */
  readonly agreement: Sv2Agreement;
  /** Whether to name the worker in each share, as soon as the pool agrees. */
  readonly wantsNames: boolean;
  /** Where frames go. */
  readonly outgoing: Pick<PacedOutgoing, "submit" | "send" | "withdraw" | "queued">;
  /** The shares that were sent. */
  readonly outstanding: Outstanding;
  /** Decides whether the pool is alive. */
  readonly liveness: Pick<Liveness, "submitted" | "answered" | "isSilent">;
  /** Limits how much the pool sends. */
  readonly inflow: Pick<Inflow, "registered" | "unregistered" | "submitted">;
  /** Hears of messages without effect. */
  readonly notices: Notices;
  /** Gets jobs, difficulties and verdicts. */
  readonly mux: UpstreamEvents;
  /** Hashes a second of the miners that this connection is for. */
  readonly hashrate: () => number;
  /** Monotonic time. */
  readonly now: Now;
  /** The clock that rates of the pool are judged by. */
  readonly rateClock: RateClock;
  /** Ends the connection for this reason. */
  readonly end: (reason: string) => void;
}

/** A Stratum V2 pool that is ready. */
export class Sv2Upstream implements ReadyUpstream {
  readonly poolId: number;
  readonly name: string;
  readonly terms: Terms;
  readonly watch: PoolWatch;
  readonly takesWorkers = true;
  readonly #parts: Sv2UpstreamParts;
  readonly #tags: WorkerTags | undefined;
  readonly #told: ToldHashrate;
  readonly #maskChanges: MaskChanges;
  readonly #drops = new Allowance(ALARM_EVERY_MS, 1);
  readonly #loggedCodes = new Set<string>();
  readonly #extranonce: Uint8Array;
  /** Where frames of shares are written before they are copied. */
  readonly #frame = new DataView(new ArrayBuffer(MAX_SHARE_FRAME_BYTES));
  /** Miners that left with unjudged shares, and how often each. */
  readonly #leaving = new Map<number, number>();
  #mask: number;
  #latestJob: Job;
  #namesWorkers: boolean;
  #isOver = false;

  /** The handshake has just been done. */
  constructor(parts: Sv2UpstreamParts) {
    const { poolId, name, minersPerConnection, agreement, wantsNames, rateClock } = parts;
    const { channel, room, active, told, namesWorkers } = agreement;
    this.poolId = poolId;
    this.name = name;
    this.terms = {
      extranonce: room,
      capacity: minersPerConnection ?? Infinity,
      startingDifficulty: channel.difficulty,
      poolDifficulty: channel.difficulty,
      difficulty: "vardiff",
      jobsKeepDifficulty: true,
      validation: "here",
      verdicts: "given",
      // Pools may acknowledge shares in runs, the last one only when it is full.
      verdictTimeoutMs: Infinity,
      canSayTimeZero: true,
      retention: RETENTION,
    };
    this.watch = new PoolWatch(parts.now(), true);
    this.#parts = parts;
    this.#maskChanges = new MaskChanges(rateClock);
    this.#tags = wantsNames ? new WorkerTags() : undefined;
    this.#namesWorkers = namesWorkers;
    this.#told = new ToldHashrate(told.hashrate, channel.difficulty, told.at);
    this.#extranonce = new Uint8Array(room.bytes);
    this.#mask = this.#maskOf(active);
    this.#latestJob = active.job;
  }

  /** Its channel. */
  get channel(): Channel {
    return this.#parts.agreement.channel;
  }

  get versionMask(): number {
    return this.#mask;
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

  enter({ sessionId, name }: Worker): void {
    if (this.#isOver) return;
    this.#parts.inflow.registered();
    this.#tags?.enter(sessionId, name);
  }

  leave(sessionId: number, isAwaited: boolean): void {
    if (this.#isOver) return;
    this.#parts.inflow.unregistered();
    this.#tags?.leave(sessionId);
    // It may have left earlier and be back before its shares were judged.
    this.#leaving.set(sessionId, (this.#leaving.get(sessionId) ?? 0) + 1);
    if (!isAwaited) this.settled(sessionId);
  }

  settled(sessionId: number): void {
    const times = this.#leaving.get(sessionId) ?? 0;
    this.#leaving.delete(sessionId);
    this.#tags?.settled(sessionId);
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
    const frame = this.#frameOf(sessionId, job, share, finder);
    const isSent = this.#parts.outgoing.submit(serial, frame, isBlock);
    if (isSent) this.#wentUp();
    return isSent;
  }

  /** The frame of a share. Its sequence number follows when it is written. */
  #frameOf(sessionId: number, job: PoolJob, share: Share, finder: number): Uint8Array {
    writeRoom(this.#extranonce, this.terms.extranonce, sessionId, share.extranonce2);
    const end = writeShare(this.#frame, 0, {
      channelId: this.#parts.agreement.channel.id,
      sequenceNumber: 0,
      jobId: Number(job.poolJobId),
      nonce: share.nonce,
      ntime: share.ntime,
      version: (job.version ^ share.versionBits) >>> 0,
      extranonce: this.#extranonce,
      workerName: this.#namesWorkers ? this.#tags?.of(finder) : undefined,
    });
    return new Uint8Array(this.#frame.buffer.slice(0, end));
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
    if (this.#parts.outstanding.isUsedUp) {
      this.#parts.end("all 2^32 sequence numbers of the connection are used");
    }
  }

  /** Call this several times a second. */
  tick(): void {
    const { now, hashrate: measure, agreement: { channel }, outgoing, end } = this.#parts;
    const time = now();
    if (channel.isJobless(time)) {
      return end("the pool left its block 30 s ago and sent no valid job for the new one since");
    }
    const hashrate = measure();
    if (!this.#told.takeChange(hashrate, channel.difficulty, time)) return;
    outgoing.send(encodeAgentMessage({
      kind: "updateChannel",
      channelId: channel.id,
      nominalHashRate: hashrate,
      maxTarget: ANY_TARGET,
    }));
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

  /** The pool accepted shares. */
  accepted(first: number, last: number): void {
    this.#parts.mux.judged(this, first, last, ACCEPTED);
  }

  /** A share will have no verdict any more. */
  forgotten(serial: number): void {
    this.#parts.mux.abandoned(this, serial, serial);
  }

  /** The pool sent a message. @throws PoolFault if it cannot be used any more. */
  messageCame(message: PoolMessage): void {
    const { agreement: { channel }, notices, now, end } = this.#parts;
    switch (message.kind) {
      case "submitSharesSuccess": {
        const { channelId, lastSequenceNumber, acceptedCount } = message;
        if (channelId !== channel.id) return this.#ofAnother(message.kind, channelId);
        return this.#acceptedUpTo(lastSequenceNumber, acceptedCount);
      }
      case "submitSharesError": {
        const { channelId, sequenceNumber, errorCode } = message;
        if (channelId !== channel.id) return this.#ofAnother(message.kind, channelId);
        return this.#refused(sequenceNumber, errorCode);
      }
      case "closeChannel":
        if (!channel.isFor(message.channelId)) {
          return this.#ofAnother(message.kind, message.channelId);
        }
        return end(`the pool closed the channel: ${quote(message.reasonCode)}`);
      case "updateChannelError":
        return notices.add(
          "message",
          `it refuses the hashrate of the channel: ${quote(message.errorCode)}`,
        );
      case "channelEndpointChanged":
        // Another program serves the channel: it has agreed to nothing.
        if (channel.isFor(message.channelId)) this.#namesWorkers = false;
        return;
      case "requestExtensionsSuccess":
        // Late, but from now on each share has to have a name.
        if (this.#tags !== undefined) this.#namesWorkers = this.#tags.isGranted(message);
        return;
      case "newExtendedMiningJob":
      case "setNewPrevHash":
      case "setTarget":
      case "setExtranoncePrefix":
      case "setGroupChannel": {
        const news = channel.receive(message, now());
        if (news === "difficulty") this.#difficultyCame();
        else if (news !== undefined) this.#jobCame(news);
        return;
      }
      default:
        return notices.add("message", `${describe(message)} came`);
    }
  }

  #ofAnother(kind: string, channelId: number): void {
    const { notices, agreement: { channel } } = this.#parts;
    notices.add("message", `${kind} came for channel ${channelId}, ours is ${channel.id}`);
  }

  #acceptedUpTo(last: number, count: number): void {
    const { outstanding, liveness, mux, notices } = this.#parts;
    liveness.answered();
    const before = outstanding.acceptedCount;
    const difference = outstanding.acceptedUpTo(last, count);
    const accepted = outstanding.acceptedCount - before;
    if (accepted > 0) this.watch.record.acknowledged(accepted);
    if (difference === undefined) {
      notices.add("verdict", `it accepts shares up to number ${last}, which was not sent`);
      mux.unexplained(this, 1);
    } else if (difference > 0) {
      notices.add("verdict", `it accepts ${count} shares up to number ${last}, we count otherwise`);
      mux.unexplained(this, difference);
    }
  }

  #refused(sequence: number, errorCode: string): void {
    const { outstanding, liveness, mux, notices } = this.#parts;
    liveness.answered();
    this.#noteCode(errorCode);
    const share = outstanding.refused(sequence);
    if (share === undefined) {
      notices.add("verdict", `it refuses share ${sequence}, which was not sent`);
      return mux.unexplained(this, 1);
    }
    if (share.isRepeated) {
      notices.add("verdict", `it refuses share ${sequence} after another verdict on it`);
    }
    // For a share that was judged before, the mux counts the second verdict apart.
    mux.judged(this, share.serial, share.serial, verdictOf(errorCode));
  }

  #noteCode(errorCode: string): void {
    if (isKnownCode(errorCode) || this.#loggedCodes.has(errorCode)) return;
    if (this.#loggedCodes.size >= MOST_LOGGED_CODES) return;
    this.#loggedCodes.add(errorCode);
    log.warn("Pool {pool} refuses shares with a code that btcagent does not know: {code}", {
      pool: this.name,
      code: quote(errorCode),
    });
  }

  #difficultyCame(): void {
    const { mux, agreement: { channel } } = this.#parts;
    mux.difficultyChanged(this, "all", channel.difficulty, false);
  }

  #jobCame(active: ActiveJob): void {
    const { mux, now } = this.#parts;
    const mask = this.#maskOf(active);
    if (mask !== this.#mask) {
      this.#maskChanges.count();
      this.#mask = mask;
    }
    this.#latestJob = active.job;
    this.watch.jobArrived(active.job, now());
    mux.jobArrived(this, active.job);
  }

  #maskOf({ isVersionRollingAllowed }: ActiveJob): number {
    return this.#parts.agreement.rollsVersions && isVersionRollingAllowed ? ASKED_MASK : 0;
  }
}

/** A message in a word. */
function describe(message: PoolMessage): string {
  if (message.kind !== "unknown") return message.kind;
  const { extension, type } = message;
  return `the unknown message 0x${formatHex32(type).slice(-2)} of extension ${extension}`;
}

const log = areaLog("pool");
