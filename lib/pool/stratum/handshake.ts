/**
 * The handshake with an ordinary Stratum pool (pools.md "Handshake"); pure.
 *
 * Everything is asked at once, in the opening, and answers may come in any order, with jobs and
 * difficulties between them. Some pools never answer configure, so we wait for that only briefly.
 */

import { counted } from "../../base/counted.ts";
import { PoolFault } from "../../base/violation.ts";
import { type ExtranonceRoom, roomFor } from "../../mux/terms.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import { quote } from "../../protocol/stratum/message.ts";
import {
  agreedMask,
  MAX_EXTRANONCE1_BYTES,
  parseExtranonce1,
  type PoolAnswer,
  type PoolError,
  type PoolMessage,
} from "../../protocol/stratum/pool_message.ts";
import { ASKED_MASK, REQUEST_ID } from "../../protocol/stratum/pool_request.ts";
import { AUTHORIZE_REFUSED } from "../end_reason.ts";

/** How long we wait for the configure answer after the subscribe answer, in milliseconds. */
export const CONFIGURE_WAIT_MS = 3_000;

/** The difficulty of a pool that sends a job without one, by old custom. */
const UNTOLD_DIFFICULTY = 1;

/**
 * How long a difficulty may come after everything else, in milliseconds, before {@linkcode
 * UNTOLD_DIFFICULTY} is assumed: with too low a difficulty, a farm floods the pool.
 */
export const DIFFICULTY_WAIT_MS = 1_000;

/** What a handshake can lack. */
export type Missing = "subscribe" | "authorize" | "configure" | "job" | "difficulty";

/** What a handshake can lack, in the order of reporting, with its name for the operator. */
const MISSING: Readonly<Record<Missing, string>> = {
  subscribe: "the subscribe answer",
  authorize: "the authorize answer",
  configure: "the version mask",
  job: "a job",
  difficulty: "a difficulty",
};

/** The state of the question for version rolling. */
type VersionRolling =
  | { readonly kind: "asked" }
  | { readonly kind: "agreed"; readonly mask: number }
  /** The pool said no, gave an unreadable answer, or did not answer in time. */
  | { readonly kind: "without" };

/** What the answer to subscribe settled, and maybe set_extranonce after it. */
interface Subscription {
  readonly extranonce1: string;
  readonly room: ExtranonceRoom;
}

/** What both sides know once the handshake is done. */
export interface StratumAgreement {
  /** The pool's extranonce1, in hex. */
  readonly extranonce1: string;
  /** The bytes it leaves for miners. */
  readonly room: ExtranonceRoom;
  /** Version bits that may be rolled; `undefined` if the pool did not agree to version rolling. */
  readonly versionMask: number | undefined;
  /** The pool's difficulty. */
  readonly difficulty: number;
  /** The newest job as the pool sent it. */
  readonly job: Job;
}

/** One handshake under way. */
export class StratumHandshake {
  readonly #user: string;
  readonly #extranonce2Bytes: number | undefined;
  #subscription: Subscription | undefined;
  #subscribedAt = Infinity;
  #rolling: VersionRolling = { kind: "asked" };
  /** The last mask that the pool sent without being asked. */
  #toldMask: number | undefined;
  #isAuthorized = false;
  #difficulty: number | undefined;
  /** Since when nothing but a difficulty is missing, as seen by the checks. */
  #onlyDifficultySince: number | undefined;
  #job: Job | undefined;

  /**
   * The opening has been sent; `user` is the name in it, `extranonce2Bytes` the number of bytes
   * that miners should get by the configuration.
   */
  constructor(user: string, extranonce2Bytes?: number) {
    this.#user = user;
    this.#extranonce2Bytes = extranonce2Bytes;
  }

  /** What both agreed on, once everything is there. */
  get agreement(): StratumAgreement | undefined {
    const [job, difficulty, subscription] = [this.#job, this.#difficulty, this.#subscription];
    if (this.missing !== undefined || !job || !difficulty || !subscription) return undefined;
    const rolling = this.#rolling;
    return {
      ...subscription,
      versionMask: rolling.kind === "agreed"
        ? (this.#toldMask ?? rolling.mask) & ASKED_MASK
        : undefined,
      difficulty,
      job,
    };
  }

  /** The bytes it leaves for miners, once it has said so. */
  get room(): ExtranonceRoom | undefined {
    return this.#subscription?.room;
  }

  /** The first thing still missing; `undefined` when done. */
  get missing(): Missing | undefined {
    if (this.#subscription === undefined) return "subscribe";
    if (!this.#isAuthorized) return "authorize";
    if (this.#rolling.kind === "asked") return "configure";
    if (this.#job === undefined) return "job";
    return this.#difficulty === undefined ? "difficulty" : undefined;
  }

  /** The same in words. */
  get waitingFor(): string | undefined {
    const { missing } = this;
    return missing === undefined ? undefined : MISSING[missing];
  }

  /** Call this several times a second. */
  tick(time: number): void {
    if (this.#rolling.kind === "asked" && time - this.#subscribedAt >= CONFIGURE_WAIT_MS) {
      this.#rolling = { kind: "without" };
    }
    if (this.missing !== "difficulty") return;
    this.#onlyDifficultySince ??= time;
    if (time - this.#onlyDifficultySince >= DIFFICULTY_WAIT_MS) {
      this.#difficulty = UNTOLD_DIFFICULTY;
    }
  }

  /**
   * Takes one message of the pool that came at `time`, in milliseconds.
   *
   * @throws PoolFault when miners cannot work at this pool, or it refuses us.
   */
  receive(message: PoolMessage, time: number): void {
    switch (message.kind) {
      case "answer":
        return this.#answered(message, time);
      case "job":
        this.#job = message.job;
        return;
      case "difficulty":
        this.#difficulty = message.difficulty;
        return;
      case "extranonce":
        return this.#extranonceCame(message.extranonce1, message.extranonce2Bytes);
      case "versionMask":
        this.#toldMask = message.mask;
        return;
    }
  }

  #answered(answer: PoolAnswer, time: number): void {
    switch (answer.id) {
      case REQUEST_ID.configure: {
        if (this.#rolling.kind === "agreed") return;
        const mask = agreedMask(answer);
        this.#rolling = mask === undefined ? { kind: "without" } : { kind: "agreed", mask };
        return;
      }
      case REQUEST_ID.subscribe:
        if (this.#subscription !== undefined) return;
        this.#subscription = readSubscription(answer, this.#extranonce2Bytes);
        this.#subscribedAt = time;
        return;
      case REQUEST_ID.authorize:
        if (answer.result !== true) this.#authorizeRefused(answer.error);
        this.#isAuthorized = true;
        return;
    }
  }

  /**
   * Nothing is final yet, so all of it may change; it counts from the next job on. Without a size,
   * the earlier one is kept.
   */
  #extranonceCame(extranonce1: string, extranonce2Bytes: unknown): void {
    if (this.#subscription === undefined) return;
    const room = extranonce2Bytes === undefined
      ? this.#subscription.room
      : readRoom(extranonce2Bytes, this.#extranonce2Bytes);
    this.#subscription = { extranonce1, room };
    this.#job = undefined;
  }

  #authorizeRefused(error: PoolError | undefined): never {
    throw new PoolFault(
      AUTHORIZE_REFUSED,
      `Cannot authorize as ${quote(this.#user)}: the pool answers ${refusalInWords(error)}; ` +
        "check the user's name at the pool: some want a bitcoin address",
    );
  }
}

function readSubscription(answer: PoolAnswer, wanted: number | undefined): Subscription {
  const { result, error } = answer;
  if (!Array.isArray(result) || result.length < 3) {
    refuse(`it answers subscribe with ${refusalInWords(error)}`);
  }
  const extranonce1 = parseExtranonce1(result[1]);
  if (extranonce1 === undefined) {
    const found = typeof result[1] === "string" ? quote(result[1]) : typeof result[1];
    refuse(
      `its extranonce1 is ${found}, wanted whole bytes of hex, at most ${MAX_EXTRANONCE1_BYTES}`,
    );
  }
  return { extranonce1, room: readRoom(result[2], wanted) };
}

function readRoom(bytes: unknown, wanted: number | undefined): ExtranonceRoom {
  const room = typeof bytes === "number" ? roomFor(bytes, wanted) : undefined;
  if (room !== undefined) return room;
  refuse(
    `it leaves ${
      typeof bytes === "number" ? counted(bytes, "byte") : "no number of bytes"
    } for extranonce2, wanted 4 to 16, so that miners can share a connection`,
  );
}

/** A pool's refusal in words. */
export function refusalInWords(error: PoolError | undefined): string {
  if (error === undefined) return "no, without a reason";
  return error.code === undefined ? quote(error.text) : `${error.code} ${quote(error.text)}`;
}

function refuse(why: string): never {
  throw new PoolFault(
    "not-for-many-miners",
    `Cannot mine at this pool: ${why}; use another pool, or another port of it`,
  );
}
