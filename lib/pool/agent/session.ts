/**
 * One connection to a pool that speaks the agent protocol: dial, handshake, then frames and lines
 * in, frames out.
 *
 * Whatever goes wrong, with the socket or with what the pool says, ends this session once, with a
 * reason.
 */

import { Allowance } from "../../base/allowance.ts";
import type { RateClock } from "../../base/attended_clock.ts";
import type { Now } from "../../base/clock.ts";
import type { PoolJob, ShareFate, Upstream, UpstreamEvents } from "../../mux/peers.ts";
import type { Connection, Dial, PoolAddress } from "../../net/pools/connection.ts";
import { reportFault } from "../../observe/fault.ts";
import { areaLog } from "../../observe/log.ts";
import { decodePoolFrame, type PoolMessage } from "../../protocol/agent/message.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { PoolStreamDecoder } from "../../protocol/agent/stream.ts";
import type { Share } from "../../protocol/stratum/share.ts";
import {
  decodePoolLine,
  formatRequest,
  quote,
  type StratumMessage,
} from "../../protocol/stratum/message.ts";
import { PoolFault, ProtocolViolation } from "../../base/violation.ts";
import type { RegisteredNames } from "../../protocol/stratum/worker_name.ts";
import { type Agreement, type Introduction, parseVersionMask, PoolHandshake } from "./handshake.ts";
import { WorkRecord } from "../half_dead.ts";
import { Inflow } from "../inflow.ts";
import { Liveness } from "../liveness.ts";
import { Outgoing, WINDOW_QUESTION } from "./outgoing.ts";
import { readPoolJob } from "../pool_job.ts";
import { RefusalWatch } from "../refusal_watch.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/**
 * How much is done of a pool's stream before everybody else has a turn: messages and miners named,
 * each of which may be a line to a miner, and bytes. One read may hold 1,600 verdicts.
 */
const WORK_PER_TURN = 256;

/** Reading this many bytes of JSON takes as long as a line to a miner. */
const BYTES_OF_WORK = 256;

/** A pool late with authorize ends silent connections (agent.md "Time-outs and closing"). */
const HANDSHAKE_PROBE_MS = 5_000;

/** A pool that changes its version mask more often is left. */
const MASK_CHANGES_A_MINUTE = 6;

/** What a session is made of. */
export interface PoolSessionOptions {
  /** For logs: `host:port #3`. */
  readonly name: string;
  /** The pool's number. */
  readonly pool: number;
  /** Where the pool is. */
  readonly address: PoolAddress;
  /** Who we are. */
  readonly introduction: Introduction;
  /** Opens the connection. */
  readonly dial: Dial;
  /** Monotonic time, for judging the pool. */
  readonly now: Now;
  /** What rates of the pool are judged by. */
  readonly rateClock: RateClock;
  /** Dialling and handshake together may take this long, in milliseconds. */
  readonly handshakeTimeoutMs: number;
  /** A pool silent for this long is dead, in milliseconds; it is probed at half of it. */
  readonly readTimeoutMs: number;
  /** Longest wait of a share for company, in milliseconds. */
  readonly shareWindowMs: number;
  /** Hears jobs, difficulties and verdicts once the session is ready. */
  readonly mux: UpstreamEvents;
  /** Hears when the session is ready and when it is over. */
  readonly owner: PoolSessionOwner;
}

/** Who keeps sessions. */
export interface PoolSessionOwner {
  /** The handshake is done; jobs and the rest follow to the mux. */
  sessionReady(session: PoolSession): void;
  /**
   * The session is over; comes exactly once, unless it was closed from here. `code` is that of the
   * pool's fault, if it was one.
   */
  sessionEnded(session: PoolSession, reason: string, code: string | undefined): void;
}

type DifficultyChange = Extract<PoolMessage, { readonly kind: "setDifficulty" }>;

type Stage = "dialling" | "handshake" | "ready" | "ended";

/** See the head of this file. */
export class PoolSession implements Upstream {
  readonly name: string;
  readonly pool: number;
  readonly #options: PoolSessionOptions;
  readonly #abort = new AbortController();
  readonly #handshake: PoolHandshake;
  readonly #decoder = new PoolStreamDecoder(PoolFault);
  readonly #openedAt: number;
  #stage: Stage = "dialling";
  #connection: Connection | undefined;
  #outgoing: Outgoing | undefined;
  #agreement: Agreement | undefined;
  #versionMask = 0;
  readonly #maskChanges = new Allowance(60_000 / MASK_CHANGES_A_MINUTE, MASK_CHANGES_A_MINUTE);
  #latestJob: Job | undefined;
  /** When a question last went out that only keeps the handshake alive. */
  #probedAt: number;
  /** When the handshake began. */
  #askedAt = 0;
  readonly #liveness: Liveness;
  readonly #inflow: Inflow;
  /** How often most of its verdicts are refusals of one kind. */
  readonly refusals = new RefusalWatch();
  #workRecord: WorkRecord | undefined;
  /** What was done in this turn. */
  #work = 0;
  #bytesRead = 0;
  #framesRead = 0;

  /** Starts dialling. Reports to its owner and the mux, and never throws. */
  constructor(options: PoolSessionOptions) {
    this.name = options.name;
    this.pool = options.pool;
    this.#options = options;
    this.#handshake = new PoolHandshake(options.introduction);
    this.#openedAt = this.#probedAt = options.now();
    this.#liveness = new Liveness(options.readTimeoutMs, this.#openedAt);
    this.#inflow = new Inflow(options.rateClock.realNow());
    this.#run();
  }

  get startingDifficulty(): number {
    return this.#agreement!.difficulty;
  }

  get versionMask(): number {
    return this.#versionMask;
  }

  get shareFate(): ShareFate {
    return this.#agreement!.givesVerdicts ? "judged" : "assumed";
  }

  /** The newest job, once it is ready. */
  get latestJob(): Job {
    return this.#latestJob!;
  }

  /** What it did of a pool's work, once it is ready. */
  get workRecord(): WorkRecord {
    return this.#workRecord!;
  }

  /** Whether it leaves a question unanswered and says nothing else: miners must not be moved here. */
  get isSilent(): boolean {
    return this.#liveness.isSilent;
  }

  /** Bytes read from the pool so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Bytes given to the kernel for the pool so far. */
  get bytesWritten(): number {
    return this.#outgoing?.bytesWritten ?? 0;
  }

  /** Bytes for the pool that the kernel has not taken. */
  get waitingBytes(): number {
    return this.#outgoing?.waitingBytes ?? 0;
  }

  /** Frames read from the pool so far. */
  get framesRead(): number {
    return this.#framesRead;
  }

  /** Frames taken for the pool so far; the last may still wait to be written. */
  get framesWritten(): number {
    return this.#outgoing?.frames ?? 0;
  }

  get takesRegistrations(): boolean {
    return this.#outgoing?.takesRegistrations ?? false;
  }

  register(sessionId: number, names: RegisteredNames): void {
    if (this.#stage === "ended") return;
    this.#inflow.registered();
    this.#outgoing!.register(sessionId, names);
  }

  unregister(sessionId: number): void {
    if (this.#stage === "ended") return;
    this.#inflow.unregistered();
    this.#outgoing!.unregister(sessionId);
  }

  submit(sessionId: number, job: PoolJob, share: Share): number {
    if (this.#stage === "ended") return 0;
    if (this.#agreement!.givesVerdicts) {
      this.#liveness.submitted();
      this.#inflow.submitted();
      this.#workRecord!.submitted(this.#options.now());
    }
    return this.#outgoing!.submit(sessionId, job, share);
  }

  /** Writes out shares that wait for company. */
  flush(): void {
    this.#outgoing?.flush();
  }

  /** Ends what is overdue and probes a silent pool. To be called several times a second. */
  tick(): void {
    const { now, handshakeTimeoutMs } = this.#options;
    const time = now();
    if (this.#stage === "dialling" || this.#stage === "handshake") {
      if (time - this.#openedAt >= handshakeTimeoutMs) {
        const missing = this.#stage === "dialling" ? "a connection" : this.#handshake.waitingFor;
        this.#end(`no answer: waited ${handshakeTimeoutMs / 1000} s for ${missing}`);
      } else if (this.#stage === "handshake" && time - this.#probedAt >= HANDSHAKE_PROBE_MS) {
        this.#probe(time);
      }
      return;
    }
    if (this.#stage !== "ready") return;
    this.#outgoing!.tick();
    const verdict = this.#liveness.check(time, this.bytesWritten, this.waitingBytes);
    if (verdict === "probe") this.#probe(time);
    else if (verdict !== undefined) this.#end(verdict);
  }

  /** Closes the connection. Nothing is reported any more. */
  close(): void {
    if (this.#stage === "ended") return;
    this.#stage = "ended";
    this.#abort.abort();
    this.#outgoing?.stop();
    this.#connection?.close();
  }

  /** The whole life of the connection; whatever it throws is the reason of its end. */
  async #run(): Promise<void> {
    try {
      const { dial, address } = this.#options;
      const connection = await dial(address, this.#abort.signal);
      if (this.#isEnded()) return connection.close();
      this.#opened(connection);
      const buffer = new Uint8Array(READ_BUFFER_BYTES);
      while (!this.#isEnded()) {
        const count = await connection.read(buffer);
        // It may have been closed between the coming of the bytes and our turn.
        if (this.#isEnded()) return;
        if (count === null) return this.#end("the pool closed the connection");
        await this.#receive(buffer.subarray(0, count));
      }
    } catch (error) {
      this.#end(endReason(error), error instanceof ProtocolViolation ? error.code : undefined);
    }
  }

  /** A question of its own, since the stage changes behind the compiler's back. */
  #isEnded(): boolean {
    return this.#stage === "ended";
  }

  #opened(connection: Connection): void {
    this.#stage = "handshake";
    this.#connection = connection;
    const { shareWindowMs, now } = this.#options;
    this.#outgoing = new Outgoing(connection, shareWindowMs, now, {
      unregistered: (sessionId) => this.#options.mux.sessionUnregistered(this, sessionId),
      failed: (error) => this.#end(endReason(error)),
      stalled: (waitingBytes) => this.#end(`stalled: ${waitingBytes} bytes wait for it`),
      resumed: () => this.#options.mux.registrationsResumed(this),
    });
    this.#askedAt = now();
    this.#outgoing.sendLines(this.#handshake.begin());
  }

  /** Takes in what came, in turns; nothing more is read meanwhile, so all stays in order. */
  async #receive(bytes: Uint8Array): Promise<void> {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    const awayMs = rateClock.awayMs();
    if (this.#bytesRead === 0) this.#outgoing!.heardAfter(now() - this.#askedAt);
    this.#bytesRead += bytes.length;
    this.#liveness.received(now());
    this.#inflow.read(bytes.length, time, awayMs);
    this.#work += bytes.length / BYTES_OF_WORK;
    this.#decoder.push(bytes);
    for (let piece = this.#decoder.next(); piece; piece = this.#decoder.next()) {
      this.#inflow.message(time, awayMs);
      if (piece.kind === "line") {
        this.#receiveLine(decodePoolLine(piece.bytes));
      } else {
        this.#framesRead++;
        const message = decodePoolFrame(piece.bytes);
        if (message.kind === "setDifficulty") await this.#receiveDifficulty(message);
        else this.#receiveFrame(message);
      }
      this.#work++;
      if (this.#work >= WORK_PER_TURN) await this.#nextTurn();
      if (this.#isEnded()) return;
    }
  }

  /** Has everybody else take their turn. */
  #nextTurn(): Promise<void> {
    this.#work = 0;
    return new Promise((resolve) => void setImmediate(resolve));
  }

  /** A frame may name every miner there is. */
  async #receiveDifficulty({ exponent, sessionIds }: DifficultyChange): Promise<void> {
    if (this.#stage !== "ready") return;
    for (let at = 0; at === 0 || at < sessionIds.length; at += WORK_PER_TURN) {
      const some = sessionIds.slice(at, at + WORK_PER_TURN);
      this.#options.mux.difficultyChanged(this, some, 2 ** exponent);
      this.#work += some.length;
      if (this.#work >= WORK_PER_TURN) await this.#nextTurn();
      if (this.#isEnded()) return;
    }
  }

  #receiveFrame(message: Exclude<PoolMessage, DifficultyChange>): void {
    if (this.#stage !== "ready") return;
    switch (message.kind) {
      case "verdict":
        return this.#receiveVerdict(message.index, message.status);
      case "unknown":
        // A newer pool may say more than we know.
        log.debug("Pool {pool} sent a frame with unknown command {command}, skipped", {
          pool: this.name,
          command: message.command,
        });
        return;
      default:
        message satisfies never;
    }
  }

  #receiveVerdict(index: number, status: number): void {
    const { mux, now } = this.#options;
    this.#liveness.answered();
    const sessionId = mux.verdictArrived(this, index, status);
    // A verdict nobody waits for is no work.
    if (sessionId === undefined) return;
    const time = now();
    this.#workRecord!.judged(sessionId, status, time);
    this.refusals.judged(sessionId, status, time);
  }

  #receiveLine(message: StratumMessage): void {
    if (this.#stage === "handshake") {
      this.#outgoing!.sendLines(this.#handshake.receive(message));
      const agreement = this.#handshake.agreement;
      if (agreement !== undefined) this.#ready(agreement);
    } else if (message.kind === "request") {
      this.#receiveNotification(message.method, message.params);
    } else if (message.kind === "reply") {
      this.#liveness.answered();
      if (message.id === `"${WINDOW_QUESTION}"`) this.#outgoing!.answered();
    }
  }

  #receiveNotification(method: string, params: readonly unknown[]): void {
    const { mux } = this.#options;
    switch (method) {
      case "mining.notify": {
        const job = readPoolJob(params, this.#agreement!.poolExtranonce1);
        this.#latestJob = job;
        this.#workRecord!.jobArrived(this.#options.now());
        return mux.jobArrived(this, job);
      }
      case "mining.set_version_mask":
        return this.#receiveVersionMask(parseVersionMask(params));
      case "mining.set_difficulty":
        // Of the connection itself, which never submits; miners' come in frames (agent.md trap 4).
        return;
      case "client.reconnect":
        // Never to another host: who controls the stream must not steer the farm.
        return this.#end("the pool asked for a new connection");
      default:
        log.debug("Pool {pool} sent {method}, ignored", {
          pool: this.name,
          method: quote(method),
        });
    }
  }

  /** Pools tell it once, after the handshake; every change of it costs each miner a job. */
  #receiveVersionMask(told: number): void {
    const mask = this.#agreement!.versionMask === 0 ? 0 : told;
    if (mask === this.#versionMask) return;
    const { rateClock } = this.#options;
    if (!this.#maskChanges.take(rateClock.realNow(), rateClock.awayMs())) {
      throw new PoolFault(
        "version-mask-flips",
        "Cannot follow this pool: it has changed its version mask more than " +
          `${MASK_CHANGES_A_MINUTE} times in a minute; ask the pool what it means by that`,
      );
    }
    this.#versionMask = mask;
    this.#options.mux.versionMaskChanged(this);
  }

  #ready(agreement: Agreement): void {
    this.#latestJob = agreement.job;
    this.#agreement = agreement;
    this.#versionMask = agreement.versionMask;
    this.#workRecord = new WorkRecord(this.#options.now());
    this.#stage = "ready";
    this.#options.owner.sessionReady(this);
  }

  #probe(time: number): void {
    this.#probedAt = time;
    this.#liveness.probed(time);
    this.#outgoing!.sendLines([formatRequest("probe", "agent.get_capabilities", [[]])]);
  }

  #end(reason: string, code?: string): void {
    if (this.#stage === "ended") return;
    this.close();
    this.#options.owner.sessionEnded(this, reason, code);
  }
}

const log = areaLog("pool");

function endReason(error: unknown): string {
  if (error instanceof ProtocolViolation) return error.message;
  // The pool closes with RST, which is a normal close (agent.md "Time-outs and closing").
  if (error instanceof Deno.errors.ConnectionReset) return "the pool closed the connection";
  if (error instanceof TypeError || error instanceof RangeError) reportFault(log, error);
  return error instanceof Error ? error.message : String(error);
}
