/**
 * How a simulated miner reaches its server.
 */

import type { Timers } from "../base/clock.ts";
import type { MinerConnection } from "./miner_socket.ts";
import { TLS_HELLO } from "./tls_hello.ts";

/** How long a server may take to refuse TLS or to speak it, in milliseconds. */
const TLS_TIMEOUT_MS = 1_000;

/** Sends a TLS hello and waits until the server closes the connection or answers. */
export async function tryTls(connection: MinerConnection, timers: Timers): Promise<void> {
  const timer = timers.after(TLS_TIMEOUT_MS, () => connection.close());
  try {
    await connection.write(TLS_HELLO);
    await connection.read(new Uint8Array(1));
  } catch {
    // The server closed it, as any port without TLS does.
  }
  timers.clear(timer);
  try {
    connection.close();
  } catch {
    // Closed by the timer.
  }
}

/** Connects over TCP. */
export async function dialTcp(hostname: string, port: number): Promise<MinerConnection> {
  const connection = await Deno.connect({ hostname, port });
  connection.setNoDelay();
  return connection;
}
