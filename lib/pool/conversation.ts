/**
 * Asks a pool that may speak Stratum a few questions, and reads its messages until enough is known.
 */

import type { Timers } from "../base/clock.ts";
import { PoolFault } from "../base/violation.ts";
import type { Connection } from "../net/pools/connection.ts";
import { quoteBytes, writeAll } from "../net/pools/handshake_bytes.ts";
import { LineDecoder } from "../protocol/stratum/lines.ts";
import {
  decodePoolMessage,
  MAX_POOL_LINE_BYTES,
  type PoolMessage,
} from "../protocol/stratum/pool_message.ts";
import { endOf, type TalkEnd } from "./talk_end.ts";

/** The side that asks. */
export interface Questioner {
  /** Everything it sends, lines with their ends; absent if the dialer has already sent it. */
  readonly question?: string;
  /** Whether it knows enough. */
  readonly isDone: boolean;
  /** Takes a message. @throws PoolFault when the pool cannot be used. */
  receive(message: PoolMessage): void;
  /** Called several times a second, as time passes. */
  tick(): void;
}

/** How a conversation went. */
export interface Conversation extends TalkEnd {
  /** How many messages came, whatever they mean. */
  readonly messages: number;
  /** The first line that is no JSON object, in double quotes; `undefined` for none. */
  readonly said: string | undefined;
  /** The first byte that came. */
  readonly firstByte: number | undefined;
}

const READ_BUFFER_BYTES = 16 * 1024;

/** A pool sends less than this before enough is known: a few jobs of 40 KB. */
const MAX_BYTES = 512 * 1024;

const TICK_MS = 200;

/** Holds the conversation over `connection` until `signal` aborts at the latest, and closes it. */
export async function converse(
  connection: Connection,
  questioner: Questioner,
  timers: Pick<Timers, "every" | "clear">,
  signal: AbortSignal,
): Promise<Conversation> {
  let messages = 0;
  let said: string | undefined;
  let firstByte: number | undefined;
  const receive = (line: Uint8Array) => {
    if (line.length === 0) return;
    const message = decodePoolMessage(line);
    if (message.kind === "nonsense") said ??= quoteBytes(line);
    else messages++;
    questioner.receive(message);
  };
  const run = async (): Promise<"done" | "closed"> => {
    const { question = "" } = questioner;
    await writeAll(connection, new TextEncoder().encode(question));
    const decoder = new LineDecoder(MAX_POOL_LINE_BYTES, PoolFault);
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    for (let bytes = 0;;) {
      const count = await connection.read(buffer);
      if (count === null) return "closed";
      firstByte ??= buffer[0];
      bytes += count;
      if (bytes > MAX_BYTES) {
        throw new PoolFault(
          "too-much",
          `Cannot read on from this pool: it sent more than ` +
            `${MAX_BYTES} bytes`,
        );
      }
      decoder.push(buffer.subarray(0, count));
      for (let line = decoder.next(); line; line = decoder.next()) {
        receive(line);
        if (questioner.isDone) return "done";
      }
      // Plain text may come without a line end: then it is everything the pool sent.
      if (said === undefined && messages === 0 && decoder.unfinished.length > 0) {
        if (decoder.unfinished[0] !== 0x7b) said = quoteBytes(decoder.unfinished);
      }
    }
  };
  const ended = await endOf(
    connection,
    signal,
    async (close) => {
      const ticking = timers.every(TICK_MS, () => {
        questioner.tick();
        if (questioner.isDone) close();
      });
      try {
        return await run();
      } finally {
        timers.clear(ticking);
      }
    },
    () => questioner.isDone,
  );
  return { ...ended, messages, said, firstByte };
}
