/**
 * A handshake with a pool as a test: how far it gets, how long each part takes, and what ends it
 * early. It registers no miner and submits nothing.
 */

import type { Now } from "../base/clock.ts";
import type { Connection } from "../net/pools/connection.ts";
import { writeAll } from "../net/pools/handshake_bytes.ts";
import {
  type Agreement,
  type Introduction,
  type Missing,
  PoolHandshake,
} from "../pool/agent/handshake.ts";
import { PoolStreamDecoder } from "../protocol/agent/stream.ts";
import { endOf, type TalkEnd } from "../pool/talk_end.ts";
import { decodePoolLine, encodeLine } from "../protocol/stratum/message.ts";
import { PoolFault } from "../base/violation.ts";

/** What a talk needs. */
export interface TalkOptions {
  /** How we introduce ourselves; without an account the talk ends before authorize. */
  readonly introduction: Omit<Introduction, "account"> & { readonly account: string | undefined };
  /** Monotonic time. */
  readonly now: Now;
  /** Milliseconds since 1970, as this machine's clock has it. */
  readonly wallNow: () => number;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** How a talk went. */
export interface Talk extends TalkEnd {
  /** What was still missing, if anything. */
  readonly missing: Missing | undefined;
  /** The same in words. */
  readonly waitingFor: string | undefined;
  /** How many lines came. */
  readonly lines: number;
  /** The first byte that came. */
  readonly firstByte: number | undefined;
  /** The capabilities that the pool names; `undefined` before it has. */
  readonly capabilities: readonly string[] | undefined;
  /** From the first question to the answer to authorize, in milliseconds. */
  readonly loginMs: number | undefined;
  /** From the first question to the first job, in milliseconds. */
  readonly jobMs: number | undefined;
  /** This machine's clock when the first job came, in milliseconds since 1970. */
  readonly jobCameAt: number | undefined;
  /** What both agreed on. */
  readonly agreement: Agreement | undefined;
}

const READ_BUFFER_BYTES = 16 * 1024;

/** The longest capability that is shown, and how many are shown. */
const MAX_CAPABILITY_LENGTH = 32;
const MAX_CAPABILITIES = 16;

/** Talks over `connection`, and closes it. */
export async function talk(connection: Connection, options: TalkOptions): Promise<Talk> {
  const { now, wallNow, signal, introduction } = options;
  const { account } = introduction;
  const handshake = new PoolHandshake({ ...introduction, account: account ?? "" });
  const startedAt = now();
  let lines = 0;
  let firstByte: number | undefined;
  let loginMs: number | undefined;
  let jobMs: number | undefined;
  let jobCameAt: number | undefined;
  let agreement: Agreement | undefined;

  const isDone = () => agreement !== undefined || account === undefined && isReadyForLogin();
  const isReadyForLogin = () => handshake.missing === "auth";
  const told = (line: Uint8Array): readonly string[] => {
    lines++;
    const message = decodePoolLine(line);
    const answers = handshake.receive(message);
    if (message.kind === "reply" && message.id === '"auth"') loginMs = now() - startedAt;
    if (message.kind === "request" && message.method === "mining.notify" && jobMs === undefined) {
      jobMs = now() - startedAt;
      jobCameAt = wallNow();
    }
    agreement = handshake.agreement;
    return answers;
  };
  const run = async (): Promise<"done" | "closed"> => {
    const questions = handshake.begin();
    const asked = account === undefined ? questions.filter((line) => !isLogin(line)) : questions;
    await writeLines(connection, asked);
    const decoder = new PoolStreamDecoder(PoolFault);
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return "closed";
      firstByte ??= buffer[0];
      decoder.push(buffer.subarray(0, count));
      for (let piece = decoder.next(); piece; piece = decoder.next()) {
        if (piece.kind === "line") await writeLines(connection, told(piece.bytes));
        if (isDone()) return "done";
      }
    }
  };

  const { end, fault } = await endOf(connection, signal, run);
  return {
    end,
    fault,
    missing: end === "done" ? undefined : handshake.missing,
    waitingFor: end === "done" ? undefined : handshake.waitingFor,
    lines,
    firstByte,
    capabilities: handshake.missing === "caps" ? undefined : shown(handshake.capabilities),
    loginMs,
    jobMs,
    jobCameAt,
    agreement,
  };
}

function isLogin(line: string): boolean {
  return (JSON.parse(line) as { readonly id: string }).id === "auth";
}

async function writeLines(connection: Connection, lines: readonly string[]): Promise<void> {
  for (const line of lines) await writeAll(connection, encodeLine(line));
}

function shown(capabilities: ReadonlySet<unknown>): string[] {
  return [...capabilities].filter((name): name is string =>
    typeof name === "string" && name.length <= MAX_CAPABILITY_LENGTH
  ).slice(0, MAX_CAPABILITIES);
}
