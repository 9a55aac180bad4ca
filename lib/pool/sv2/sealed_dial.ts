/**
 * Opens a sealed connection to a Stratum V2 pool: dials, shakes hands by Noise, and checks that the
 * pool is who its address says.
 */

import type { Now, Timers } from "../../base/clock.ts";
import { PoolFault } from "../../base/violation.ts";
import type { Connection, Dial, PoolAddress } from "../../net/pools/connection.ts";
import { quoteBytes } from "../../net/pools/handshake_bytes.ts";
import { ACT2, ActReader } from "../../protocol/sv2/noise/acts.ts";
import { FrameOpener } from "../../protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../protocol/sv2/noise/frame_sealer.ts";
import { Initiator, type Shaken } from "../../protocol/sv2/noise/initiator.ts";

const READ_BUFFER_BYTES = 1024;

/** What opening needs. */
export interface SealedDialOptions {
  /** Opens the socket. */
  readonly dial: Dial;
  /** Where the pool is, and by which key it proves who it is. */
  readonly address: PoolAddress;
  /** Ends it early; the connection is closed then. */
  readonly signal: AbortSignal;
  /** This machine's clock. */
  readonly wallNow: Now;
  /** For pauses between the parts of the arithmetic. */
  readonly timers: Pick<Timers, "after">;
  /** Called with the number of bytes of each read. */
  readonly read?: (bytes: number) => void;
}

/** A sealed connection. */
export interface SealedConnection {
  /** The connection itself. */
  readonly connection: Connection;
  /** Seals what we send. */
  readonly sealer: FrameSealer;
  /** Opens what the pool sends; it has everything that came after the handshake. */
  readonly opener: FrameOpener;
  /** What the pool's certificate is worth, and what it says. */
  readonly proof: Pick<Shaken, "verdict" | "certificate">;
  /** Bytes that we have sent. */
  readonly bytesWritten: number;
}

/**
 * Opens it.
 *
 * @throws PoolFault (the promise rejects) if the pool speaks no Stratum V2 or cannot be trusted; and
 * what the dial or the socket throws. Nothing is open then.
 */
export async function dialSealed(options: SealedDialOptions): Promise<SealedConnection> {
  const { dial, address, signal } = options;
  const initiator = new Initiator();
  const opening = { bytes: initiator.act1, answerBytes: ACT2.bytes };
  const connection = await dial(address, signal, opening);
  let isClosed = false;
  const close = () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    signal.throwIfAborted();
    return await shakeHands(connection, initiator, options);
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function shakeHands(
  connection: Connection,
  initiator: Initiator,
  { address, signal, wallNow, timers, read }: SealedDialOptions,
): Promise<SealedConnection> {
  const reader = new ActReader(ACT2.bytes);
  const buffer = new Uint8Array(READ_BUFFER_BYTES);
  let rest = buffer.subarray(0, 0);
  for (let came = 0; reader.act === undefined;) {
    const count = await connection.read(buffer);
    signal.throwIfAborted();
    if (count === null) {
      throw new Error(
        `the pool closed the connection after ${came} of ${ACT2.bytes} bytes of its handshake; ` +
          "check its port, and whether it blocks this address",
      );
    }
    read?.(count);
    came += count;
    rest = reader.push(buffer.subarray(0, count)).slice();
    const { text } = reader;
    if (text === undefined) continue;
    throw new PoolFault(
      "not-stratum-2",
      `Cannot shake hands with this pool: it answers ${
        quoteBytes(text)
      }; it speaks no Stratum V2 ` +
        "on this port",
    );
  }
  const { authorityKey } = address;
  const authority = authorityKey === undefined ? undefined : Uint8Array.fromHex(authorityKey);
  const trust = { authority, wallTime: wallNow() };
  const { keys, verdict, certificate } = await initiator.readAct2(reader.act, trust, timers);
  signal.throwIfAborted();
  const sealer = new FrameSealer(keys.fromInitiator);
  const opener = new FrameOpener(keys.fromResponder, PoolFault);
  keys.fromInitiator.fill(0);
  keys.fromResponder.fill(0);
  opener.push(rest);
  return {
    connection,
    sealer,
    opener,
    proof: { verdict, certificate },
    bytesWritten: initiator.act1.length,
  };
}
