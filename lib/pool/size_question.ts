/**
 * Asks one pool how many bytes it leaves miners for extranonce2: over a connection of its own, which
 * is closed as soon as that is known.
 *
 * What is in the way is nobody's business here: the connections that miners are served by say it.
 */

import { PoolFault } from "../base/violation.ts";
import type { Connection } from "../net/pools/connection.ts";
import { LineDecoder } from "../protocol/stratum/lines.ts";
import {
  decodePoolMessage,
  MAX_POOL_LINE_BYTES,
  type PoolMessage,
} from "../protocol/stratum/pool_message.ts";
import { REQUEST_ID, sizeRequests } from "../protocol/stratum/pool_request.ts";
import type { FoundKinds } from "./found_kinds.ts";
import { CAPABILITIES_GRACE_MS, KindEvidence, kindQuestion } from "./kind_question.ts";
import type { SizeQuestion } from "./size_query.ts";
import { sizeIn } from "./subscribe_answer.ts";

const READ_BUFFER_BYTES = 4 * 1024;

/** A pool says less than this before its answer: a few jobs of 40 KB. */
const MAX_BYTES = 256 * 1024;

/** How often it is looked whether enough was waited, in milliseconds. */
const TICK_MS = 200;

/** Asks a Stratum pool. Resolves when its connection is closed; never rejects. */
export async function askStratumSize(question: SizeQuestion): Promise<void> {
  let bytes: number | undefined;
  let isDone = false;
  await talk(question, {
    opening: sizeRequests(question.version),
    receive: (message) => {
      if (message.kind !== "answer" || message.id !== REQUEST_ID.subscribe) return;
      bytes = sizeIn(message.result);
      isDone = true;
    },
    isDone: () => isDone,
  });
  question.answered(bytes);
}

/**
 * Asks a pool of unknown kind, and finds that out with it, so that the next connection need not.
 * Where a connection asks already, that one's answer counts. Resolves when nothing is open any more;
 * never rejects.
 */
export async function askUnknownSize(
  question: SizeQuestion,
  found: FoundKinds,
  clientAgent: string,
): Promise<void> {
  const { address, account, password, now, answered, signal } = question;
  const asked = found.asked(address);
  if (asked !== undefined) {
    void unlessAborted(asked.size, signal).then(answered);
    return;
  }
  const probe = found.ask(address, true);
  const evidence = new KindEvidence();
  void probe.size.then(answered);
  const end = await talk(question, {
    opening: kindQuestion(clientAgent, account === "" ? undefined : account, password),
    receive: (message) => evidence.receive(message, now()),
    isDone: () => {
      const time = now();
      evidence.tick(time);
      probe.sizeSeen(evidence.sizeAt(time));
      // Without a name to authorize as there is nothing more to come.
      const sinceMs = time - (evidence.subscribedAt ?? time);
      const isOver = account === "" && sinceMs >= CAPABILITIES_GRACE_MS;
      return evidence.kind !== undefined || isOver;
    },
  });
  if (end === "closed") evidence.closed();
  probe.sizeSeen(evidence.sizeAt(now()));
  if (evidence.kind !== undefined) found.found(address, evidence.kind);
  probe.end();
}

/** What is said and what is listened for. */
interface Talk {
  /** Lines, each with its end. */
  readonly opening: string;
  /** A message came. @throws PoolFault when there is no use in going on. */
  readonly receive: (message: PoolMessage) => void;
  /** Whether enough is known. */
  readonly isDone: () => boolean;
}

/** Holds the talk and closes its connection. @returns how it ended: never reached is given up. */
async function talk(question: SizeQuestion, talk: Talk): Promise<"done" | "closed" | "given up"> {
  const { address, dial, timers, timeoutMs, signal } = question;
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  signal.addEventListener("abort", giveUp, { once: true });
  const deadline = timers.after(timeoutMs, giveUp);
  const ticking = timers.every(TICK_MS, () => talk.isDone() && giveUp());
  let link: Connection | undefined;
  const close = () => {
    link?.close();
    link = undefined;
  };
  try {
    signal.throwIfAborted();
    const opening = new TextEncoder().encode(talk.opening);
    const connection = await dial(address, controller.signal, opening);
    link = connection;
    controller.signal.addEventListener("abort", close, { once: true });
    if (controller.signal.aborted) return "given up";
    const isDone = await listen(connection, talk);
    return isDone ? "done" : controller.signal.aborted ? "given up" : "closed";
  } catch (error) {
    // Pools close with RST, which is a normal close.
    const isClosed = link !== undefined && error instanceof Deno.errors.ConnectionReset;
    return isClosed ? "closed" : "given up";
  } finally {
    timers.clear(deadline);
    timers.clear(ticking);
    signal.removeEventListener("abort", giveUp);
    close();
  }
}

/** Reads until enough is known, or the pool closes. @returns whether enough is known. */
async function listen(connection: Connection, { receive, isDone }: Talk): Promise<boolean> {
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  const decoder = new LineDecoder(MAX_POOL_LINE_BYTES, PoolFault);
  for (let bytes = 0; bytes <= MAX_BYTES;) {
    const count = await connection.read(buffer);
    if (count === null) return false;
    bytes += count;
    decoder.push(buffer.subarray(0, count));
    for (let line = decoder.next(); line; line = decoder.next()) {
      if (line.length > 0) receive(decodePoolMessage(line));
      if (isDone()) return true;
    }
  }
  throw new PoolFault("too-much", `More than ${MAX_BYTES} bytes came before the answer`);
}

/** What `promise` brings; `undefined` as soon as `signal` aborts. */
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
