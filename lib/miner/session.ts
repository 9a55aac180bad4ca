/**
 * One miner: handles its requests, passes its shares to the mux, and tells it the mux's news.
 *
 * line_session.ts turns bytes into lines and answers into bytes. State is flat, because there are
 * ten thousand sessions.
 */

import { formatHex32 } from "../base/hex.ts";
import { ownText } from "../base/own_text.ts";
import type { Downstream, Mux, News, Seat, ShareReceipt } from "../mux/downstream.ts";
import { extranonce1Of, type ExtranonceLayout } from "../mux/terms.ts";
import type { Worker } from "../mux/upstream.ts";
import { addressKey } from "../net/miners/admission.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { areaLog } from "../observe/log.ts";
import { foreignDialect, foreignMethod } from "../base/foreign_speech.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import { parseShare, type Share } from "../protocol/stratum/share.ts";
import { scanShare } from "../protocol/stratum/share_scanner.ts";
import { ERROR_CODE, type StratumError } from "../protocol/stratum/error_code.ts";
import { parseStratum, type Request } from "../protocol/stratum/message.ts";
import { MinerFault } from "../base/violation.ts";
import { splitUserName } from "../protocol/stratum/worker_name.ts";
import {
  noteShare,
  type ReconnectPause,
  type RollingHistory,
  type RollingState,
  rollingState,
} from "./asicboost.ts";
import { type AttendanceBook, type Attendee, TOLD_PAUSE_MS } from "./attendance.ts";
import { answerConfigure } from "./configure.ts";
import type { CommonTexts } from "./common_texts.ts";
import { foreignLine } from "./foreign_line.ts";
import { hasLoggedIn, isAuthorized, type MinerState, nextState, type Step } from "./handshake.ts";
import { HeldLines } from "./held_lines.ts";
import type { LimitName } from "./limits.ts";
import { cannotNarrow, noteBits, type OutsideStreak, PROVEN_OUTSIDE } from "./narrowing.ts";
import { HEARD, type LineContext, LineSession } from "./line_session.ts";
import type { MinerReport } from "./report.ts";
import { suggestedByPassword, suggestedByRequest } from "./suggestion.ts";
import type { WorkMessages } from "./work_message.ts";
import { chooseWorkerName, type WorkerNaming } from "./worker_naming.ts";

/** The longest client agent or user name; longer ones are cut before anything else uses them. */
const MAX_NAME_LENGTH = 256;

const NO_LINES: readonly Uint8Array[] = [];

const log = areaLog("miner");

/** State that all sessions share. */
export interface MinerContext extends LineContext {
  /** Receives its shares. */
  readonly mux: Mux;
  /** Builds the messages with miners' news. */
  readonly workMessages: WorkMessages;
  /** Stores texts that many miners have in common. */
  readonly commonTexts: CommonTexts;
  /** How workers are named at the pool. */
  readonly naming: WorkerNaming;
  /** Shortens names as pools do; log and reports show the short names. */
  readonly shorten: ShortenNames;
  /** Numbers the origins that miners have in common. */
  readonly origins: OriginBook;
  /** Decides when a miner that lost ASICBoost may be disconnected; `undefined` for never. */
  readonly reconnectPause: ReconnectPause | undefined;
  /** The answer to `client.get_version`. */
  readonly version: string;
  /** Records the miners that log in; `undefined` for no record. */
  readonly attendance: AttendanceBook | undefined;
  /** Gives a session that was turned away the full time to log in again. */
  turnedAway(session: MinerSession): void;
  /** Lets a session that was admitted or turned away handle its held lines. */
  resume(session: MinerSession): void;
  /**
   * Ends a session from inside: its owner forgets it and closes the socket. `limit` is the limit
   * that was reached, if any.
   */
  end(session: MinerSession, reason: string, limit?: LimitName): void;
}

/** Numbers the origins of miners: each combination of software, network and sub-account. */
export interface OriginBook {
  /** The number for a miner that sent a share, valid until it leaves; 0 if it gets none. */
  enter(miner: MinerOrigin): number;
  /** A miner with this number has left. */
  leave(origin: number): void;
}

/** The origin of a miner, which others may share. */
export interface MinerOrigin {
  /** Its client agent, shortened as pools do. */
  readonly clientAgent: string;
  /** The address it came from. */
  readonly hostname: string;
  /** The sub-account in its user name; empty before it has logged in. */
  readonly account: string;
}

/** Shortens a client agent and a worker name as pools do. */
export type ShortenNames = (clientAgent: string, workerName: string) => ShortNames;

/** Names shortened as pools do. */
export interface ShortNames {
  /** May be empty. */
  readonly clientAgent: string;
  /** Never empty. */
  readonly workerName: string;
  /** Whether either name was cut. */
  readonly wasCut: boolean;
}

/** Why a miner that lost ASICBoost is disconnected. */
const LOST_ASICBOOST = "it lost ASICBoost, and a new connection usually brings it back";

/** The session of one miner. */
export class MinerSession extends LineSession<MinerContext> implements Downstream, Attendee {
  readonly port: PeerAddress;
  /** Its number in the book of miners that logged in, 0 for none. */
  attendance = 0;
  /** Set by its owner when it was last turned away, in milliseconds like `connectedAt`. */
  turnedAwayAt: number | undefined = undefined;
  #state: MinerState = "connected";
  #sessionId: number | undefined;
  /** Its number with the {@linkcode OriginBook}; `undefined` before its first share. */
  #origin: number | undefined;
  #clientAgent = "";
  #user = "";
  #account = "";
  /** Its worker name at a pool; `undefined` before it has logged in. */
  #workerName: string | undefined;
  #names: ShortNames | undefined;
  /** The layout of its extranonces, for the life of its connection. */
  #layout: ExtranonceLayout | undefined;
  #seat: Seat | undefined;
  /**
   * The authorize request to be answered once there is a pool, with the lines after it; or the
   * subscribe that waits for a layout, with the lines after that.
   */
  #held: HeldLines | undefined;
  /** The mask promised when it asked for version rolling; `undefined` if it did not ask. */
  #promisedMask: number | undefined;
  /** The mask that it was last told: the promised one or, later, a narrower one. */
  #toldMask = 0;
  #rolling: RollingHistory = 0;
  #outside: OutsideStreak = 0;
  /** The share whose answer is the last message before it is disconnected; `undefined` for none. */
  #lastAnswer: RequestId | undefined;
  #lastShareAt = 0;
  #suggestedDifficulty: number | undefined;

  /** A miner that has just connected to a port. */
  constructor(
    context: MinerContext,
    handle: number,
    from: PeerAddress,
    now: number,
    port: PeerAddress,
  ) {
    super(context, handle, from, now);
    this.port = port;
  }

  get sessionId(): number {
    return this.#sessionId!;
  }

  /** Its number; `undefined` before it has subscribed. */
  get leasedId(): number | undefined {
    return this.#sessionId;
  }

  get origin(): number {
    return this.#origin ??= this.#enterOrigin();
  }

  #enterOrigin(): number {
    return this.context.origins.enter({
      clientAgent: (this.#names ?? this.context.shorten(this.#clientAgent, "")).clientAgent,
      hostname: this.from.hostname,
      account: this.#account,
    });
  }

  get layout(): ExtranonceLayout {
    return this.#layout!;
  }

  get suggestedDifficulty(): number | undefined {
    return this.#suggestedDifficulty;
  }

  get worker(): Worker {
    return {
      sessionId: this.sessionId,
      account: this.#account,
      name: this.#workerName!,
      clientAgent: this.#clientAgent,
    };
  }

  /** Whether it has subscribed and authorized and has a pool to work for. */
  get isWorking(): boolean {
    return this.#state === "working";
  }

  /** Whether it has subscribed and authorized. */
  get hasLoggedIn(): boolean {
    return hasLoggedIn(this.#state);
  }

  /** Whether its subscribe waits until the layout of its extranonces is known. */
  get awaitsLayout(): boolean {
    return this.#held !== undefined && this.#layout === undefined;
  }

  /** The state of its handshake. */
  get state(): MinerState {
    return this.#state;
  }

  /** The state of its version rolling. */
  get rolling(): RollingState {
    return cannotNarrow(this.#outside) ? "cannot_narrow" : rollingState(this.#rolling);
  }

  get account(): string {
    return this.#account;
  }

  get workerName(): string {
    return this.#names?.workerName ?? "";
  }

  get clientAgent(): string {
    return this.#clientAgent;
  }

  get upstreamName(): string | undefined {
    return this.#seat?.upstreamName;
  }

  get difficulty(): number | undefined {
    return this.#seat?.difficulty;
  }

  get lastShareAt(): number {
    return this.#lastShareAt;
  }

  /** The data about it that is shown. */
  report(): MinerReport {
    return {
      sessionId: this.#sessionId,
      attendance: this.attendance,
      address: formatAddress(this.from),
      user: this.#user,
      account: this.#account,
      workerName: this.workerName,
      clientAgent: this.#clientAgent,
      state: this.#state,
      connectedAt: this.connectedAt,
      lastActiveAt: this.lastActiveAt,
      lastShareAt: this.#lastShareAt,
      upstreamName: this.upstreamName,
      difficulty: this.difficulty,
      versionMask: this.#toldMask,
      rolling: this.rolling,
    };
  }

  /** The worker for the log, including the sub-account; `undefined` before it has logged in. */
  get workerLabel(): string | undefined {
    if (this.#names === undefined) return undefined;
    const account = this.#account === "" ? "" : `${this.#account}.`;
    return `${account}${this.#names.workerName}`;
  }

  /** Its name in the log. */
  get label(): string {
    const address = formatAddress(this.from);
    const { workerLabel } = this;
    return workerLabel === undefined ? address : `${workerLabel}@${address}`;
  }

  /** The socket is closed or about to be: leaves the mux and returns its session id. */
  over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#countHeldShares();
    if (this.#seat !== undefined) this.#seat.leave();
    // If it is just joining the mux, it leaves as soon as it has its seat.
    else if (this.#sessionId !== undefined && !this.hasLoggedIn) {
      this.context.mux.releaseSession(this.#sessionId);
    }
    if (this.#origin !== undefined) this.context.origins.leave(this.#origin);
  }

  admit(): void {
    this.#state = nextState(this.#state, "admit");
    log.info("Miner {miner} connected: {agent}, session {session}{names}", {
      miner: this.label,
      worker: this.workerLabel,
      agent: this.#names?.clientAgent || "no client agent",
      session: formatHex32(this.sessionId),
      names: this.#names?.wasCut ? "; its names are shortened" : "",
    });
    if (this.attendance !== 0) this.context.attendance?.admitted(this);
    this.#endWait((id) => this.handshakeReply(id, "true"));
  }

  turnAway({ code, text }: StratumError, reason: string): void {
    this.endAttendance(reason, false);
    this.#seat = undefined;
    this.#state = nextState(this.#state, "turnAway");
    const { label: miner, workerLabel: worker } = this;
    log.warn("Miner {miner} turned away: {reason}", { miner, worker, reason });
    this.context.turnedAway(this);
    this.#endWait((id) => this.refuseHandshake(id, code, text));
  }

  /** Reports its end to the book; `isOurDoing` if it was disconnected for no fault of its own. */
  endAttendance(reason: string, isOurDoing: boolean): void {
    if (this.attendance === 0) return;
    this.context.attendance?.left(this, reason, isOurDoing);
    this.attendance = 0;
  }

  /** The message with its news; `undefined` for nothing. */
  takeNews(): Uint8Array | undefined {
    const news = this.#seat?.takeNews();
    if (news === undefined) return undefined;
    return this.context.workMessages.of(this.#maskNews(news), news.difficulty, news.job);
  }

  /**
   * The mask to tell it, if it asked for version rolling and the mask differs from the last one
   * told.
   */
  #maskNews({ versionMask }: News): number | undefined {
    if (this.#promisedMask === undefined) return undefined;
    const mask = this.#promisedMask & versionMask;
    if (mask === this.#toldMask) return undefined;
    return this.#toldMask = mask;
  }

  /** Announces news to its socket, after everything sent so far. */
  #tell(): void {
    this.flush();
    this.context.sockets.tell(this.handle);
  }

  acceptShare(id: RequestId): void {
    this.reply(id, "true");
    this.#answered(id);
  }

  rejectShare(id: RequestId, answer: StratumError): void {
    this.refuse(id, answer.code, answer.text);
    this.#answered(id);
  }

  #answered(id: RequestId): void {
    if (this.#lastAnswer !== undefined && id === this.#lastAnswer) this.disconnect(LOST_ASICBOOST);
  }

  disconnect(reason: string): void {
    this.flush();
    this.context.end(this, reason);
  }

  /**
   * Answers a request, or keeps it for later while it waits for a pool.
   *
   * @throws MinerFault if it breaks the protocol.
   */
  protected override receiveLine(line: Uint8Array): void {
    if (this.#held !== undefined) return this.#held.add(line, this.context.decoders.maxLineBytes);
    const share = scanShare(line);
    if (share !== undefined) return this.#submit(share);
    const message = parseStratum(line);
    if (message === undefined) throw foreignLine(line);
    this.heard = HEARD.request;
    switch (message.kind) {
      case "request":
        if (this.#mustWait(message.method)) return this.#hold(line);
        return this.#request(message);
      case "illegal":
        if (message.method === "mining.submit") return this.#refuseIllegalShare(message.id);
        this.refuse(message.id, ERROR_CODE.illegalParams);
        return this.#refuseForeigner(message.method);
      case "reply":
        return; // an answer to our notification without an id: firmware does such things
    }
  }

  #mustWait(method: string): boolean {
    return method === "mining.subscribe" && this.#layout === undefined &&
      this.context.mux.holdsLayouts;
  }

  /** Holds this line and all after it until the layout of its extranonces is known. */
  #hold(line: Uint8Array): void {
    this.#held = new HeldLines(undefined);
    this.#held.add(line, this.context.decoders.maxLineBytes);
  }

  #request(request: Request): void {
    const { id, method, params } = request;
    switch (method) {
      case "mining.submit": {
        const share = parseShare(id, params);
        return share === undefined ? this.#refuseIllegalShare(id) : this.#submit(share);
      }
      case "mining.configure":
        return this.#configure(id, params);
      case "mining.subscribe":
        return this.#subscribe(id, params);
      case "mining.authorize":
        return this.#authorize(id, params);
      case "mining.suggest_difficulty":
        this.#suggest(suggestedByRequest(params));
        return this.reply(id, "true");
      case "mining.extranonce.subscribe":
      case "mining.suggest_target":
      case "mining.multi_version":
        // These have no effect here, but firmware waits for an answer (stratum.md "Requests").
        return this.reply(id, "true");
      case "mining.ping":
        return this.reply(id, '"pong"');
      case "pong":
      case "mining.pong":
        return; // ESP-Miner answers a ping in the shape of a request
      case "client.get_version":
        return this.reply(id, JSON.stringify(this.context.version));
      default:
        this.refuse(id, ERROR_CODE.unknown);
        return this.#refuseForeigner(method);
    }
  }

  /**
   * Rejects a miner that begins with a method of another coin's protocol: it would never log in.
   *
   * @throws MinerFault if it does so.
   */
  #refuseForeigner(method: string | undefined): void {
    if (this.#state !== "connected" || method === undefined) return;
    const reason = foreignMethod(method);
    if (reason !== undefined) throw new MinerFault("foreign", reason);
  }

  #configure(id: RequestId, params: readonly unknown[]): void {
    const answer = answerConfigure(params);
    if (answer === undefined) return this.refuseHandshake(id, ERROR_CODE.illegalParams);
    if (answer.promisedMask !== undefined) {
      this.#promisedMask = this.#toldMask = answer.promisedMask;
    }
    this.handshakeReply(id, answer.resultJson);
    // A miner that asks again, or late, has already been told what its pool allows.
    const { promisedMask: promised } = answer;
    const allowed = this.#seat?.versionMask;
    if (promised === undefined || allowed === undefined || (promised & ~allowed) === 0) return;
    if (this.#seat!.askAgain()) this.#tell();
  }

  #subscribe(id: RequestId, params: readonly unknown[]): void {
    // The pool is not chosen yet, and never by the miner, so the parameters after the client agent
    // (an old session, a host, a port) have no effect here.
    const [clientAgent, oldSession] = params;
    const foreign = this.hasLoggedIn ? undefined : foreignDialect(oldSession);
    if (foreign !== undefined) {
      this.refuseHandshake(id, ERROR_CODE.unknown);
      throw new MinerFault("foreign", foreign);
    }
    if (this.#sessionId === undefined) {
      this.#sessionId = this.context.mux.leaseSession();
      if (this.#sessionId === undefined) {
        this.refuseHandshake(id, ERROR_CODE.unknown);
        this.flush();
        return this.context.end(this, "all session ids are in use", "session_ids");
      }
      if (typeof clientAgent === "string") {
        this.#clientAgent = this.context.commonTexts.of(cutName(clientAgent));
      }
    }
    const layout = this.#layout ??= this.context.mux.layoutFor(this.#clientAgent);
    const extranonce1 = extranonce1Of(this.#sessionId, layout);
    this.handshakeReply(
      id,
      `[[["mining.set_difficulty","${extranonce1}"],["mining.notify","${extranonce1}"]],` +
        `"${extranonce1}",${layout.extranonce2Bytes}]`,
    );
    this.#proceed("subscribe");
  }

  #authorize(id: RequestId, params: readonly unknown[]): void {
    const [user, password] = params;
    if (typeof user !== "string") return this.refuseHandshake(id, ERROR_CODE.workerNameNotString);
    if (isAuthorized(this.#state)) return this.handshakeReply(id, "true");
    this.#user = cutName(user);
    this.#suggest(suggestedByPassword(password));
    // Answers at once only if work cannot start yet, otherwise once there is a pool.
    if (nextState(this.#state, "authorize") === "authorized") this.handshakeReply(id, "true");
    else this.#held = new HeldLines(id);
    this.#proceed("authorize");
  }

  /** Takes a step of the handshake; the step that completes it joins the mux. */
  #proceed(step: Step): void {
    const before = this.#state;
    this.#state = nextState(before, step);
    if (this.#state !== "joining" || before === "joining") return;
    this.#held ??= new HeldLines(undefined);
    const { account, workerName } = splitUserName(this.#user);
    const { naming, commonTexts } = this.context;
    this.#account = commonTexts.of(account);
    const chosenName = chooseWorkerName(naming, workerName, this.from.hostname);
    this.#workerName = chosenName;
    this.#names = this.context.shorten(this.#clientAgent, chosenName);
    const seat = this.context.mux.join(account, this, addressKey(this.from.hostname));
    // Messages sent while it joined may have been too much for a miner that does not read.
    if (this.isOver) {
      seat?.leave();
      return;
    }
    this.#seat = seat;
    if (seat !== undefined) this.attendance = this.context.attendance?.loggedIn(this) ?? 0;
    if (this.isWorking) this.#tell();
  }

  /** Uses the difficulty that it suggests, where we set its difficulty. */
  #suggest(difficulty: number | undefined): void {
    if (difficulty === undefined) return;
    this.#suggestedDifficulty = difficulty;
    this.#seat?.suggested();
  }

  /** Answers its authorize, now that its admission is decided, and then handles the held lines. */
  #endWait(answer: (id: RequestId) => void): void {
    const held = this.#held;
    if (held?.authorizeId !== undefined) answer(held.authorizeId);
    if (held !== undefined && held.lines.length > 0) this.context.resume(this);
    else this.#held = undefined;
  }

  /** Counts held shares that will never be checked. */
  #countHeldShares(): void {
    for (const line of this.#held?.lines ?? []) {
      const message = parseStratum(line);
      const method = message !== undefined && "method" in message ? message.method : undefined;
      if (method !== "mining.submit") continue;
      this.context.mux.countRefused(this, "refusedUnauthorized", 0);
    }
  }

  /** The lines held while it waited for a pool or a layout, once the wait is over. */
  protected override takeHeldLines(): readonly Uint8Array[] {
    if (this.#state === "joining" || this.#held === undefined) return NO_LINES;
    if (this.awaitsLayout && this.context.mux.holdsLayouts) return NO_LINES;
    const { lines } = this.#held;
    this.#held = undefined;
    return lines;
  }

  #submit(share: Share): void {
    const seat = this.#seat;
    if (seat === undefined) return this.#refuseEarlyShare(share.id);
    const before = this.#lastShareAt;
    this.#lastShareAt = this.lastActiveAt;
    // Before it can leave: the fate of the share may be known only after that.
    this.#origin ??= this.#enterOrigin();
    if (before !== 0 && this.lastActiveAt - before >= TOLD_PAUSE_MS && this.attendance !== 0) {
      this.context.attendance?.paused(this, before, this.lastActiveAt);
    }
    const receipt = seat.submit(share);
    if (receipt !== "checking") this.#finishShare(seat, share, receipt);
  }

  shareChecked(share: Share, receipt: ShareReceipt): void {
    // A miner that has left gets no answer.
    if (!this.isOver && this.#seat !== undefined) this.#finishShare(this.#seat, share, receipt);
  }

  #finishShare(seat: Seat, share: Share, receipt: ShareReceipt): void {
    if (receipt === "taken") this.reply(share.id, "true");
    else if (receipt !== "waiting") this.refuse(share.id, receipt.code, receipt.text);
    const refusal = typeof receipt === "string" ? undefined : receipt.reason;
    // Firmware finishes work it has started, so shares of old jobs prove nothing about the miner.
    if (this.isOver || refusal === "stale" || !seat.isCurrent(share.jobId)) return;
    // Avalon told to roll no bits still rolls them and only leaves them out of its shares: then the
    // hash is not low enough.
    const hidesBits = refusal === "lowDifficulty" && this.#isNarrowed;
    this.#watchNarrowing(seat, refusal === "versionMask" || hidesBits);
    this.#watchRolling(share, receipt === "waiting");
  }

  /** Whether it may roll fewer version bits than it was promised at first. */
  get #isNarrowed(): boolean {
    return ((this.#promisedMask ?? 0) & ~this.#toldMask) !== 0;
  }

  /** Moves a miner that cannot narrow the bits it rolls to a connection where it need not. */
  #watchNarrowing(seat: Seat, isOutside: boolean): void {
    const before = this.#outside;
    this.#outside = noteBits(before, isOutside);
    if (cannotNarrow(before) || !cannotNarrow(this.#outside)) return;
    const mask = formatHex32(seat.versionMask ?? 0);
    log.warn(
      "Miner {miner} cannot narrow the version bits it rolls: {count|share} in a row rolled " +
        "bits outside {mask}, which is all that {pool} allows, and were refused; {consequence}",
      {
        miner: this.label,
        worker: this.workerLabel,
        count: PROVEN_OUTSIDE,
        mask,
        pool: seat.upstreamName,
        consequence: seat.needFullMask()
          ? "moving it to a connection that allows all bits"
          : "it earns nothing there: update its firmware, turn its version rolling (ASICBoost) " +
            "off, or list first a pool that allows 1fffe000",
      },
    );
  }

  /** Disconnects a miner that stops rolling although it may: it usually rolls again afterwards. */
  #watchRolling(share: Share, isUnanswered: boolean): void {
    if (this.#toldMask === 0) return;
    const before = this.#rolling;
    this.#rolling = noteShare(before, share.hasVersionBits);
    if (this.#rolling === before || rollingState(this.#rolling) !== "lost") return;
    // Workers of two sub-accounts may have the same name, also at the same address.
    const name = `${this.#account}.${this.#names?.workerName}@${this.from.hostname}`;
    const isSentAway = this.context.reconnectPause?.take(name) ?? false;
    log.warn("Miner {miner} lost ASICBoost: {consequence}", {
      miner: this.label,
      worker: this.workerLabel,
      consequence: isSentAway ? "disconnecting it, so that it starts over" : "it stays connected",
    });
    if (!isSentAway) return;
    // Half of all firmware ignores client.reconnect, so it is disconnected instead.
    if (isUnanswered && share.id !== null) this.#lastAnswer = share.id;
    else this.disconnect(LOST_ASICBOOST);
  }

  #refuseIllegalShare(id: RequestId): void {
    if (this.#seat === undefined) return this.#refuseEarlyShare(id);
    this.context.mux.countRefused(this, "refusedIllegal", this.#seat.difficulty ?? 0);
    this.refuse(id, ERROR_CODE.illegalParams);
  }

  /**
   * Refuses a share of a miner that has not logged in and disconnects it, so that it starts over:
   * half of all firmware ignores `client.reconnect`.
   *
   * @throws MinerFault unless it was turned away before: a miner that does this again and again is
   * limited like any other that breaks the protocol.
   */
  #refuseEarlyShare(id: RequestId): void {
    this.context.mux.countRefused(this, "refusedUnauthorized", 0);
    this.refuse(
      id,
      this.#state === "authorized" ? ERROR_CODE.notSubscribed : ERROR_CODE.unauthorized,
    );
    const reason = "sent a share before it logged in: it has to connect and log in again";
    // A miner that was turned away is not at fault: it may be the pool, for a whole farm.
    if (this.turnedAwayAt !== undefined) return this.disconnect(reason);
    throw new MinerFault("early-share", reason);
  }
}

function cutName(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : ownText(name.slice(0, MAX_NAME_LENGTH));
}
