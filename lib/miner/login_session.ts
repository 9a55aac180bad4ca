/**
 * The login of one miner: its names, its handshake and its seat in the mux, up to the last line that
 * it sent ahead.
 *
 * line_session.ts turns bytes into lines, session.ts handles the work of a miner that has logged in.
 * State is flat, because there are ten thousand sessions.
 */

import { formatHex32 } from "../base/hex.ts";
import { foreignDialect } from "../base/foreign_speech.ts";
import { ownText } from "../base/own_text.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { MinerFault } from "../base/violation.ts";
import type { Downstream, Mux, Seat, ShareReceipt } from "../mux/downstream.ts";
import { extranonce1Of, type ExtranonceLayout } from "../mux/terms.ts";
import type { Worker } from "../mux/upstream.ts";
import { addressKey } from "../net/miners/admission.ts";
import { areaLog } from "../observe/log.ts";
import { ERROR_CODE, type StratumError } from "../protocol/stratum/error_code.ts";
import { parseStratum } from "../protocol/stratum/message.ts";
import type { RequestId } from "../protocol/stratum/request_id.ts";
import type { Share } from "../protocol/stratum/share.ts";
import { splitUserName } from "../protocol/stratum/worker_name.ts";
import type { RollingState } from "./asicboost.ts";
import type { AttendanceBook, Attendee } from "./attendance.ts";
import type { CommonTexts } from "./common_texts.ts";
import { hasLoggedIn, isAuthorized, type MinerState, nextState, type Step } from "./handshake.ts";
import { HeldLines } from "./held_lines.ts";
import type { LimitName } from "./limits.ts";
import { type LineContext, LineSession } from "./line_session.ts";
import type { OriginBook } from "./origin_book.ts";
import type { ShortenNames, ShortNames } from "./short_names.ts";
import { suggestedByPassword } from "./suggestion.ts";
import { chooseWorkerName, type WorkerNaming } from "./worker_naming.ts";

/** The longest client agent or user name; longer ones are cut before anything else uses them. */
const MAX_NAME_LENGTH = 256;

const NO_LINES: readonly Uint8Array[] = [];

const log = areaLog("miner");

/** State that all sessions share. */
export interface LoginContext extends LineContext {
  /** Receives its shares. */
  readonly mux: Mux;
  /** Stores texts that many miners have in common. */
  readonly commonTexts: CommonTexts;
  /** How workers are named at the pool. */
  readonly naming: WorkerNaming;
  /** Shortens names as pools do; log and reports show the short names. */
  readonly shorten: ShortenNames;
  /** Numbers the origins that miners have in common. */
  readonly origins: OriginBook;
  /** Records the miners that log in; `undefined` for no record. */
  readonly attendance: AttendanceBook | undefined;
}

/** A miner on its way to work: who it is, and its seat once it has one. */
export abstract class LoginSession<Context extends LoginContext> extends LineSession<Context>
  implements Downstream, Attendee {
  readonly port: PeerAddress;
  /** Its number in the book of miners that logged in, 0 for none. */
  attendance = 0;
  /** Its place in the mux; `undefined` before it has logged in, and once it was turned away. */
  protected seat: Seat | undefined;
  /**
   * The authorize request to be answered once there is a pool, with the lines after it; or the
   * subscribe that waits for a layout, with the lines after that. Set only here.
   */
  protected held: HeldLines | undefined;
  /** Its number with the {@linkcode OriginBook}; `undefined` before its first share. */
  protected originNumber: number | undefined;
  #state: MinerState = "connected";
  #sessionId: number | undefined;
  #clientAgent = "";
  #account = "";
  /**
   * The user name it gave, cut if that is too long; `undefined` once its sub-account and worker name
   * say the same: ten thousand texts fewer.
   */
  #user: string | undefined = "";
  /** Its worker name at a pool, whole and shortened; `undefined` before it has logged in. */
  #workerName: string | undefined;
  #shortName: string | undefined;
  /** The layout of its extranonces, for the life of its connection. */
  #layout: ExtranonceLayout | undefined;
  #suggestedDifficulty: number | undefined;

  /** A miner that has just connected to a port. */
  constructor(
    context: Context,
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
    return this.originNumber ??= this.enterOrigin();
  }

  /** Enters its origin in the book, for its first share. */
  protected enterOrigin(): number {
    return this.context.origins.enter({
      clientAgent: this.#shortNames.clientAgent,
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
    return this.held !== undefined && this.#layout === undefined;
  }

  /** The state of its handshake. */
  get state(): MinerState {
    return this.#state;
  }

  get account(): string {
    return this.#account;
  }

  get workerName(): string {
    return this.#shortName ?? "";
  }

  get clientAgent(): string {
    return this.#clientAgent;
  }

  get upstreamName(): string | undefined {
    return this.seat?.upstreamName;
  }

  get difficulty(): number | undefined {
    return this.seat?.difficulty;
  }

  /** When it last sent a share; 0 for never. */
  abstract get lastShareAt(): number;

  /** The state of its version rolling. */
  abstract get rolling(): RollingState;

  /** See {@linkcode Downstream.shareChecked}. */
  abstract shareChecked(share: Share, receipt: ShareReceipt): void;

  /** See {@linkcode Downstream.acceptShare}. */
  abstract acceptShare(id: RequestId): void;

  /** See {@linkcode Downstream.rejectShare}. */
  abstract rejectShare(id: RequestId, answer: StratumError): void;

  /** See {@linkcode Downstream.disconnect}. */
  abstract disconnect(reason: string): void;

  /** It was turned away: it gets the full time to log in again. */
  protected abstract waitForLogin(): void;

  /** Its login is answered: it handles its held lines soon. */
  protected abstract resume(): void;

  /** Ends it from inside; `limit` is the limit that was reached, if any. */
  protected abstract end(reason: string, limit?: LimitName): void;

  /** What it named itself when it logged in, cut if that is too long; empty before. */
  protected get user(): string {
    return this.#user ?? userOf(this.#account, this.#workerName!);
  }

  /** Its names as pools have them. Made when needed: each would be an object more for each miner. */
  get #shortNames(): ShortNames {
    return this.context.shorten(this.#clientAgent, this.#workerName ?? "");
  }

  /** The worker for the log, including the sub-account; `undefined` before it has logged in. */
  get workerLabel(): string | undefined {
    if (this.#shortName === undefined) return undefined;
    const account = this.#account === "" ? "" : `${this.#account}.`;
    return `${account}${this.#shortName}`;
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
    if (this.seat !== undefined) this.seat.leave();
    // If it is just joining the mux, it leaves as soon as it has its seat.
    else if (this.#sessionId !== undefined && !this.hasLoggedIn) {
      this.context.mux.releaseSession(this.#sessionId);
    }
    if (this.originNumber !== undefined) this.context.origins.leave(this.originNumber);
  }

  admit(): void {
    this.#state = nextState(this.#state, "admit");
    const { clientAgent, wasCut } = this.#shortNames;
    log.info("Miner {miner} connected: {agent}, session {session}{names}", {
      miner: this.label,
      worker: this.workerLabel,
      agent: clientAgent || "no client agent",
      session: formatHex32(this.sessionId),
      names: wasCut ? "; its names are shortened" : "",
    });
    if (this.attendance !== 0) this.context.attendance?.admitted(this);
    this.#endWait((id) => this.handshakeReply(id, "true"));
  }

  turnAway({ code, text }: StratumError, reason: string): void {
    this.endAttendance(reason, false);
    this.seat = undefined;
    this.#state = nextState(this.#state, "turnAway");
    const { label: miner, workerLabel: worker } = this;
    log.warn("Miner {miner} turned away: {reason}", { miner, worker, reason });
    this.waitForLogin();
    this.#endWait((id) => this.refuseHandshake(id, code, text));
  }

  /** Reports its end to the book; `isOurDoing` if it was disconnected for no fault of its own. */
  endAttendance(reason: string, isOurDoing: boolean): void {
    if (this.attendance === 0) return;
    this.context.attendance?.left(this, reason, isOurDoing);
    this.attendance = 0;
  }

  /** Whether such a request must wait until the layout of its extranonces is known. */
  protected mustWait(method: string): boolean {
    return method === "mining.subscribe" && this.#layout === undefined &&
      this.context.mux.holdsLayouts;
  }

  /** Holds this line and all after it until the layout of its extranonces is known. */
  protected hold(line: Uint8Array): void {
    this.held = new HeldLines(undefined);
    this.held.add(line, this.context.decoders.maxLineBytes);
  }

  /** Answers a subscribe with its extranonce1. @throws MinerFault for another coin's miner. */
  protected subscribe(id: RequestId, params: readonly unknown[]): void {
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
        return this.end("all session ids are in use", "session_ids");
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

  /** Takes its name; the answer comes now, or once there is a pool. */
  protected authorize(id: RequestId, params: readonly unknown[]): void {
    const [user, password] = params;
    if (typeof user !== "string") return this.refuseHandshake(id, ERROR_CODE.workerNameNotString);
    if (isAuthorized(this.#state)) return this.handshakeReply(id, "true");
    this.#user = cutName(user);
    this.suggest(suggestedByPassword(password));
    // Answers at once only if work cannot start yet, otherwise once there is a pool.
    if (nextState(this.#state, "authorize") === "authorized") this.handshakeReply(id, "true");
    else this.held = new HeldLines(id);
    this.#proceed("authorize");
  }

  /** Takes a step of the handshake; the step that completes it joins the mux. */
  #proceed(step: Step): void {
    const before = this.#state;
    this.#state = nextState(before, step);
    if (this.#state !== "joining" || before === "joining") return;
    this.held ??= new HeldLines(undefined);
    const { account, workerName } = splitUserName(this.user);
    const { naming, commonTexts } = this.context;
    this.#account = commonTexts.of(account);
    const chosenName = chooseWorkerName(naming, workerName, this.from.hostname);
    this.#workerName = chosenName;
    this.#shortName = this.#shortNames.workerName;
    if (this.#user === userOf(account, chosenName)) this.#user = undefined;
    const seat = this.context.mux.join(account, this, addressKey(this.from.hostname));
    // Messages sent while it joined may have been too much for a miner that does not read.
    if (this.isOver) {
      seat?.leave();
      return;
    }
    this.seat = seat;
    if (seat !== undefined) this.attendance = this.context.attendance?.loggedIn(this) ?? 0;
    if (this.isWorking) this.tell();
  }

  /** Uses the difficulty that it suggests, where we set its difficulty. */
  protected suggest(difficulty: number | undefined): void {
    if (difficulty === undefined) return;
    this.#suggestedDifficulty = difficulty;
    this.seat?.suggested();
  }

  /** Answers its authorize, now that its admission is decided, and then handles the held lines. */
  #endWait(answer: (id: RequestId) => void): void {
    const held = this.held;
    if (held?.authorizeId !== undefined) answer(held.authorizeId);
    if (held !== undefined && held.lines.length > 0) this.resume();
    else this.held = undefined;
  }

  /** Counts held shares that will never be checked. */
  #countHeldShares(): void {
    for (const line of this.held?.lines ?? []) {
      const message = parseStratum(line);
      const method = message !== undefined && "method" in message ? message.method : undefined;
      if (method !== "mining.submit") continue;
      this.context.mux.countRefused(this, "refusedUnauthorized", 0);
    }
  }

  /** The lines held while it waited for a pool or a layout, once the wait is over. */
  protected override takeHeldLines(): readonly Uint8Array[] {
    if (this.#state === "joining" || this.held === undefined) return NO_LINES;
    if (this.awaitsLayout && this.context.mux.holdsLayouts) return NO_LINES;
    const { lines } = this.held;
    this.held = undefined;
    return lines;
  }
}

function cutName(name: string): string {
  return name.length <= MAX_NAME_LENGTH ? name : ownText(name.slice(0, MAX_NAME_LENGTH));
}

function userOf(account: string, workerName: string): string {
  return `${account}.${workerName}`;
}
