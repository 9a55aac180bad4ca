/**
 * Plain TCP to a pool, or to a proxy.
 */

import type { Opening, PoolAddress } from "./connection.ts";
import { writeAll } from "./handshake_bytes.ts";

/**
 * Connects, trying every address the name has, IPv6 and IPv4 in turns (RFC 8305). Nagle is off,
 * because bytes are gathered before they are written. Then the bytes of `opening` are written.
 */
export async function dialTcp(
  address: PoolAddress,
  signal: AbortSignal,
  opening?: Opening,
): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: address.host, port: address.port, signal });
  try {
    // The abort may come between the kernel's answer and this line.
    signal.throwIfAborted();
    // Some systems refuse options on a connection that the pool has closed already.
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch (error) {
    conn.close();
    throw error;
  }
  if (opening !== undefined) await writeOrClose(conn, opening.bytes, signal);
  return conn;
}

/** Writes all of `bytes`; closes the connection if that fails, or as soon as `signal` aborts. */
async function writeOrClose(
  conn: Deno.TcpConn,
  bytes: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const close = () => conn.close();
  signal.addEventListener("abort", close);
  try {
    await writeAll(conn, bytes);
    signal.throwIfAborted();
  } catch (error) {
    if (!signal.aborted) close();
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}
