/**
 * Asks one pool how many bytes it leaves for extranonce2, over a separate connection that is closed
 * as soon as that is known.
 *
 * Failures are not reported here: the connections that serve miners report them.
 */

import { REQUEST_ID, sizeRequests } from "../protocol/stratum/pool_request.ts";
import { type Conversation, converse, type Questioner } from "./conversation.ts";
import type { FoundKinds } from "./found_kinds.ts";
import { CAPABILITIES_GRACE_MS, KindEvidence, kindQuestion } from "./kind_question.ts";
import type { SizeQuestion } from "./size_query.ts";
import { sizeIn } from "./subscribe_answer.ts";

/** Asks a Stratum pool. Resolves when its connection is closed; never rejects. */
export async function askStratumSize(question: SizeQuestion): Promise<void> {
  let bytes: number | undefined;
  let isDone = false;
  await ask(question, sizeRequests(question.version), {
    receive: (message) => {
      if (message.kind !== "answer" || message.id !== REQUEST_ID.subscribe) return;
      bytes = sizeIn(message.result);
      isDone = true;
    },
    tick: () => {},
    get isDone() {
      return isDone;
    },
  });
  question.answered(bytes);
}

/**
 * Asks a pool of unknown kind and also finds out the kind, so that the next connection need not. If
 * another connection is already asking, its answer counts. Resolves when no connection is open any
 * more; never rejects.
 */
export async function askUnknownSize(
  question: SizeQuestion,
  found: FoundKinds,
): Promise<void> {
  const { address, account, password, version, now, answered, signal } = question;
  const asked = found.asked(address);
  if (asked !== undefined) {
    void unlessAborted(asked.size, signal).then(answered);
    return;
  }
  const probe = found.ask(address);
  const evidence = new KindEvidence();
  void probe.size.then(answered);
  const noteSize = () => probe.sizeSeen(evidence.sizeAt(now()));
  const opening = kindQuestion(version, account === "" ? undefined : account, password);
  const end = await ask(question, opening, {
    receive: (message) => {
      evidence.receive(message, now());
      noteSize();
    },
    tick: () => {
      evidence.tick(now());
      noteSize();
    },
    get isDone() {
      // Without a name to authorize as, no more answers can come.
      const sinceMs = now() - (evidence.subscribedAt ?? now());
      const isOver = account === "" && sinceMs >= CAPABILITIES_GRACE_MS;
      return evidence.kind !== undefined || isOver;
    },
  });
  if (end === "closed") evidence.closed();
  noteSize();
  if (evidence.kind !== undefined) found.found(address, evidence.kind);
  probe.end();
}

/** Dials and holds the conversation; `timeout` also if the pool is never reached. */
async function ask(
  { address, dial, timers, timeoutMs, signal }: SizeQuestion,
  lines: string,
  questioner: Questioner,
): Promise<Conversation["end"]> {
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  signal.addEventListener("abort", giveUp, { once: true });
  const deadline = timers.after(timeoutMs, giveUp);
  try {
    signal.throwIfAborted();
    const opening = { bytes: new TextEncoder().encode(lines) };
    const connection = await dial(address, controller.signal, opening);
    const { end } = await converse(connection, questioner, timers, controller.signal);
    return end;
  } catch {
    return "timeout";
  } finally {
    timers.clear(deadline);
    signal.removeEventListener("abort", giveUp);
  }
}

/** The value of `promise`; `undefined` as soon as `signal` aborts. */
function unlessAborted<T>(
  promise: Promise<T | undefined>,
  signal: AbortSignal,
): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const giveUp = () => resolve(undefined);
    signal.addEventListener("abort", giveUp, { once: true });
    void promise.then((value) => {
      signal.removeEventListener("abort", giveUp);
      resolve(value);
    });
  });
}
