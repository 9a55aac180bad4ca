/**
 * Bounds how much the kernel buffers for one peer, in both directions, on a listening socket that
 * Deno opened.
 *
 * By default Linux buffers up to 4 MB for each connection, in addition to what waits in this
 * process. Every accepted connection inherits a bound that is set on the listening socket.
 */

import type { PeerAddress } from "../../base/peer_address.ts";
import { Libc } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";

const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;

/**
 * In bytes. The kernel doubles it and includes its own overhead. A job of 32 KB still fits into one
 * write, and the longest line of a miner into one read.
 */
const BUFFER_BYTES = 64 * 1024;

/** The options to set; `kept` is the value that the kernel makes of each. */
export const BUFFER_OPTIONS = [
  { level: SOL_SOCKET, name: /* SO_SNDBUF */ 7, value: BUFFER_BYTES, kept: 2 * BUFFER_BYTES },
  { level: SOL_SOCKET, name: /* SO_RCVBUF */ 8, value: BUFFER_BYTES, kept: 2 * BUFFER_BYTES },
] as const;

/** A listening socket is one of the first files of a process. */
const MAX_FD = 1 << 16;

/**
 * Bounds the buffers of every connection accepted from now on by this process's socket that listens
 * at `address`. If the C library cannot be used (net/libc/library.ts), they stay unbounded. Call it
 * right after listening: earlier connections keep the system's buffers.
 *
 * Not needed with the libc engine, which does the same; with another engine the calls take 3 MB.
 *
 * @returns whether they are bounded.
 */
export function boundKernelBuffers(address: PeerAddress): boolean {
  let libc: Libc;
  try {
    libc = new Libc();
  } catch (error) {
    if (error instanceof LibcUnavailable) return false;
    throw error;
  }
  const fd = findListener(libc, address);
  const failures = fd === undefined
    ? [-1]
    : BUFFER_OPTIONS.map(({ level, name, value }) => libc.setOption(fd, level, name, value));
  libc.unload();
  return failures.every((failure) => failure === 0);
}

function findListener(libc: Libc, { hostname, port }: PeerAddress): number | undefined {
  for (let fd = 0; fd < MAX_FD; fd++) {
    if (libc.option(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) continue;
    const local = libc.localAddress(fd);
    if (local?.port === port && local.hostname === hostname) return fd;
  }
  return undefined;
}
