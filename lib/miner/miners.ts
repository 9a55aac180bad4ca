/**
 * All connected miners: engine events to sessions, and the deadlines every miner has.
 *
 * A miner's fault ends here, with one log line and its own connection.
 */

import type { AttendedNow, RateClock } from "../base/attended_clock.ts";
import type { Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { Crowd, Downstream, Fanout, Mux } from "../mux/downstream.ts";
import { addressKey, Admission } from "../net/miners/admission.ts";
import type { MinerEvents, MinerSockets, PeerFault } from "../net/miners/engine.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { Rate } from "../base/rate.ts";
import { reportFault } from "../observe/fault.ts";
import { Histogram, type HistogramSnapshot } from "../observe/histogram.ts";
import { areaLog } from "../observe/log.ts";
import { unfinishedLine } from "../base/foreign_speech.ts";
import { ProtocolViolation } from "../base/violation.ts";
import { ReconnectPause } from "./asicboost.ts";
import type { AttendanceBook, Attendee } from "./attendance.ts";
import { censusOf, type MinerCensus } from "./census.ts";
import { CommonTexts } from "./common_texts.ts";
import { isHonestTry } from "./foreign_line.ts";
import {
  brokenLimit,
  type LimitCounts,
  type LimitName,
  type MinerLimits,
  newLimitCounts,
  REFUSALS,
  REQUEST_BURST_SECONDS,
} from "./limits.ts";
import { HEARD } from "./line_session.ts";
import { Newcomers } from "./newcomers.ts";
import { MOST_NEWCOMERS, Probation, SHORT_LOGIN_MS, SLOW_LOGINS } from "./probation.ts";
import type { MinerReport } from "./report.ts";
import { type MinerContext, MinerSession, type OriginBook, type ShortenNames } from "./session.ts";
import { SpareDecoders } from "./spare_decoders.ts";
import { WorkMessages } from "./work_message.ts";
import type { WorkerNaming } from "./worker_naming.ts";

/** What may change while there are miners. */
export interface MinersSettings {
  /** Bounds for every miner. */
  readonly limits: MinerLimits;
  /** What the pool calls workers that log in from now on. */
  readonly naming: WorkerNaming;
  /** Whether a miner that lost ASICBoost is disconnected, so that it begins again. */
  readonly reconnectsLostAsicboost: boolean;
}

/** What the miners' side is made of. */
export interface MinersOptions extends MinersSettings {
  /** Starts listening with these events. */
  readonly listen: (events: MinerEvents) => MinerSockets;
  /** Where shares go. */
  readonly mux: Mux;
  /** What pools keep of names. */
  readonly shorten: ShortenNames;
  /** Numbers what miners have in common. */
  readonly origins: OriginBook;
  /** What `client.get_version` answers. */
  readonly version: string;
  /** Keeps a book of those that log in; left out for none. */
  readonly attendance?: AttendanceBook;
  /** Monotonic time, for judging miners. */
  readonly now: AttendedNow;
  /** What rates of theirs are judged by. */
  readonly rateClock: RateClock;
  /** For what many miners take turns in. */
  readonly timers: Timers;
}

const log = areaLog("miner");

const NO_BYTES = new Uint8Array(0);

/** Who has been connected so long without having logged in makes room when all places are taken. */
const NEWCOMER_MS = 1000;

/** Miners ended in one turn, under 1 ms of it, and the pause until the next, in milliseconds. */
const ENDS_PER_TURN = 32;
const ENDS_PAUSE_MS = 5;

/** The same when a stop ends miners: about 10 ms a turn. */
const GOES_PER_TURN = 256;
const GOES_PAUSE_MS = 1;

/** Miners whose held lines are read in one turn, and the pause until the next, in milliseconds. */
const RESUMED_PER_TURN = 64;
const RESUMES_PAUSE_MS = 1;

/** Accepting works again when it has not failed for so long, in milliseconds. */
const ACCEPT_RECOVERY_MS = 5000;

/** See the head of this file. */
export class Miners implements Fanout, MinerEvents {
  readonly #options: Omit<MinersOptions, keyof MinersSettings>;
  #limits: MinerLimits;
  readonly #sockets: MinerSockets;
  readonly #context: { -readonly [Key in keyof MinerContext]: MinerContext[Key] };
  /** By handle. */
  readonly #sessions: (MinerSession | undefined)[] = [];
  /** Those that had not logged in when they were last looked at, the oldest first. */
  readonly #newcomers = new Newcomers<MinerSession>();
  /** Those of them whose address broke the protocol too often. */
  readonly #probation = new Probation<MinerSession>();
  /** When the last of the miners connected that have ever sent anything. */
  #heardUpTo = 0;
  readonly #admission: Admission;
  /**
   * Addresses of those that were ended and have not taken their last bytes, by handle, the one ended
   * first in front: an open file is one, whatever became of its miner.
   */
  readonly #lingering = new Map<number, string>();
  readonly #limitCounts = newLimitCounts();
  #acceptFailedAt: number | undefined;
  /** A crowd that came together goes together: shares of the others are read in between. */
  readonly #ending: InTurns;
  /** When all go there are no shares to be read, only answers to be given. */
  readonly #lettingGo: InTurns;
  /** A farm that subscribed within a second goes on in portions. */
  readonly #resuming: InTurns;
  readonly #fanout = new Histogram();
  #bytesRead = 0;
  #silentConnections = 0;
  #isDraining = false;

  /** Starts listening. @throws what listening throws. */
  constructor(options: MinersOptions) {
    this.#options = options;
    this.#limits = options.limits;
    this.#ending = new InTurns(options.timers, ENDS_PER_TURN, ENDS_PAUSE_MS);
    this.#lettingGo = new InTurns(options.timers, GOES_PER_TURN, GOES_PAUSE_MS);
    this.#resuming = new InTurns(options.timers, RESUMED_PER_TURN, RESUMES_PAUSE_MS);
    this.#admission = new Admission(
      options.limits,
      options.rateClock.realNow,
      options.rateClock.awayMs,
    );
    this.#sockets = options.listen(this);
    this.#context = {
      sockets: this.#sockets,
      mux: options.mux,
      decoders: new SpareDecoders(options.limits.maxLineBytes),
      workMessages: new WorkMessages(),
      commonTexts: new CommonTexts(),
      requestRate: requestRate(options.limits),
      readAt: 0,
      awayMs: 0,
      naming: options.naming,
      shorten: options.shorten,
      origins: options.origins,
      reconnectPause: options.reconnectsLostAsicboost ? new ReconnectPause(options.now) : undefined,
      version: options.version,
      attendance: options.attendance,
      turnedAway: (session) => this.#turnedAway(session),
      resume: (session) => this.#read(session, NO_BYTES),
      end: (session, reason, limit) => this.#end(session, reason, limit, limit === undefined),
    };
  }

  /** Takes other settings. Whoever is connected stays, whatever the limits are now. */
  reconfigure({ limits, naming, reconnectsLostAsicboost }: MinersSettings): void {
    this.#limits = limits;
    const sessions = this.#sessions.filter((session) => session !== undefined);
    this.#admission.reconfigure(limits, [
      ...sessions.map(({ from }) => from.hostname),
      ...this.#lingering.values(),
    ]);
    const context = this.#context;
    context.decoders = new SpareDecoders(limits.maxLineBytes);
    context.requestRate = requestRate(limits);
    context.naming = naming;
    context.reconnectPause = reconnectsLostAsicboost
      ? context.reconnectPause ?? new ReconnectPause(this.#options.now)
      : undefined;
  }

  /** How many connections there are, and how many of them have logged in. */
  get counts(): { readonly connected: number; readonly working: number } {
    const working = this.#sessions.reduce((sum, session) => sum + (session?.isWorking ? 1 : 0), 0);
    return { connected: this.#admission.connections - this.#lingering.size, working };
  }

  /** Every connected miner. */
  *reports(): Generator<MinerReport> {
    for (const session of this.#sessions) {
      if (session !== undefined) yield session.report();
    }
  }

  /** Every connected miner that the book of attendance has. */
  *attendees(): Generator<Attendee> {
    for (const session of this.#sessions) {
      if (session !== undefined && session.attendance !== 0) yield session;
    }
  }

  /** The miner with this session id. */
  reportOf(sessionId: number): MinerReport | undefined {
    return this.#sessions.find((session) => session?.sessionId === sessionId)?.report();
  }

  /**
   * How many miners have come how far, and what is known of the working ones' version rolling; a
   * few miners in a step.
   */
  census(): Generator<void, MinerCensus> {
    return censusOf(this.#sessions);
  }

  /** Most miners at a time. */
  get most(): number {
    return this.#limits.maxConnections;
  }

  /** Payload bytes read from miners. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Payload bytes written to miners. */
  get bytesWritten(): number {
    return this.#sockets.bytesWritten;
  }

  /** How long it took until all on one port who were to hear some news had their turn. */
  get fanout(): HistogramSnapshot {
    return this.#fanout.snapshot();
  }

  /** Whether no miner is let in any more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Ends the miner with this session id. @returns whether there was one. */
  disconnect(sessionId: number, reason: string): boolean {
    const session = this.#sessions.find((session) => session?.sessionId === sessionId);
    if (session === undefined) return false;
    this.#end(session, reason, undefined, true);
    return true;
  }

  /** Connections that ended without having sent a byte, as health checks do. */
  get silentConnections(): number {
    return this.#silentConnections;
  }

  /** How often each bound was reached since the start. */
  get limitCounts(): LimitCounts {
    return { ...this.#limitCounts };
  }

  opened(handle: number, from: PeerAddress, at: PeerAddress): boolean {
    let refusal = this.#admission.enter(from.hostname);
    if (refusal === "max_miners" && this.#makeRoom()) {
      refusal = this.#admission.enter(from.hostname);
    }
    const isMarked = refusal === undefined && this.#admission.isMarked(from.hostname);
    if (isMarked && !this.#probation.hasRoom(addressKey(from.hostname), this.#mostNewcomers)) {
      this.#admission.leave(from.hostname);
      refusal = "ban_after_violations";
    }
    if (refusal !== undefined) {
      this.#limitCounts[refusal]++;
      log.warn(REFUSALS[refusal], {
        miner: formatAddress(from),
        count: this.#admission.connections,
        most: this.#limits.maxConnectionsPerIp,
      });
      return false;
    }
    const session = new MinerSession(
      this.#context,
      handle,
      from,
      Math.floor(this.#options.now()),
      at,
    );
    this.#sessions[handle] = session;
    this.#newcomers.add(session);
    if (isMarked) this.#probation.add(addressKey(from.hostname), session);
    return true;
  }

  received(handle: number, bytes: Uint8Array): void {
    const session = this.#sessions[handle];
    if (session === undefined) return;
    this.#bytesRead += bytes.length;
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    session.lastActiveAt = Math.floor(now(time));
    this.#heardUpTo = Math.max(this.#heardUpTo, session.connectedAt);
    this.#context.readAt = Math.floor(time);
    this.#context.awayMs = rateClock.awayMs(time);
    this.#read(session, bytes);
  }

  closed(handle: number, reason: string, fault?: PeerFault): void {
    const session = this.#sessions[handle];
    if (session === undefined) return;
    // It has sent bytes, of which none were for the session.
    if (fault === "tls_handshake") session.heard = HEARD.bytes;
    this.#forget(session, reason, fault);
    this.#admission.leave(session.from.hostname);
    if (fault === "tls_handshake") this.#violated(session);
  }

  ended(handle: number): void {
    const address = this.#lingering.get(handle);
    if (address === undefined) return;
    this.#lingering.delete(handle);
    this.#admission.leave(address);
  }

  acceptFailed(error: unknown): void {
    this.#limitCounts.accept_failures++;
    const isNews = this.#acceptFailedAt === undefined;
    this.#acceptFailedAt = this.#options.now();
    if (!isNews) return;
    log.error(
      "Cannot accept miners at the moment, retrying: {error}; {count} are connected. If open " +
        "files ran out, raise the limit (ulimit -n, or LimitNOFILE= of the service)",
      { error, count: this.#admission.connections },
    );
  }

  news(handle: number): Uint8Array | undefined {
    return this.#sessions[handle]?.takeNews();
  }

  roundEnded(ms: number): void {
    this.#fanout.add(ms);
  }

  tell(crowd: Crowd): void {
    this.#sockets.tellAll(crowd);
  }

  /** Ends miners past a deadline. To be called about once a second. */
  sweep(): void {
    this.#sockets.sweep();
    this.#admission.sweep();
    const time = this.#options.now();
    if (time - (this.#acceptFailedAt ?? time) >= ACCEPT_RECOVERY_MS) {
      this.#acceptFailedAt = undefined;
      log.info("Accepting miners again");
    }
    this.#ending.run(() => this.#endOverdue());
  }

  /** The mux holds layouts back no more: answers the miners that have waited for one. */
  layoutsReleased(): void {
    this.#resuming.stop();
    this.#resuming.run(() => this.#resumeSubscribers());
  }

  /**
   * Lets no further miner in, and reads nothing more from those that are once the ports are closed;
   * answers still go out.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#sockets.stopAccepting();
    this.#sockets.stopReading();
  }

  /** Ends all miners but these, a few at a time and without a line in the log for each. */
  letGo(awaited: ReadonlySet<Downstream>): void {
    this.#lettingGo.run(() => this.#endAllBut(awaited));
  }

  /** Ends all miners and resolves when their sockets are gone. */
  async stop(): Promise<void> {
    for (const session of this.#sessions.splice(0)) {
      if (session === undefined) continue;
      this.#admission.leave(session.from.hostname);
      leaveMux(session);
    }
    this.#newcomers.clear();
    this.#lingering.clear();
    this.#probation.clear();
    this.#ending.stop();
    this.#lettingGo.stop();
    this.#resuming.stop();
    await this.#sockets.stop();
  }

  /** One before each `yield`. */
  *#endAllBut(awaited: ReadonlySet<Downstream>): Generator<void> {
    for (const session of this.#sessions) {
      if (session === undefined || awaited.has(session)) continue;
      this.#drop(session);
      this.#close(session);
      yield;
    }
  }

  /** Those that came first go on first; one before each `yield`. */
  *#resumeSubscribers(): Generator<void> {
    for (const session of this.#newcomers) {
      if (!session.awaitsLayout) continue;
      this.#read(session, NO_BYTES);
      yield;
    }
  }

  /** Ends miners past a deadline, one before each `yield`. */
  *#endOverdue(): Generator<void> {
    const { loginTimeoutMs, idleTimeoutMs } = this.#limits;
    const time = this.#options.now();
    for (const session of this.#probation.overdue(time, this.#heardUpTo)) {
      const reason = "its address broke the protocol too often, and it did not log in within " +
        `${SHORT_LOGIN_MS / 1000} s`;
      this.#end(session, reason, "ban_after_violations");
      yield;
    }
    for (const session of this.#newcomers.olderThan(loginTimeoutMs, time)) {
      const wasTurnedAway = session.turnedAwayAt !== undefined;
      const what = wasTurnedAway ? "was turned away, and did not log in again" : "did not log in";
      const reason = `${what} within ${loginTimeoutMs / 1000} s`;
      this.#end(session, reason, "login_timeout_seconds");
      // A sub-account that is refused may be the pool's fault, and that of a whole farm.
      if (!wasTurnedAway) this.#violated(session);
      yield;
    }
    for (const session of this.#sessions) {
      if (session === undefined || time - session.lastActiveAt <= idleTimeoutMs) continue;
      const reason = `sent nothing for ${idleTimeoutMs / 1000} s`;
      this.#end(session, reason, "idle_timeout_seconds");
      yield;
    }
  }

  #turnedAway(session: MinerSession): void {
    if (this.#sessions[session.handle] !== session) return;
    session.turnedAwayAt = Math.floor(this.#options.now());
    this.#newcomers.add(session);
  }

  /** What a miner sends wrong ends it alone. */
  #read(session: MinerSession, bytes: Uint8Array): void {
    try {
      session.receive(bytes);
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        const limit = brokenLimit(error);
        this.#end(session, error.message, limit);
        // What came too early may be the pools' fault, which keep it waiting.
        if (limit !== "held_bytes" && !isHonestTry(error)) this.#violated(session);
        return;
      }
      reportFault(log, error);
      this.#end(session, "internal error");
    }
  }

  /**
   * Closes the connection that has had the longest time to take its last bytes, or ends the miner
   * that has been silent longest, so that neither keeps others out.
   */
  #makeRoom(): boolean {
    const [lingering] = this.#lingering.keys();
    if (lingering !== undefined) {
      this.#sockets.abort(lingering);
      return true;
    }
    const [oldest] = this.#newcomers.olderThan(NEWCOMER_MS, this.#options.now());
    if (oldest === undefined) return false;
    const count = this.#admission.connections;
    const reason = `made room: ${count} are connected, as many as limits.max_miners allows, and ` +
      "this one has not logged in";
    this.#end(oldest, reason, "max_miners");
    this.#sockets.abort(oldest.handle);
    return true;
  }

  /** A miner broke a rule: after too many of them, newcomers from its address have less time. */
  #violated({ from }: MinerSession): void {
    if (!this.#admission.violated(from.hostname)) return;
    const key = addressKey(from.hostname);
    for (const session of this.#newcomers) {
      if (addressKey(session.from.hostname) === key) this.#probation.add(key, session);
    }
    const { banAfterViolations, banMs } = this.#limits;
    log.warn(
      "{count} connections from {address} broke the protocol within {seconds} s; the lines " +
        "before this one say what they sent. From now on miners from there have 1 s to log in, " +
        "and only {slow} of them may take longer (limits.ban_after_violations)",
      {
        count: banAfterViolations,
        address: from.hostname,
        seconds: banMs / 1000,
        slow: SLOW_LOGINS,
      },
    );
  }

  /** Connections of one address on probation: others need room, too. */
  get #mostNewcomers(): number {
    return Math.max(SLOW_LOGINS, Math.min(MOST_NEWCOMERS, this.#limits.maxConnections >> 2));
  }

  /** `isOurDoing` if it is for no fault of the miner's. */
  #end(session: MinerSession, reason: string, limit?: LimitName, isOurDoing = false): void {
    if (this.#sessions[session.handle] !== session) return;
    session.endAttendance(reason, isOurDoing);
    this.#forget(session, reason, limit);
    this.#close(session);
  }

  /** Its place is free once its socket is. */
  #close({ handle, from }: MinerSession): void {
    if (this.#sockets.close(handle)) this.#admission.leave(from.hostname);
    else this.#lingering.set(handle, from.hostname);
  }

  #drop(session: MinerSession): void {
    this.#sessions[session.handle] = undefined;
    this.#newcomers.delete(session);
    if (!this.#probation.isEmpty) {
      this.#probation.delete(addressKey(session.from.hostname), session);
    }
    leaveMux(session);
  }

  #forget(session: MinerSession, reason: string, limit?: LimitName): void {
    session.endAttendance(reason, false);
    this.#drop(session);
    if (limit !== undefined) this.#limitCounts[limit]++;
    this.#sayGone(session, reason);
  }

  #sayGone(session: MinerSession, reason: string): void {
    const { label: miner, workerLabel: worker, heard } = session;
    if (heard === HEARD.nothing) {
      // Health checks of load balancers come every few seconds.
      this.#silentConnections++;
      log.debug("Connection {miner} closed without having sent a byte: {reason}", {
        miner,
        reason,
      });
    } else if (worker !== undefined) {
      log.info("Miner {miner} disconnected: {reason}", { miner, worker, reason });
    } else {
      const { unfinishedLine: bytes } = session;
      const spoken = bytes === undefined ? "" : `; ${unfinishedLine(bytes)}`;
      log.info("Miner {miner} disconnected: {reason}", { miner, reason: reason + spoken });
    }
  }
}

function requestRate({ maxRequestsPerSecond: perSecond }: MinerLimits): Rate | undefined {
  return perSecond > 0 ? new Rate(perSecond, perSecond * REQUEST_BURST_SECONDS) : undefined;
}

/** A fault while one miner leaves costs no other miner anything, nor this one's socket. */
function leaveMux(session: MinerSession): void {
  try {
    session.over();
  } catch (error) {
    reportFault(log, error);
  }
}
