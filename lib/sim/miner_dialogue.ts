/**
 * A simulated miner's side of the conversation, without a socket: what it sends when, what it
 * makes of each line, and every breach of the dialect in stratum.md it notices.
 */

import { formatHex32 } from "../base/hex.ts";
import { isDifficulty } from "../protocol/difficulty.ts";
import { type Job, parseNotify } from "../protocol/job.ts";
import type { Firmware, MinerIdentity } from "./firmware.ts";
import {
  type AssignedExtranonce,
  type JsonObject,
  parseMask,
  parseObject,
  readConfigureAnswer,
  readSubscribeAnswer,
} from "./server_answers.ts";

/** What a miner has to know to hash. */
export interface MinerWork extends AssignedExtranonce {
  /** The job as it came, its id included. */
  readonly job: Job;
  /** What a share must reach: the difficulty announced before the job. */
  readonly difficulty: number;
  /** Version bits that may roll; 0 when version rolling was not agreed. */
  readonly versionMask: number;
}

/** A share to submit. */
export interface MinerShare {
  /** Of the job, as it came. */
  readonly jobId: string;
  /** Exactly as many bytes in hex as the server asked for. */
  readonly extranonce2: string;
  /** The header's time. */
  readonly ntime: number;
  /** The header's nonce. */
  readonly nonce: number;
  /** What was changed in the version; not sent by miners without version rolling. */
  readonly versionBits: number;
}

/** What came of a share: accepted, or the error's code. */
export type ShareAnswer = "accepted" | number;

/** What the owner of a dialogue is told. */
export interface MinerEvents {
  /** This line, without its LF, is to be sent. */
  send(line: string): void;
  /** Authorize was answered with true. */
  authorized(): void;
  /** There is new work, or old work under another mask. */
  work(work: MinerWork): void;
  /** A job came; `work()` follows. */
  job(isClean: boolean): void;
  /** A share was answered. */
  answered(share: MinerShare, answer: ShareAnswer): void;
  /** The server broke the dialect, in words. */
  fault(fault: string): void;
  /** The miner cannot go on with this connection, or was told to reconnect. */
  leave(reason: "fault" | "told"): void;
}

type Id = number | string;

/** One connection's conversation. */
export class MinerDialogue {
  readonly #firmware: Firmware;
  readonly #identity: MinerIdentity;
  readonly #events: MinerEvents;
  /** First messages sent. */
  #sent = 0;
  #nextId = 0;
  /** First messages that wait for their answer. */
  readonly #open = new Map<Id, number>();
  readonly #shares = new Map<Id, MinerShare>();
  #assigned: AssignedExtranonce | undefined;
  #isConfigured = false;
  #isAuthorized = false;
  #askedMask = 0;
  #versionMask = 0;
  #difficulty: number | undefined;
  #work: MinerWork | undefined;

  /** For one connection; {@linkcode MinerDialogue.begin} sends the first line. */
  constructor(firmware: Firmware, identity: MinerIdentity, events: MinerEvents) {
    this.#firmware = firmware;
    this.#identity = identity;
    this.#events = events;
  }

  /** The extranonce1 assigned, in hex. */
  get extranonce1(): string | undefined {
    return this.#assigned?.extranonce1;
  }

  /** What to hash now; `undefined` before the first job. */
  get work(): MinerWork | undefined {
    return this.#work;
  }

  /** Shares that wait for an answer. */
  get waitingShares(): number {
    return this.#shares.size;
  }

  /** Sends the first message, or all of them. */
  begin(): void {
    this.#sendNext();
  }

  /** Submits a share. */
  submit(share: MinerShare): void {
    const id = this.#firmware.id(this.#nextId++);
    this.#shares.set(id, share);
    const params = [
      this.#identity.user,
      share.jobId,
      share.extranonce2,
      formatHex32(share.ntime),
      formatHex32(share.nonce),
    ];
    if (this.#versionMask !== 0) params.push(formatHex32(share.versionBits));
    this.#events.send(JSON.stringify({ id, method: "mining.submit", params }));
  }

  /** Takes one line from the server. */
  receive(line: string): void {
    const message = parseObject(line);
    if (message === undefined) {
      this.#fault(`a line is no JSON object: ${line.slice(0, 60)}`);
      return this.#events.leave("fault");
    }
    const { id, method, params } = message;
    if (typeof method === "string") {
      if (!Array.isArray(params)) return this.#fault(`${method} has no params`);
      return this.#notified(method, params);
    }
    if ((typeof id === "number" || typeof id === "string") && this.#answered(id, message)) return;
    this.#fault(`an answer to no request of this miner: id ${JSON.stringify(id)}`);
    // Firmware that compares ids drops the line; what it waits for never comes.
    if (this.#nextLineMustAnswer !== undefined) this.#events.leave("fault");
  }

  #answered(id: Id, { result, error = null }: JsonObject): boolean {
    const share = this.#shares.get(id);
    if (share !== undefined) {
      this.#shares.delete(id);
      const code = Array.isArray(error) ? error[0] : undefined;
      if (result === true && error === null) this.#events.answered(share, "accepted");
      else if (typeof code === "number") this.#events.answered(share, code);
      else {
        this.#fault(`a share's answer is neither true nor an error: ${JSON.stringify(result)}`);
        this.#events.answered(share, 0);
      }
      return true;
    }
    const index = this.#open.get(id);
    if (index === undefined) return false;
    this.#open.delete(id);
    const { method, answer } = this.#firmware.messages[index]!;
    const isSuccess = error === null && result !== null && result !== undefined;
    if (!isSuccess && answer === "success") {
      this.#fault(`${method} was refused: ${JSON.stringify(error)}`);
      this.#events.leave("fault");
      return true;
    }
    if (isSuccess && !this.#took(method, result)) {
      this.#events.leave("fault");
      return true;
    }
    this.#sendNext();
    return true;
  }

  /** Takes a successful answer. `false` when this miner cannot go on with it. */
  #took(method: string, result: unknown): boolean {
    switch (method) {
      case "mining.configure":
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
    this.#isConfigured = true;
    this.#setMask(mask);
    return true;
  }

  #tookSubscribe(result: unknown): boolean {
    const assigned = readSubscribeAnswer(result, this.#firmware);
    if (typeof assigned === "string") return this.#cannot(assigned);
    this.#assigned = assigned;
    return true;
  }

  #setMask(mask: number): void {
    if ((mask & ~this.#askedMask) !== 0) {
      this.#fault(`mask ${formatHex32(mask)} has bits outside ${formatHex32(this.#askedMask)}`);
    }
    this.#versionMask = (mask & this.#askedMask) >>> 0;
    if (this.#work !== undefined) {
      this.#work = { ...this.#work, versionMask: this.#versionMask };
      this.#events.work(this.#work);
    }
  }

  #notified(method: string, params: readonly unknown[]): void {
    const awaited = this.#nextLineMustAnswer;
    const isMaskBehindConfigure = method === "mining.set_version_mask" && this.#isConfigured;
    if (awaited !== undefined && !isMaskBehindConfigure) {
      this.#fault(`${method} came where the answer to ${awaited} was due`);
      return this.#events.leave("fault");
    }
    if (!this.#isAuthorized && WORK_METHODS.has(method) && !isMaskBehindConfigure) {
      this.#fault(`${method} came before the answer to authorize`);
    }
    switch (method) {
      case "mining.set_difficulty":
        if (isDifficulty(params[0])) this.#difficulty = params[0];
        else this.#fault(`difficulty is ${JSON.stringify(params[0])}`);
        return;
      case "mining.set_version_mask": {
        const mask = parseMask(params[0]);
        if (mask === undefined) this.#fault(`version mask is ${JSON.stringify(params[0])}`);
        else this.#setMask(mask);
        return;
      }
      case "mining.notify":
        return this.#gotJob(params);
      case "client.reconnect":
        return this.#events.leave("told");
    }
  }

  #gotJob(params: readonly unknown[]): void {
    let job: Job;
    try {
      job = parseNotify(params);
    } catch (error) {
      return this.#fault((error as Error).message);
    }
    if (this.#assigned === undefined) return this.#fault("a job came before subscribe's answer");
    if (this.#difficulty === undefined) return this.#fault("a job came before any difficulty");
    if (this.#work === undefined && !job.isClean) this.#fault("the first job is not clean");
    this.#events.job(job.isClean);
    this.#work = {
      job,
      ...this.#assigned,
      difficulty: this.#difficulty,
      versionMask: this.#versionMask,
    };
    this.#events.work(this.#work);
  }

  /** The method whose answer the next line has to be, for firmware that works so. */
  get #nextLineMustAnswer(): string | undefined {
    if (!this.#firmware.takesNextLineAsAnswer || this.#isAuthorized) return undefined;
    for (const index of this.#open.values()) {
      const { method } = this.#firmware.messages[index]!;
      if (method === "mining.configure" || method === "mining.subscribe") return method;
    }
    return undefined;
  }

  /** Sends first messages: all, or up to the next that wants an answer. */
  #sendNext(): void {
    if (this.#open.size > 0) return;
    const { messages, isPipelined } = this.#firmware;
    while (this.#sent < messages.length) {
      const index = this.#sent++;
      const { method, params, answer } = messages[index]!;
      const values = params(this.#identity);
      this.#noteMask(method, values);
      const id = answer === "none" ? null : this.#firmware.id(this.#nextId++);
      if (id !== null) this.#open.set(id, index);
      this.#events.send(JSON.stringify({ id, method, params: values }));
      if (id !== null && !isPipelined) return;
    }
  }

  #noteMask(method: string, [, options]: readonly unknown[]): void {
    if (method !== "mining.configure") return;
    this.#askedMask = parseMask((options as JsonObject)["version-rolling.mask"]) ?? 0;
  }

  #cannot(fault: string): false {
    this.#fault(fault);
    return false;
  }

  #fault(fault: string): void {
    this.#events.fault(fault);
  }
}

const WORK_METHODS: ReadonlySet<string> = new Set([
  "mining.set_difficulty",
  "mining.set_version_mask",
  "mining.notify",
]);
