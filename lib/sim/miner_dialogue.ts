/**
 * A simulated miner's side of the conversation, without a socket: what it sends and when, how it
 * handles each line, and which server behaviour costs some firmware shares or its connection
 * (stratum.md).
 */

import type { Now } from "../base/clock.ts";
import { formatHex32 } from "../base/hex.ts";
import { isDifficulty } from "../protocol/stratum/difficulty.ts";
import { type Job, parseNotify } from "../protocol/stratum/job.ts";
import { CONFIGURE, type Extranonce2Use, type Firmware, type MinerIdentity } from "./firmware.ts";
import { MinerPatience } from "./miner_patience.ts";
import {
  type AssignedExtranonce,
  faultInError,
  type JsonObject,
  parseMask,
  parseObject,
  readConfigureAnswer,
  readSubscribeAnswer,
} from "./server_answers.ts";
import type { Arrival } from "./ticker.ts";
import { ToldDifficulty } from "./told_difficulty.ts";
import { ToldJobs } from "./told_jobs.ts";
import { ToldMask } from "./told_mask.ts";

/** No firmware takes a longer line, in characters. */
const MAX_LINE = 32 * 1024;

/** The number of parameters of `mining.notify`; strict firmware tolerates no more. */
const NOTIFY_PARAMS = 9;

/** What a miner has to know to hash. */
export interface MinerWork extends AssignedExtranonce {
  /** The job as it arrived, with its id. */
  readonly job: Job;
  /** The difficulty its firmware works the job at, which a share must reach. */
  readonly difficulty: number;
  /** Version bits the server allows; 0 when version rolling was not agreed. */
  readonly versionMask: number;
  /** Version bits the firmware rolls, allowed or not. */
  readonly rolledMask: number;
  /** How it chooses its extranonce2. */
  readonly extranonce2: Extranonce2Use;
  /** Whether it works at all with an extranonce2 of this size. */
  readonly isWorked: boolean;
}

/** A share to submit. */
export interface MinerShare {
  /** The job's id as it arrived. */
  readonly jobId: string;
  /** In hex, with exactly the number of bytes that the server asked for. */
  readonly extranonce2: string;
  /** The header's time. */
  readonly ntime: number;
  /** The header's nonce. */
  readonly nonce: number;
  /** The bits changed in the version; not sent by miners without version rolling. */
  readonly versionBits: number;
}

/** The result of a share: accepted, or the error's code. */
export type ShareAnswer = "accepted" | number;

/** A share, and whether its firmware made it as the server asked. */
export interface AnsweredShare extends MinerShare {
  /**
   * False for version bits that are not allowed, a coinbase cut short, or an extranonce2 of the
   * wrong size.
   */
  readonly isSound: boolean;
}

/** Events for the owner of a dialogue. */
export interface MinerEvents {
  /** This line, without its LF, is to be sent. */
  send(line: string): void;
  /** Authorize was answered with true. */
  authorized(): void;
  /** There is new work; `previous` is that of the job before. */
  work(work: MinerWork, previous: MinerWork | undefined): void;
  /** A job came; `work()` follows, unless the firmware takes it for an old one. */
  job(isClean: boolean): void;
  /** A share was answered. */
  answered(share: AnsweredShare, answer: ShareAnswer): void;
  /** The server broke the dialect; `fault` says how. */
  fault(fault: string): void;
  /** The miner cannot or will not continue on this connection, or was asked to reconnect. */
  leave(reason: "fault" | "told" | "silence"): void;
}

/** Settings of a dialogue besides those of its firmware and the server. */
export interface DialogueOptions {
  /** The clock for time-outs, in milliseconds; always 0 if not given. */
  readonly now?: Now;
  /** How many times longer than the real firmware it waits for its login; 1 if not given. */
  readonly loginPatience?: number;
  /** The value of difficulty 1 in this simulation, if it is not 1; 0 for no lower limit. */
  readonly difficultyUnit?: number;
  /** When the line being read arrived; at `now` if not given. */
  readonly arrival?: () => Arrival;
  /** Called at each job: whether a job too soon after another is a fault; always if not given. */
  readonly mindsPace?: () => boolean;
}

type Id = number | string;

/** One connection's conversation. */
export class MinerDialogue {
  readonly #firmware: Firmware;
  readonly #identity: MinerIdentity;
  readonly #events: MinerEvents;
  readonly #now: Now;
  readonly #arrival: () => Arrival;
  readonly #mindsPace: () => boolean;
  readonly #difficultyUnit: number;
  readonly #patience: MinerPatience;
  readonly #difficulty: ToldDifficulty;
  readonly #mask: ToldMask;
  readonly #jobs: ToldJobs;
  /** First messages sent. */
  #sent = 0;
  #nextId = 0;
  /** First messages that wait for their answer. */
  readonly #open = new Map<Id, number>();
  /** Later requests whose answer does not matter. */
  readonly #wishes = new Set<Id>();
  /** By id; some firmware gives all of its shares the same. */
  readonly #shares = new Map<Id, AnsweredShare[]>();
  #waitingShares = 0;
  #assigned: AssignedExtranonce | undefined;
  #isAuthorized = false;
  #toldMask: number | undefined;
  #work: MinerWork | undefined;
  #isMaskSent = false;
  #isCoinbaseWhole = true;
  #isOver = false;

  /** Serves one connection; {@linkcode MinerDialogue.begin} sends the first line. */
  constructor(
    firmware: Firmware,
    identity: MinerIdentity,
    events: MinerEvents,
    {
      now = () => 0,
      loginPatience = 1,
      difficultyUnit = 0,
      arrival = () => ({ sinceMs: now(), untilMs: now() }),
      mindsPace = () => true,
    }: DialogueOptions = {},
  ) {
    this.#firmware = firmware;
    this.#identity = identity;
    this.#events = events;
    this.#now = now;
    this.#arrival = arrival;
    this.#mindsPace = mindsPace;
    this.#difficultyUnit = difficultyUnit;
    this.#patience = new MinerPatience(firmware, now(), loginPatience);
    this.#difficulty = new ToldDifficulty(firmware);
    this.#mask = new ToldMask(firmware);
    this.#jobs = new ToldJobs(firmware);
  }

  /** The session id that the server gave this connection's subscription. */
  get session(): string | undefined {
    return this.#assigned?.session;
  }

  /** The current work; `undefined` before the first job. */
  get work(): MinerWork | undefined {
    return this.#work;
  }

  /** Shares that wait for an answer. */
  get waitingShares(): number {
    return this.#waitingShares;
  }

  /** Sends the first messages, up to the first that waits for an answer. */
  begin(): void {
    this.#sendNext();
  }

  /** Submits a share. */
  submit(share: MinerShare): void {
    const id = this.#firmware.id(this.#nextId++, "mining.submit");
    const isSound = this.#isSound(share);
    const waiting = this.#shares.get(id);
    if (waiting === undefined) this.#shares.set(id, [{ ...share, isSound }]);
    else waiting.push({ ...share, isSound });
    this.#waitingShares++;
    const nonce = this.#firmware.cutsNonce ? share.nonce.toString(16) : formatHex32(share.nonce);
    const params = [
      this.#identity.user,
      share.jobId,
      share.extranonce2,
      formatHex32(share.ntime),
      nonce,
    ];
    if (this.#isMaskSent) params.push(formatHex32(share.versionBits));
    this.#events.send(JSON.stringify({ id, method: "mining.submit", params }));
  }

  /** Checks the time: something the firmware waits for may be overdue. */
  tick(): void {
    if (this.#isOver) return;
    const { fault, leaves, suggests } = this.#patience.tick(this.#now());
    if (fault !== undefined) this.#fault(fault);
    if (leaves) return this.#leave("silence");
    if (!suggests) return;
    const wish = this.#firmware.messages.find(({ method }) => method === SUGGEST);
    if (wish !== undefined) {
      this.#wish(this.#nextIdFor(SUGGEST), SUGGEST, wish.params(this.#identity));
    }
  }

  /** Handles one line from the server. */
  receive(line: string): void {
    if (this.#isOver) return;
    this.#patience.heard(this.#now());
    if (line.length > MAX_LINE) this.#fault(`a line of ${line.length} characters`);
    const message = parseObject(line);
    if (message === undefined) {
      this.#fault(`a line is no JSON object: ${line.slice(0, 60)}`);
      return this.#leave("fault");
    }
    const { id, method, params } = message;
    if (typeof method === "string") {
      if (!Array.isArray(params)) return this.#fault(`${method} has no params`);
      return this.#notified(method, params);
    }
    this.#checkAnswer(message);
    if (this.#isOver) return;
    if ((typeof id === "number" || typeof id === "string") && this.#answered(id, message)) return;
    this.#fault(`an answer to no request of this miner: id ${JSON.stringify(id)}`);
    // Firmware that compares ids drops the line, and the answer it waits for never comes.
    if (this.#nextLineMustAnswer !== undefined) this.#leave("fault");
  }

  #isSound({ versionBits, extranonce2 }: MinerShare): boolean {
    const allowed = this.#isMaskSent ? this.#work?.versionMask ?? 0 : 0;
    return (versionBits & ~allowed) === 0 && this.#isCoinbaseWhole &&
      extranonce2.length === (this.#assigned?.extranonce2Size ?? 0) * 2;
  }

  /** Notes what strict firmware does not tolerate in an answer's shape. */
  #checkAnswer({ result, error = null }: JsonObject): void {
    const fault = error === null
      ? (result ?? null) === null ? "an answer has neither a result nor an error" : undefined
      : faultInError(error);
    if (fault === undefined) return;
    this.#fault(fault);
    if (this.#firmware.isStrict) this.#leave("fault");
  }

  #answered(id: Id, { result, error = null }: JsonObject): boolean {
    const waiting = this.#shares.get(id);
    if (waiting !== undefined) {
      const share = waiting.shift()!;
      if (waiting.length === 0) this.#shares.delete(id);
      this.#waitingShares--;
      const code = Array.isArray(error) ? error[0] : undefined;
      if (result === true && error === null) this.#events.answered(share, "accepted");
      else if (typeof code === "number") this.#events.answered(share, code);
      else {
        this.#fault(`a share's answer is neither true nor an error: ${JSON.stringify(result)}`);
        this.#events.answered(share, 0);
      }
      return true;
    }
    if (this.#wishes.delete(id)) return true;
    const index = this.#open.get(id);
    if (index === undefined) return false;
    this.#open.delete(id);
    const { method, answer } = this.#firmware.messages[index]!;
    const isSuccess = error === null && result !== null && result !== undefined;
    if (!isSuccess && answer === "success" && !this.#bearsRefusal(method)) {
      this.#fault(`${method} was refused: ${JSON.stringify(error)}`);
      this.#leave("fault");
      return true;
    }
    if (isSuccess && !this.#took(method, result)) {
      this.#leave("fault");
      return true;
    }
    this.#sendNext();
    return true;
  }

  /**
   * Whether the firmware accepts a refusal: firmware that always rolls accepts any answer to
   * configure.
   */
  #bearsRefusal(method: string): boolean {
    if (method !== CONFIGURE || this.#firmware.withoutRolling !== "rollsAllTheSame") return false;
    this.#fault("mining.configure was refused");
    this.#mask.configured(0);
    return true;
  }

  /** Handles a successful answer. Returns `false` if this miner cannot continue with it. */
  #took(method: string, result: unknown): boolean {
    switch (method) {
      case CONFIGURE:
        return this.#tookConfigure(result);
      case "mining.subscribe":
        return this.#tookSubscribe(result);
      case "mining.authorize":
        if (result !== true) {
          return this.#cannot(`authorize was answered ${JSON.stringify(result)}`);
        }
        this.#isAuthorized = true;
        this.#events.authorized();
        return true;
      default:
        return true;
    }
  }

  #tookConfigure(result: unknown): boolean {
    const mask = readConfigureAnswer(result, this.#firmware);
    if (typeof mask === "string") return this.#cannot(mask);
    const { onlyMask, withoutRolling } = this.#firmware;
    this.#checkMask(mask);
    this.#toldMask = mask;
    this.#mask.configured((mask & this.#mask.asked) >>> 0);
    if (mask === 0) {
      this.#fault("configure was answered without a mask");
      return withoutRolling !== "givesUp";
    }
    if (onlyMask === undefined || mask === onlyMask) return true;
    return this.#cannot(`configure was answered ${formatHex32(mask)}: given up`);
  }

  #tookSubscribe(result: unknown): boolean {
    const assigned = readSubscribeAnswer(result, this.#firmware);
    if (typeof assigned === "string") return this.#cannot(assigned);
    this.#assigned = assigned;
    this.#patience.subscribed();
    return true;
  }

  #checkMask(mask: number): void {
    const { asked } = this.#mask;
    if ((mask & ~asked) !== 0) {
      this.#fault(`mask ${formatHex32(mask)} has bits outside ${formatHex32(asked)}`);
    }
  }

  #notified(method: string, params: readonly unknown[]): void {
    const awaited = this.#nextLineMustAnswer;
    if (awaited !== undefined) {
      this.#fault(`${method} came where the answer to ${awaited} was due`);
      return this.#leave("fault");
    }
    if (!this.#isAuthorized && WORK_METHODS.has(method)) {
      this.#fault(`${method} came before the answer to authorize`);
    }
    switch (method) {
      case "mining.set_difficulty":
        return this.#gotDifficulty(params[0]);
      case "mining.set_version_mask":
        return this.#gotMask(params[0]);
      case "mining.notify":
        return this.#gotJob(params);
      case "client.reconnect":
        if (this.#firmware.reconnectMessage === "reconnects") this.#leave("told");
        return;
    }
    this.#fault(`${method} is a message that some firmware does not tolerate`);
    if (this.#firmware.isStrict) this.#leave("fault");
  }

  #gotDifficulty(difficulty: unknown): void {
    if (!isDifficulty(difficulty)) {
      return this.#fault(`difficulty is ${JSON.stringify(difficulty)}`);
    }
    const [least, most] = this.#firmware.difficulties;
    if (difficulty < least * this.#difficultyUnit || difficulty >= most) {
      this.#fault(`difficulty ${difficulty} is none this firmware can work at`);
    }
    this.#patience.toldDifficulty();
    this.#difficulty.tell(difficulty);
    // The first difficulty may be sent alone, once, while there is no job.
    const allowed = this.#work === undefined ? 2 : 1;
    if (this.#difficulty.sinceJob > allowed) this.#fault("a second difficulty came before one job");
    if (this.#firmware.difficulty === "atOnce" && this.#work !== undefined) {
      this.#setWork({ ...this.#work, difficulty });
    }
  }

  #gotMask(text: unknown): void {
    const mask = parseMask(text);
    if (mask === undefined) return this.#fault(`version mask is ${JSON.stringify(text)}`);
    if (this.#mask.asked === 0) return this.#fault("a version mask came that nobody asked for");
    this.#checkMask(mask);
    if (mask === this.#toldMask) this.#fault(`mask ${formatHex32(mask)} was told before`);
    this.#toldMask = mask;
    this.#mask.told((mask & this.#mask.asked) >>> 0);
  }

  #gotJob(params: readonly unknown[]): void {
    let job: Job;
    try {
      job = parseNotify(params);
    } catch (error) {
      return this.#fault((error as Error).message);
    }
    this.#patience.gotJob(this.#now());
    if (params.length !== NOTIFY_PARAMS && this.#firmware.isStrict) {
      this.#fault(`a job has ${params.length} parameters`);
      return this.#leave("fault");
    }
    if (this.#assigned === undefined) return this.#fault("a job came before subscribe's answer");
    if (!this.#difficulty.isTold) return this.#fault("a job came before any difficulty");
    if (this.#work === undefined && !job.isClean) this.#fault("the first job is not clean");
    const { isTaken, faults } = this.#jobs.take(job, this.#arrival(), this.#mindsPace());
    for (const fault of faults) this.#fault(fault);
    this.#events.job(job.isClean);
    const difficulty = this.#difficulty.begin()!;
    if (isTaken) this.#take(job, this.#assigned, difficulty);
  }

  #take(job: Job, assigned: AssignedExtranonce, difficulty: number): void {
    const { allowed, rolled, isSent } = this.#mask.begin();
    this.#isMaskSent = isSent;
    const { extranonce1, extranonce2Size } = assigned;
    const coinbaseBytes = (job.coinbase1.length + extranonce1.length + job.coinbase2.length) / 2 +
      extranonce2Size;
    this.#isCoinbaseWhole = coinbaseBytes <= this.#firmware.maxCoinbaseBytes;
    this.#setWork({
      ...assigned,
      job,
      difficulty,
      versionMask: allowed,
      rolledMask: rolled,
      extranonce2: this.#firmware.extranonce2,
      isWorked: this.#firmware.worksWith(extranonce2Size),
    });
    if (this.#firmware.asksTransactions) {
      this.#wish(`txlist${job.id}`, "mining.get_transactions", [job.id]);
    }
  }

  #setWork(work: MinerWork): void {
    const previous = this.#work;
    this.#work = work;
    this.#events.work(work, previous);
  }

  /** The method whose answer must be the next line, for firmware that requires this. */
  get #nextLineMustAnswer(): string | undefined {
    if (!this.#firmware.takesNextLineAsAnswer || this.#isAuthorized) return undefined;
    for (const index of this.#open.values()) {
      const { method } = this.#firmware.messages[index]!;
      if (method === CONFIGURE || method === "mining.subscribe") return method;
    }
    return undefined;
  }

  /** Sends first messages, up to the next that waits for an answer still due. */
  #sendNext(): void {
    const { messages } = this.#firmware;
    while (this.#sent < messages.length) {
      const message = messages[this.#sent]!;
      if (this.#open.size > 0 && !message.isAlong) return;
      const index = this.#sent++;
      const { method, answer } = message;
      const params = message.params(this.#identity);
      this.#noteMask(method, params);
      const id = answer === "none" ? null : this.#nextIdFor(method);
      if (id !== null) this.#open.set(id, index);
      this.#events.send(JSON.stringify({ id, method, params }));
    }
  }

  #nextIdFor(method: string): Id {
    return this.#firmware.id(this.#nextId++, method);
  }

  /** Sends a request whose answer does not matter. */
  #wish(id: Id, method: string, params: readonly unknown[]): void {
    this.#wishes.add(id);
    this.#events.send(JSON.stringify({ id, method, params }));
  }

  #noteMask(method: string, [, options]: readonly unknown[]): void {
    if (method !== CONFIGURE) return;
    this.#mask.asked = parseMask((options as JsonObject)["version-rolling.mask"]) ?? 0;
  }

  #cannot(fault: string): false {
    this.#fault(fault);
    return false;
  }

  #leave(reason: "fault" | "told" | "silence"): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.leave(reason);
  }

  #fault(fault: string): void {
    this.#events.fault(fault);
  }
}

const SUGGEST = "mining.suggest_difficulty";

const WORK_METHODS: ReadonlySet<string> = new Set([
  "mining.set_difficulty",
  "mining.set_version_mask",
  "mining.notify",
]);
