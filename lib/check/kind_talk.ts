/**
 * What a pool speaks whose kind the list does not say, asked as a running proxy asks it.
 */

import type { PoolKind } from "../base/pool_kind.ts";
import type { Now, Time } from "../base/clock.ts";
import type { Connection } from "../net/pools/connection.ts";
import { KindEvidence, kindQuestion } from "../pool/kind_question.ts";
import { converse } from "../pool/conversation.ts";

/** What is needed to ask. */
export interface KindTalkOptions {
  /** What an agent calls itself in subscribe. */
  readonly clientAgent: string;
  /** The name to authorize as; without it authorize is not asked. */
  readonly user: string | undefined;
  /** What goes with it. A secret: only the pool hears it. */
  readonly password: string;
  /** Monotonic time. */
  readonly now: Now;
  /** For what is not waited for long. */
  readonly time: Time;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** Asks over `connection`, and closes it. @returns `undefined` if the answers decide nothing. */
export async function askKind(
  connection: Connection,
  { clientAgent, user, password, now, time, signal }: KindTalkOptions,
): Promise<PoolKind | undefined> {
  const evidence = new KindEvidence();
  const { end } = await converse(
    connection,
    {
      question: kindQuestion(clientAgent, user, password),
      get isDone() {
        return evidence.kind !== undefined;
      },
      receive: (message) => evidence.receive(message, now()),
      tick: () => evidence.tick(now()),
    },
    time,
    signal,
  );
  if (end === "closed") evidence.closed();
  return evidence.kind;
}
