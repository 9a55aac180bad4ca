/**
 * A handshake with an ordinary Stratum pool as a test: how far it gets, how long each part takes,
 * and what the pool gives. It submits no share.
 */

import type { Now, Time } from "../base/clock.ts";
import type { Connection } from "../net/pools/connection.ts";
import { type StratumAgreement, StratumHandshake } from "../pool/stratum/handshake.ts";
import type { PoolMessage } from "../protocol/stratum/pool_message.ts";
import { openingRequests, REQUEST_ID, sizeRequests } from "../protocol/stratum/pool_request.ts";
import { type Conversation, converse, type Questioner } from "../pool/conversation.ts";

/** What a talk needs. */
export interface StratumTalkOptions {
  /** The version of btcagent. */
  readonly version: string;
  /** The name to authorize as; without it the talk ends before that. */
  readonly user: string | undefined;
  /** The password. A secret: only the pool gets it. */
  readonly password: string;
  /** As `extranonce2_bytes`. */
  readonly extranonce2Bytes: number | undefined;
  /** Monotonic time. */
  readonly now: Now;
  /** For time-outs and the time of day. */
  readonly time: Time;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** How a talk went. */
export interface StratumTalk extends Conversation {
  /** What was still missing, in words. */
  readonly waitingFor: string | undefined;
  /** Whether only work was missing, which a pool may lack for a while. */
  readonly lacksWork: boolean;
  /** From the first question to the answer to authorize, in milliseconds. */
  readonly loginMs: number | undefined;
  /** From the first question to the first job, in milliseconds. */
  readonly jobMs: number | undefined;
  /** This machine's clock when the first job came, in milliseconds since 1970. */
  readonly jobCameAt: number | undefined;
  /** What was settled; `undefined` unless the talk is done. */
  readonly settled: Settled | undefined;
}

/** What a usable pool gives. */
export interface Settled {
  /** The bytes it leaves for miners. */
  readonly room: StratumAgreement["room"];
  /** What both agreed on; `undefined` without a login. */
  readonly agreement: StratumAgreement | undefined;
}

/** Talks over `connection`, and closes it. */
export async function talkStratum(
  connection: Connection,
  options: StratumTalkOptions,
): Promise<StratumTalk> {
  const handshake = new Handshake(options);
  const conversation = await converse(connection, handshake, options.time, options.signal);
  const isDone = conversation.end === "done";
  return {
    ...conversation,
    waitingFor: isDone ? undefined : handshake.waitingFor,
    lacksWork: !isDone && handshake.lacksWork,
    ...handshake.seen,
    settled: isDone ? handshake.settled : undefined,
  };
}

/** What is noted during the talk. */
type Seen = Pick<StratumTalk, "loginMs" | "jobMs" | "jobCameAt">;

class Handshake implements Questioner {
  readonly question: string;
  readonly #options: StratumTalkOptions;
  readonly #handshake: StratumHandshake;
  readonly #startedAt: number;
  #seen: Seen = { loginMs: undefined, jobMs: undefined, jobCameAt: undefined };

  constructor(options: StratumTalkOptions) {
    const { version, user, password, extranonce2Bytes, now } = options;
    this.#options = options;
    this.#startedAt = now();
    this.#handshake = new StratumHandshake(user ?? "", extranonce2Bytes);
    this.question = user === undefined
      ? sizeRequests(version)
      : openingRequests({ version, user, password, suggestedDifficulty: undefined });
  }

  get isDone(): boolean {
    return this.#handshake.missing === (this.#options.user === undefined ? "authorize" : undefined);
  }

  get waitingFor(): string | undefined {
    return this.#handshake.waitingFor;
  }

  get lacksWork(): boolean {
    return this.#handshake.missing === "job";
  }

  get settled(): Settled | undefined {
    const { room, agreement } = this.#handshake;
    return room && { room, agreement };
  }

  get seen(): Seen {
    return this.#seen;
  }

  receive(message: PoolMessage): void {
    const { now, time } = this.#options;
    const ms = now() - this.#startedAt;
    if (message.kind === "job" && this.#seen.jobMs === undefined) {
      this.#seen = { ...this.#seen, jobMs: ms, jobCameAt: time.wallNow() };
    }
    if (message.kind === "answer" && message.id === REQUEST_ID.authorize) {
      this.#seen = { ...this.#seen, loginMs: ms };
    }
    this.#handshake.receive(message, now());
  }

  tick(): void {
    this.#handshake.tick(this.#options.now());
  }
}
