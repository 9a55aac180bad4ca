/**
 * All connected miners: passes engine events to sessions, and enforces the deadlines of every
 * miner.
 *
 * A miner's fault costs one log line and that miner's connection, nothing else.
 */

import { InTurns } from "../base/in_turns.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { Rate } from "../base/rate.ts";
import { ProtocolViolation } from "../base/violation.ts";
import type { Crowd, Downstream, Fanout } from "../mux/downstream.ts";
import { addressKey, Admission } from "../net/miners/admission.ts";
import type { MinerEvents, MinerSockets, PeerFault } from "../net/miners/engine.ts";
import { reportFault } from "../observe/fault.ts";
import { Histogram, type HistogramSnapshot } from "../observe/histogram.ts";
import { areaLog } from "../observe/log.ts";
import { ReconnectPause } from "./asicboost.ts";
import type { Attendee } from "./attendance.ts";
import { censusOf, type MinerCensus } from "./census.ts";
import { CommonTexts } from "./common_texts.ts";
import { isHonestTry } from "./foreign_line.ts";
import {
  brokenLimit,
  type LimitCounts,
  type LimitName,
  type MinerLimits,
  newLimitCounts,
  REQUEST_BURST_SECONDS,
} from "./limits.ts";
import { HEARD } from "./line_session.ts";
import {
  logAcceptFailed,
  logBalancerFault,
  logGone,
  logMarked,
  logNotLetIn,
} from "./miners_log.ts";
import type { MinersOptions, MinersSettings } from "./miners_options.ts";
import { Newcomers } from "./newcomers.ts";
import { MOST_NEWCOMERS, Probation, SHORT_LOGIN_MS, SLOW_LOGINS } from "./probation.ts";
import type { MinerReport } from "./report.ts";
import { type MinerContext, MinerSession } from "./session.ts";
import { SpareDecoders } from "./spare_decoders.ts";
import { WorkMessages } from "./work_message.ts";

/** Why connections end at a stop. */
const STOPPED = "btcagent stopped";

const log = areaLog("miner");

const NO_BYTES = new Uint8Array(0);

/**
 * A miner that has been connected this long without logging in makes room when all places are
 * taken, in milliseconds.
 */
const NEWCOMER_MS = 1000;

/**
 * Miners ended in one turn, which takes under 1 ms, and the pause until the next, in milliseconds.
 */
const ENDS_PER_TURN = 32;
const ENDS_PAUSE_MS = 5;

/** The same when the program stops: about 10 ms a turn. */
const GOES_PER_TURN = 256;
const GOES_PAUSE_MS = 1;

/** Miners whose held lines are read in one turn, and the pause until the next, in milliseconds. */
const RESUMED_PER_TURN = 64;
const RESUMES_PAUSE_MS = 1;

/** Accepting counts as working again when it has not failed for this long, in milliseconds. */
const ACCEPT_RECOVERY_MS = 5000;

/** All connected miners. */
export class Miners implements Fanout, MinerEvents {
  readonly #options: Omit<MinersOptions, keyof MinersSettings>;
  #limits: MinerLimits;
  readonly #sockets: MinerSockets;
  readonly #context: { -readonly [Key in keyof MinerContext]: MinerContext[Key] };
  /** By handle. */
  readonly #sessions: (MinerSession | undefined)[] = [];
  /** Miners that had not logged in at the last check, the oldest first. */
  readonly #newcomers = new Newcomers<MinerSession>();
  /** Those of them whose address broke the protocol too often. They have less time. */
  readonly #probation = new Probation<MinerSession>();
  /** When the newest miner that has sent anything connected. */
  #heardUpTo = 0;
  readonly #admission: Admission;
  /**
   * Addresses, as limits know them, of ended miners that have not received their last bytes yet, by handle, the one ended
   * first in front: their sockets are still open files.
   */
  readonly #lingering = new Map<number, string | undefined>();
  readonly #limitCounts = newLimitCounts();
  #acceptFailedAt: number | undefined;
  /**
   * Ends overdue miners in turns: many that came together are due together, and shares of the
   * others are read in between.
   */
  readonly #ending: InTurns;
  /** Ends all miners in larger turns: at a stop no shares are read, only answers are sent. */
  readonly #lettingGo: InTurns;
  /** Resumes a farm that subscribed within a second in portions. */
  readonly #resuming: InTurns;
  readonly #fanout = new Histogram();
  #bytesRead = 0;
  #silentConnections = 0;
  #healthChecks = 0;
  #isDraining = false;

  /** Starts listening. @throws the errors of `listen`. */
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

  /** Changes the settings. Connected miners stay, whatever the new limits are. */
  reconfigure({ limits, naming, reconnectsLostAsicboost }: MinersSettings): void {
    this.#limits = limits;
    const sessions = this.#sessions.filter((session) => session !== undefined);
    this.#admission.reconfigure(
      limits,
      [
        ...sessions.map(({ from }) => ownAddress(from)),
        ...this.#lingering.values(),
      ].filter((address) => address !== undefined),
    );
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

  /** Every connected miner that is recorded in the book of attendance. */
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
   * Counts miners by the state of their handshake, and working ones by the state of their version
   * rolling; a few miners in a step.
   */
  census(): Generator<void, MinerCensus> {
    return censusOf(this.#sessions);
  }

  /** The most miners at a time. */
  get most(): number {
    return this.#limits.maxConnections;
  }

  /** How many more connections are let in. */
  get freePlaces(): number {
    return Math.max(0, this.most - this.#admission.connections);
  }

  /** Payload bytes read from miners. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Payload bytes written to miners. */
  get bytesWritten(): number {
    return this.#sockets.bytesWritten;
  }

  /** How long it took until all miners of a crowd on one port had had their turn. */
  get fanout(): HistogramSnapshot {
    return this.#fanout.snapshot();
  }

  /** Whether no more miners are let in. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Disconnects the miner with this session id. @returns whether there was one. */
  disconnect(sessionId: number, reason: string): boolean {
    const session = this.#sessions.find((session) => session?.sessionId === sessionId);
    if (session === undefined) return false;
    this.#end(session, reason, undefined, true);
    return true;
  }

  /** How many connections ended without having sent a byte, as health checks do. */
  get silentConnections(): number {
    return this.#silentConnections;
  }

  /** How many connections of load balancers checked a port and stood for no miner. */
  get healthChecks(): number {
    return this.#healthChecks;
  }

  /** The number of times that each limit was reached since the start. */
  get limitCounts(): LimitCounts {
    return { ...this.#limitCounts };
  }

  opened(handle: number, from: PeerAddress, at: PeerAddress): boolean {
    const address = ownAddress(from);
    let refusal = this.#admission.enter(address);
    if (refusal === "max_miners" && this.#makeRoom()) refusal = this.#admission.enter(address);
    const isMarked = refusal === undefined && this.#admission.isMarked(address);
    if (isMarked && !this.#probation.hasRoom(addressKey(from.hostname), this.#mostNewcomers)) {
      this.#admission.leave(address);
      refusal = "ban_after_violations";
    }
    if (refusal !== undefined) {
      this.#limitCounts[refusal]++;
      logNotLetIn(refusal, from, this.#admission.connections, this.#limits);
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
    // It has sent bytes, but none reached the session.
    if (fault === "tls_handshake") session.heard = HEARD.bytes;
    this.#forget(session, reason, fault);
    this.#admission.leave(ownAddress(session.from));
    if (fault === "tls_handshake") this.#violated(session);
  }

  ended(handle: number): void {
    if (!this.#lingering.has(handle)) return;
    this.#admission.leave(this.#lingering.get(handle));
    this.#lingering.delete(handle);
  }

  balancerLeft(from: PeerAddress, fault: string | undefined): void {
    if (fault === undefined) {
      this.#healthChecks++;
      return;
    }
    this.#limitCounts.proxy_header++;
    logBalancerFault(from, fault);
  }

  acceptFailed(error: unknown): void {
    this.#limitCounts.accept_failures++;
    const isNews = this.#acceptFailedAt === undefined;
    this.#acceptFailedAt = this.#options.now();
    if (isNews) logAcceptFailed(error, this.#admission.connections);
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

  /** Disconnects miners past a deadline. Call it about once a second. */
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

  /** The mux no longer holds layouts back: answers the miners that waited for one. */
  layoutsReleased(): void {
    this.#resuming.stop();
    this.#resuming.run(() => this.#resumeSubscribers());
  }

  /**
   * Lets no more miners in and, once the ports are closed, reads nothing more from miners; answers
   * still go out.
   */
  async drain(): Promise<void> {
    this.#isDraining = true;
    await this.#sockets.stopAccepting();
    this.#sockets.stopReading();
  }

  /** Disconnects all miners except these, a few at a time and without a log line for each. */
  letGo(awaited: ReadonlySet<Downstream>): void {
    this.#lettingGo.run(() => this.#endAllBut(awaited));
  }

  /** Disconnects all miners and resolves when their sockets are closed. */
  async stop(): Promise<void> {
    for (const session of this.#sessions.splice(0)) {
      if (session === undefined) continue;
      this.#admission.leave(ownAddress(session.from));
      session.endAttendance(STOPPED, true);
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

  /** Disconnects all miners except these, one before each `yield`. */
  *#endAllBut(awaited: ReadonlySet<Downstream>): Generator<void> {
    for (const session of this.#sessions) {
      if (session === undefined || awaited.has(session)) continue;
      session.endAttendance(STOPPED, true);
      this.#drop(session);
      this.#close(session);
      yield;
    }
  }

  /** Resumes the miners that wait for a layout in order of arrival, one before each `yield`. */
  *#resumeSubscribers(): Generator<void> {
    for (const session of this.#newcomers) {
      if (!session.awaitsLayout) continue;
      this.#read(session, NO_BYTES);
      yield;
    }
  }

  /** Disconnects miners past a deadline, one before each `yield`. */
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
      // A refused sub-account may be the pool's fault, and may be that of a whole farm.
      if (!wasTurnedAway) this.#violated(session);
      yield;
    }
    // By index: `for…of` makes an object for each of ten thousand miners here, every second.
    for (let handle = 0; handle < this.#sessions.length; handle++) {
      const session = this.#sessions[handle];
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

  /** An error in a miner's bytes disconnects only that miner. */
  #read(session: MinerSession, bytes: Uint8Array): void {
    try {
      session.receive(bytes);
    } catch (error) {
      if (error instanceof ProtocolViolation) {
        const limit = brokenLimit(error);
        this.#end(session, error.message, limit);
        // Sending too early may be the pools' fault, because they keep the miner waiting.
        if (limit !== "held_bytes" && !isHonestTry(error)) this.#violated(session);
        return;
      }
      reportFault(log, error);
      this.#end(session, "internal error");
    }
  }

  /**
   * Closes the connection that has had the longest time to receive its last bytes, or disconnects
   * the miner that has gone longest without logging in, so that neither keeps others out.
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

  /**
   * Counts a violation: after too many, newcomers from the same address have less time to log in.
   */
  #violated({ from }: MinerSession): void {
    if (!this.#admission.violated(ownAddress(from))) return;
    const key = addressKey(from.hostname);
    for (const session of this.#newcomers) {
      if (addressKey(session.from.hostname) === key) this.#probation.add(key, session);
    }
    logMarked(from.hostname, this.#limits);
  }

  /** The most connections of one address on probation: other addresses need room, too. */
  get #mostNewcomers(): number {
    return Math.max(SLOW_LOGINS, Math.min(MOST_NEWCOMERS, this.#limits.maxConnections >> 2));
  }

  /** Disconnects a miner; `isOurDoing` if it is not the miner's fault. */
  #end(session: MinerSession, reason: string, limit?: LimitName, isOurDoing = false): void {
    if (this.#sessions[session.handle] !== session) return;
    session.endAttendance(reason, isOurDoing);
    this.#forget(session, reason, limit);
    this.#close(session);
  }

  /** Frees its place once its socket is closed. */
  #close({ handle, from }: MinerSession): void {
    if (this.#sockets.close(handle)) this.#admission.leave(ownAddress(from));
    else this.#lingering.set(handle, ownAddress(from));
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
    if (session.heard === HEARD.nothing) this.#silentConnections++;
    logGone(session, reason);
  }
}

function requestRate({ maxRequestsPerSecond: perSecond }: MinerLimits): Rate | undefined {
  return perSecond > 0 ? new Rate(perSecond, perSecond * REQUEST_BURST_SECONDS) : undefined;
}

/** The address that limits per address know a miner by; `undefined` if it has none of its own. */
function ownAddress({ hostname, isShared }: PeerAddress): string | undefined {
  return isShared === true ? undefined : hostname;
}

/**
 * An error while one miner leaves affects no other miner, and this one's socket is still closed.
 */
function leaveMux(session: MinerSession): void {
  try {
    session.over();
  } catch (error) {
    reportFault(log, error);
  }
}
