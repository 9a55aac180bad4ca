/**
 * How a pool's kind is found out: what it is asked, and what its answers say; pure.
 *
 * We ask what only agents ask, under the name that Stratum pools know us by: an agent pool answers
 * with its capabilities under any name. An ordinary Stratum pool answers only authorize, or says
 * that it does not know the other question, or closes the connection. Silence decides nothing: a
 * slow uplink must not turn a farm into one worker.
 */

import { AGENT_EXTRANONCE2_BYTES, ASKED_CAPABILITIES } from "../base/agent_pool.ts";
import type { PoolKind } from "../base/pool_kind.ts";
import { PoolFault } from "../base/violation.ts";
import { quote } from "../protocol/stratum/message.ts";
import type { PoolAnswer, PoolMessage } from "../protocol/stratum/pool_message.ts";
import { userAgent } from "../protocol/stratum/pool_request.ts";
import { sizeIn } from "./subscribe_answer.ts";

/**
 * Capabilities still count this long after the authorize answer, in milliseconds: pools do not
 * answer in the order of the questions.
 */
export const CAPABILITIES_GRACE_MS = 1_000;

/**
 * A size below that of agent pools counts only this long after the subscribe answer, in
 * milliseconds: by then, capabilities, which were asked for at the same time, have come.
 */
const SIZE_GRACE_MS = 250;

/** Request ids are whole numbers, since some pools close the connection on others. */
const ID = { subscribe: 1, capabilities: 2, authorize: 3 } as const;

interface Request {
  readonly id: number;
  readonly method: string;
  readonly params: readonly unknown[];
}

/**
 * The questions, one line each, in one write. Subscribe is first, since some pools close the
 * connection if anything comes before it. Without a `user`, authorize is left out.
 *
 * @param version The version of btcagent.
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

  /** The kind; `undefined` while it is not known. */
  get kind(): PoolKind | undefined {
    return this.#kind;
  }

  /** When subscribe was answered; `undefined` before. */
  get subscribedAt(): number | undefined {
    return this.#subscribedAt;
  }

  /**
   * The extranonce2 size, once the pool has given it and its meaning is clear: an agent pool with
   * less than 8 cannot be used, so its size must not narrow any miner.
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

  /** Call this several times a second. */
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
    `Cannot find out the protocol of this pool: it answers subscribe with ${found}; give its ` +
      "address as a URL with stratum+tcp:// or btcagent+tcp://",
  );
}
