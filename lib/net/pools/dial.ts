/**
 * Plain TCP to a pool, or to a proxy.
 */

import type { PoolAddress } from "./connection.ts";

/**
 * Connects, trying every address the name has, IPv6 and IPv4 in turns (RFC 8305). Nagle is off:
 * what is to be gathered is gathered before it is written.
 */
export async function dialTcp(address: PoolAddress, signal: AbortSignal): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: address.host, port: address.port, signal });
  try {
    // The abort may come between the kernel's answer and ours.
    signal.throwIfAborted();
    // Some systems refuse options on a connection the pool has closed already.
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
    return conn;
  } catch (error) {
    conn.close();
    throw error;
  }
}
