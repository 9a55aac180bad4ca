/**
 * Asks a Stratum V2 pool how many bytes it leaves for extranonces: opens a channel on a separate
 * connection, and closes both as soon as that is known.
 *
 * Failures are not reported here: the connections that serve miners report them.
 */

import { PoolFault } from "../../base/violation.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { writeAll } from "../../net/pools/handshake_bytes.ts";
import { type AgentMessage, encodeAgentMessage } from "../../protocol/sv2/agent_message.ts";
import { sealedFrameBytes } from "../../protocol/sv2/noise/sealed_frame.ts";
import { decodePoolMessage } from "../../protocol/sv2/pool_message.ts";
import type { SizeQuestion } from "../size_query.ts";
import { Sv2Handshake } from "./handshake.ts";
import { dialSealed, type SealedConnection } from "./sealed_dial.ts";

const READ_BUFFER_BYTES = 4 * 1024;

/** A pool sends less than this before its channel is open: a few jobs. */
const MAX_BYTES = 512 * 1024;

/** Asks. Resolves when the connection is closed; never rejects. */
export async function askSv2Size(question: SizeQuestion): Promise<void> {
  const { timers, timeoutMs, signal, answered } = question;
  const controller = new AbortController();
  const giveUp = () => controller.abort();
  signal.addEventListener("abort", giveUp, { once: true });
  const deadline = timers.after(timeoutMs, giveUp);
  let bytes: number | undefined;
  try {
    signal.throwIfAborted();
    bytes = await sizeAt(question, controller.signal);
  } catch {
    // The connections that serve miners tell why.
  } finally {
    timers.clear(deadline);
    signal.removeEventListener("abort", giveUp);
  }
  answered(bytes);
}

async function sizeAt(question: SizeQuestion, signal: AbortSignal): Promise<number | undefined> {
  const { dial, address, wallNow, timers } = question;
  const sealed = await dialSealed({ dial, address, signal, wallNow, timers });
  const { connection, sealer, opener } = sealed;
  // Closing the connection also ends a pending read.
  const close = closerOf(connection);
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    return await talk(question, sealed);
  } finally {
    signal.removeEventListener("abort", close);
    close();
    sealer.erase();
    opener.erase();
  }
}

async function talk(
  { account, version, address: { host, port }, now }: SizeQuestion,
  sealed: SealedConnection,
): Promise<number | undefined> {
  const { connection, opener } = sealed;
  const handshake = new Sv2Handshake({
    user: account,
    version,
    host,
    port,
    wantsRolling: true,
    wantsNames: false,
    extranonce2Bytes: undefined,
    hashrate: () => 0,
    notices: { add: () => {} },
  });
  await send(sealed, handshake.begin());
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  for (let bytes = 0; bytes <= MAX_BYTES;) {
    for (let frame = opener.next(); frame !== undefined; frame = opener.next()) {
      const message = decodePoolMessage(frame);
      // Also a size that miners cannot use is an answer.
      if (message.kind === "openExtendedMiningChannelSuccess") {
        const { channelId, extranonceSize } = message;
        await send(sealed, { kind: "closeChannel", channelId, reasonCode: "size known" });
        return extranonceSize;
      }
      await send(sealed, handshake.receive(message, now()));
    }
    const count = await connection.read(buffer);
    if (count === null) return undefined;
    bytes += count;
    opener.push(buffer.subarray(0, count));
  }
  throw new PoolFault("too-much", `Cannot read on: more than ${MAX_BYTES} bytes came`);
}

async function send(
  { connection, sealer }: SealedConnection,
  message: AgentMessage | undefined,
): Promise<void> {
  if (message === undefined) return;
  const frame = encodeAgentMessage(message);
  const sealed = new Uint8Array(sealedFrameBytes(frame.length));
  sealer.seal(frame, new DataView(sealed.buffer), 0);
  await writeAll(connection, sealed);
}

function closerOf(connection: Pick<Connection, "close">): () => void {
  let isClosed = false;
  return () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
}
