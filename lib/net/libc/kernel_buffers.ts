/**
 * How much the kernel holds for one peer that does not read, or is not read: the bounds, and how
 * they get onto a listening socket that Deno opened.
 *
 * Left alone, Linux holds up to 4 MB for each connection, beside what waits in this process. A
 * bound set on the listening socket is inherited by every connection accepted from it.
 */

import type { PeerAddress } from "../../base/peer_address.ts";
import { Libc } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";

const SOL_SOCKET = 1;
const SO_ACCEPTCONN = 30;

/**
 * In bytes. The kernel doubles it and counts its own overhead in. A job of 32 KB still leaves in one
 * write, and the longest line of a miner comes in one read.
 */
const BUFFER_BYTES = 64 * 1024;

/** What is set; `kept` is what the kernel makes of it. */
export const BUFFER_OPTIONS = [
  { level: SOL_SOCKET, name: /* SO_SNDBUF */ 7, value: BUFFER_BYTES, kept: 2 * BUFFER_BYTES },
  { level: SOL_SOCKET, name: /* SO_RCVBUF */ 8, value: BUFFER_BYTES, kept: 2 * BUFFER_BYTES },
] as const;

/** A listening socket is among the first files of a process. */
const MAX_FD = 1 << 16;

/**
 * Bounds the buffers of every connection accepted from now on by this process's socket that listens
 * at `address`. Where the C library cannot be used (net/libc/library.ts) they stay unbounded. To be
 * called right after listening: who has connected before keeps what the system gives.
 *
 * Of no use where the libc engine listens, which does the same; elsewhere the calls take 3 MB.
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
