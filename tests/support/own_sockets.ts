/** The sockets of this very process, as the kernel has them. */

import type { Libc } from "../../lib/net/libc/calls.ts";

const [SOL_SOCKET, SO_ACCEPTCONN, MAX_FD] = [1, 30, 4096];

/** The descriptors that were accepted from a socket at `port`. */
export function acceptedAt(libc: Libc, port: number): number[] {
  return Array.from({ length: MAX_FD }, (_, fd) => fd).filter((fd) =>
    libc.option(fd, SOL_SOCKET, SO_ACCEPTCONN) === 0 && libc.localAddress(fd)?.port === port
  );
}
