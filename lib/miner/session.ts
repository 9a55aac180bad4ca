/**
 * One miner: handles its requests, passes its shares to the mux, and tells it the mux's news.
 *
 * line_session.ts turns bytes into lines and answers into bytes, login_session.ts has its login.
 * State is flat, because there are ten thousand sessions.
 */

import { formatHex32 } from "../base/hex.ts";
import { formatAddress } from "../base/peer_address.ts";
import { foreignMethod } from "../base/foreign_speech.ts";
import { MinerFault } from "../base/violation.ts";
import type { Downstream, News, Seat, ShareReceipt } from "../mux/downstream.ts";
import { areaLog } from "../observe/log.ts";
import { ERROR_CODE, type StratumError } from "../protocol/stratum/error_code.ts";
import { parseStratum, type Request } from "../protocol/stratum/message.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import { parseShare, type Share } from "../protocol/stratum/share.ts";
import { scanShare } from "../protocol/stratum/share_scanner.ts";
import {
  noteShare,
  type ReconnectPause,
  type RollingHistory,
  type RollingState,
  rollingState,
} from "./asicboost.ts";
import { type Attendee, TOLD_PAUSE_MS } from "./attendance.ts";
import { answerConfigure } from "./configure.ts";
import { foreignLine } from "./foreign_line.ts";
import type { LimitName } from "./limits.ts";
import { HEARD } from "./line_session.ts";
import { type LoginContext, LoginSession } from "./login_session.ts";
import { cannotNarrow, noteBits, type OutsideStreak, PROVEN_OUTSIDE } from "./narrowing.ts";
import type { MinerReport } from "./report.ts";
import { suggestedByRequest } from "./suggestion.ts";
import type { WorkMessages } from "./work_message.ts";

const log = areaLog("miner");

/** State that all sessions share. */
export interface MinerContext extends LoginContext {
  /** Builds the messages with miners' news. */
  readonly workMessages: WorkMessages;
  /** Decides when a miner that lost ASICBoost may be disconnected; `undefined` for never. */
  readonly reconnectPause: ReconnectPause | undefined;
  /** The answer to `client.get_version`. */
  readonly version: string;
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

/** Why a miner that lost ASICBoost is disconnected. */
const LOST_ASICBOOST = "it lost ASICBoost, and a new connection usually brings it back";

/** The session of one miner. */
export class MinerSession extends LoginSession<MinerContext> implements Downstream, Attendee {
  /** Set by its owner when it was last turned away, in milliseconds like `connectedAt`. */
  turnedAwayAt: number | undefined = undefined;
  /** The mask promised when it asked for version rolling; `undefined` if it did not ask. */
  #promisedMask: number | undefined;
  /** The mask that it was last told: the promised one or, later, a narrower one. */
  #toldMask = 0;
  #rolling: RollingHistory = 0;
  #outside: OutsideStreak = 0;
  /** The share whose answer is the last message before it is disconnected; `undefined` for none. */
  #lastAnswer: RequestId | undefined;
  #lastShareAt = 0;

  /** The state of its version rolling. */
  get rolling(): RollingState {
    return cannotNarrow(this.#outside) ? "cannot_narrow" : rollingState(this.#rolling);
  }

  get lastShareAt(): number {
    return this.#lastShareAt;
  }

  /** The data about it that is shown. */
  report(): MinerReport {
    return {
      sessionId: this.leasedId,
      attendance: this.attendance,
      address: formatAddress(this.from),
      user: this.user,
      account: this.account,
      workerName: this.workerName,
      clientAgent: this.clientAgent,
      state: this.state,
      connectedAt: this.connectedAt,
      lastActiveAt: this.lastActiveAt,
      lastShareAt: this.#lastShareAt,
      upstreamName: this.upstreamName,
      difficulty: this.difficulty,
      versionMask: this.#toldMask,
      rolling: this.rolling,
    };
  }

  /** The message with its news; `undefined` for nothing. */
  takeNews(): Uint8Array | undefined {
    const news = this.seat?.takeNews();
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
    this.end(reason);
  }

  /** It gets the full time to log in again. */
  protected override waitForLogin(): void {
    this.context.turnedAway(this);
  }

  /** It handles its held lines soon. */
  protected override resume(): void {
    this.context.resume(this);
  }

  /** Ends it from inside; `limit` is the limit that was reached, if any. */
  protected override end(reason: string, limit?: LimitName): void {
    this.context.end(this, reason, limit);
  }

  /**
   * Answers a request, or keeps it for later while it waits for a pool.
   *
   * @throws MinerFault if it breaks the protocol.
   */
  protected override receiveLine(line: Uint8Array): void {
    if (this.held !== undefined) return this.held.add(line, this.context.decoders.maxLineBytes);
    const share = scanShare(line);
    if (share !== undefined) return this.#submit(share);
    const message = parseStratum(line);
    if (message === undefined) throw foreignLine(line);
    this.heard = HEARD.request;
    switch (message.kind) {
      case "request":
        if (this.mustWait(message.method)) return this.hold(line);
        return this.#request(message);
      case "illegal":
        if (message.method === "mining.submit") return this.#refuseIllegalShare(message.id);
        this.refuse(message.id, ERROR_CODE.illegalParams);
        return this.#refuseForeigner(message.method);
      case "reply":
        return; // an answer to our notification without an id: firmware does such things
    }
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
        return this.subscribe(id, params);
      case "mining.authorize":
        return this.authorize(id, params);
      case "mining.suggest_difficulty":
        this.suggest(suggestedByRequest(params));
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
    if (this.state !== "connected" || method === undefined) return;
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
    const allowed = this.seat?.versionMask;
    if (promised === undefined || allowed === undefined || (promised & ~allowed) === 0) return;
    if (this.seat!.askAgain()) this.tell();
  }

  #submit(share: Share): void {
    const seat = this.seat;
    if (seat === undefined) return this.#refuseEarlyShare(share.id);
    const before = this.#lastShareAt;
    this.#lastShareAt = this.lastActiveAt;
    // Before it can leave: the fate of the share may be known only after that.
    this.originNumber ??= this.enterOrigin();
    if (before !== 0 && this.lastActiveAt - before >= TOLD_PAUSE_MS && this.attendance !== 0) {
      this.context.attendance?.paused(this, before, this.lastActiveAt);
    }
    const receipt = seat.submit(share);
    if (receipt !== "checking") this.#finishShare(seat, share, receipt);
  }

  shareChecked(share: Share, receipt: ShareReceipt): void {
    // A miner that has left gets no answer.
    if (!this.isOver && this.seat !== undefined) this.#finishShare(this.seat, share, receipt);
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
    const name = `${this.account}.${this.workerName}@${this.from.hostname}`;
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
    if (this.seat === undefined) return this.#refuseEarlyShare(id);
    this.context.mux.countRefused(this, "refusedIllegal", this.seat.difficulty ?? 0);
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
      this.state === "authorized" ? ERROR_CODE.notSubscribed : ERROR_CODE.unauthorized,
    );
    const reason = "sent a share before it logged in: it has to connect and log in again";
    // A miner that was turned away is not at fault: it may be the pool, for a whole farm.
    if (this.turnedAwayAt !== undefined) return this.disconnect(reason);
    throw new MinerFault("early-share", reason);
  }
}
