/**
 * Finds out what a pool of unknown kind speaks, as a running proxy does.
 */

import type { PoolKind } from "../base/pool_kind.ts";
import type { Now, Time } from "../base/clock.ts";
import type { Connection } from "../net/pools/connection.ts";
import { type Conversation, converse } from "../pool/conversation.ts";
import { CAPABILITIES_GRACE_MS, KindEvidence, kindQuestion } from "../pool/kind_question.ts";

/** What is needed to ask. */
export interface KindTalkOptions {
  /** The version of btcagent. */
  readonly version: string;
  /** The name to authorize as; without it, authorize is left out. */
  readonly user: string | undefined;
  /** The password. A secret: only the pool gets it. */
  readonly password: string;
  /** Monotonic time. */
  readonly now: Now;
  /** For time-outs. */
  readonly time: Time;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** The result of asking. */
export interface KindTalk extends Conversation {
  /** What it speaks; `undefined` if the answers do not show it. */
  readonly kind: PoolKind | undefined;
  /** Whether only a login would make that certain, and there is no name for one. */
  readonly isGuess: boolean;
  /** What was still missing, in words. */
  readonly waitingFor: string;
}

/** Asks over `connection`, and closes it. */
export async function askKind(
  connection: Connection,
  { version, user, password, now, time, signal }: KindTalkOptions,
): Promise<KindTalk> {
  const evidence = new KindEvidence();
  // Without a name, no more answers can come.
  const isOver = () => {
    const { kind, subscribedAt } = evidence;
    if (kind !== undefined) return true;
    return user === undefined && subscribedAt !== undefined &&
      now() - subscribedAt >= CAPABILITIES_GRACE_MS;
  };
  const conversation = await converse(
    connection,
    {
      question: kindQuestion(version, user, password),
      get isDone() {
        return isOver();
      },
      receive: (message) => evidence.receive(message, now()),
      tick: () => evidence.tick(now()),
    },
    time,
    signal,
  );
  if (conversation.end === "closed") evidence.closed();
  const isGuess = evidence.kind === undefined && user === undefined &&
    evidence.subscribedAt !== undefined;
  return {
    ...conversation,
    kind: isGuess ? "stratum" : evidence.kind,
    isGuess,
    waitingFor: evidence.waitingFor,
  };
}
