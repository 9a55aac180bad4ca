/**
 * How a pool's kind is found out: what it is asked, and what its answers say; pure.
 *
 * It is asked as an agent asks. An agent pool answers with its capabilities. An ordinary Stratum pool
 * answers authorize and not those, or says or shows by closing that it knows no such thing. Silence
 * decides nothing: a thin uplink must not turn a farm into one worker.
 */

import type { PoolKind } from "../base/pool_kind.ts";
import { PoolFault } from "../base/violation.ts";
import { quote } from "../protocol/stratum/message.ts";
import type { PoolAnswer, PoolMessage } from "../protocol/stratum/pool_message.ts";
import { sizeIn } from "./subscribe_answer.ts";

/**
 * Capabilities that come this long after the authorize answer are still taken, in milliseconds: pools
 * do not answer in the order of the questions.
 */
export const CAPABILITIES_GRACE_MS = 1_000;

/** Whole numbers, since some pools close on others. */
const ID = { subscribe: 1, capabilities: 2, authorize: 3 } as const;

/**
 * What a pool is asked, one line each, in one write: nothing comes before subscribe, on which some
 * close. Without a `user` authorize is not asked.
 */
export function kindQuestion(
  clientAgent: string,
  user: string | undefined,
  password: string,
): string {
  const requests: { readonly id: number; readonly method: string; readonly params: unknown[] }[] = [
    { id: ID.subscribe, method: "mining.subscribe", params: [clientAgent] },
    // The list within the list matters: without it the public pool aborts (agent.md trap 1).
    { id: ID.capabilities, method: "agent.get_capabilities", params: [["verrol", "subres"]] },
  ];
  if (user !== undefined) {
    requests.push({ id: ID.authorize, method: "mining.authorize", params: [user, password] });
  }
  return requests.map((request) => JSON.stringify(request) + "\n").join("");
}

/** What has been answered so far. Times in milliseconds. */
export class KindEvidence {
  #isSubscribed = false;
  #extranonce2Bytes: number | undefined;
  #authorizedAt: number | undefined;
  #kind: PoolKind | undefined;

  /** What it is; `undefined` as long as that is open. */
  get kind(): PoolKind | undefined {
    return this.#kind;
  }

  /** Whether subscribe is answered. */
  get isSubscribed(): boolean {
    return this.#isSubscribed;
  }

  /** The extranonce2 size in that answer, not checked; `undefined` if it says none. */
  get extranonce2Bytes(): number | undefined {
    return this.#extranonce2Bytes;
  }

  /** What is still open, in words. */
  get waitingFor(): string {
    return this.#isSubscribed ? "the authorize answer" : "the subscribe answer";
  }

  /** A message came. @throws PoolFault `kind-unknown` when it refuses to subscribe us. */
  receive(message: PoolMessage, time: number): void {
    if (message.kind !== "answer") return;
    switch (message.id) {
      case ID.subscribe:
        if (!Array.isArray(message.result)) refuseSubscribe(message);
        this.#isSubscribed = true;
        this.#extranonce2Bytes ??= sizeIn(message.result);
        return;
      case ID.capabilities:
        if (hasCapabilities(message.result)) this.#kind = "agent";
        else if (this.#isSubscribed) this.#kind ??= "stratum";
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
    if (this.#isSubscribed || this.#authorizedAt !== undefined) this.#kind ??= "stratum";
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
