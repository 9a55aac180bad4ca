/**
 * How a pool's kind is found out: what it is asked, and what its answers say; pure.
 *
 * It is asked for what only an agent asks for, under the name that Stratum pools know us by: an agent
 * pool answers with its capabilities under any name. An ordinary Stratum pool answers authorize and not
 * those, or says or shows by closing that it knows no such thing. Silence decides nothing: a thin
 * uplink must not turn a farm into one worker.
 */

import { AGENT_EXTRANONCE2_BYTES, ASKED_CAPABILITIES } from "../base/agent_pool.ts";
import type { PoolKind } from "../base/pool_kind.ts";
import { PoolFault } from "../base/violation.ts";
import { quote } from "../protocol/stratum/message.ts";
import type { PoolAnswer, PoolMessage } from "../protocol/stratum/pool_message.ts";
import { userAgent } from "../protocol/stratum/pool_request.ts";
import { sizeIn } from "./subscribe_answer.ts";

/**
 * Capabilities that come this long after the authorize answer are still taken, in milliseconds: pools
 * do not answer in the order of the questions.
 */
export const CAPABILITIES_GRACE_MS = 1_000;

/**
 * A size below an agent's counts this long after the subscribe answer, in milliseconds: capabilities
 * that were asked for together with it have come by then.
 */
const SIZE_GRACE_MS = 250;

/** Whole numbers, since some pools close on others. */
const ID = { subscribe: 1, capabilities: 2, authorize: 3 } as const;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * What a pool is asked, one line each, in one write: nothing comes before subscribe, on which some
 * close. Without a `user` authorize is not asked.
 *
 * @param version Of btcagent.
 */
export function kindQuestion(
  version: string,
  user: string | undefined,
  password: string,
): string {
  const requests: Request[] = [
    { id: ID.subscribe, method: "mining.subscribe", params: [userAgent(version)] },
    { id: ID.capabilities, method: "agent.get_capabilities", params: ASKED_CAPABILITIES },
  ];
  if (user !== undefined) {
    requests.push({ id: ID.authorize, method: "mining.authorize", params: [user, password] });
  }
  return requests.map((request) => JSON.stringify(request) + "\n").join("");
}

/** What has been answered so far. Times in milliseconds. */
export class KindEvidence {
  #subscribedAt: number | undefined;
  #extranonce2Bytes: number | undefined;
  #authorizedAt: number | undefined;
  #kind: PoolKind | undefined;

  /** What it is; `undefined` as long as that is open. */
  get kind(): PoolKind | undefined {
    return this.#kind;
  }

  /** When subscribe was answered; `undefined` as long as it is not. */
  get subscribedAt(): number | undefined {
    return this.#subscribedAt;
  }

  /**
   * The extranonce2 size as far as the pool says it and it is clear what it means: an agent pool that
   * says less than 8 cannot be used, and narrows nobody.
   */
  sizeAt(time: number): number | undefined {
    if (this.#kind === "agent") return AGENT_EXTRANONCE2_BYTES;
    const bytes = this.#extranonce2Bytes;
    if (bytes === undefined || this.#subscribedAt === undefined) return undefined;
    const isClear = bytes >= AGENT_EXTRANONCE2_BYTES || this.#kind === "stratum" ||
      time - this.#subscribedAt >= SIZE_GRACE_MS;
    return isClear ? bytes : undefined;
  }

  /** What is still open, in words. */
  get waitingFor(): string {
    return this.#subscribedAt !== undefined ? "the authorize answer" : "the subscribe answer";
  }

  /** A message came. @throws PoolFault `kind-unknown` when it refuses to subscribe us. */
  receive(message: PoolMessage, time: number): void {
    if (message.kind !== "answer") return;
    switch (message.id) {
      case ID.subscribe:
        if (!Array.isArray(message.result)) refuseSubscribe(message);
        this.#subscribedAt ??= time;
        this.#extranonce2Bytes ??= sizeIn(message.result);
        return;
      case ID.capabilities:
        if (hasCapabilities(message.result)) this.#kind = "agent";
        else if (this.#subscribedAt !== undefined) this.#kind ??= "stratum";
        return;
      case ID.authorize:
        this.#authorizedAt ??= time;
        return;
    }
  }

  /** To be called several times a second. */
  tick(time: number): void {
    const since = this.#authorizedAt;
    if (since !== undefined && time - since >= CAPABILITIES_GRACE_MS) this.#kind ??= "stratum";
  }

  /** The pool closed the connection. */
  closed(): void {
    if (this.#subscribedAt !== undefined || this.#authorizedAt !== undefined) {
      this.#kind ??= "stratum";
    }
  }
}

function hasCapabilities(result: unknown): boolean {
  return typeof result === "object" && result !== null &&
    Array.isArray((result as { readonly capabilities?: unknown }).capabilities);
}

function refuseSubscribe({ error }: PoolAnswer): never {
  const found = error === undefined ? "nothing" : `${error.code ?? ""} ${quote(error.text)}`.trim();
  throw new PoolFault(
    "kind-unknown",
    `Cannot find out what this pool speaks: it answers subscribe with ${found}; give its address ` +
      "as a URL with stratum+tcp:// or btcagent+tcp://",
  );
}
