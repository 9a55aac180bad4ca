/**
 * A listening socket that Deno opened and epoll can watch.
 *
 * `Deno.listen` binds, asks for the permission and closes. It does not reveal its file descriptor,
 * so that is looked up. Do not call `accept()` of the listener.
 */

import type { PeerAddress } from "../../base/peer_address.ts";
import { BUFFER_OPTIONS } from "./kernel_buffers.ts";
import type { Libc } from "./calls.ts";
import { LibcUnavailable } from "./library.ts";

/**
 * How many connections may wait in the kernel to be accepted: room for a whole farm that comes
 * back.
 */
const BACKLOG = 4096;

/** The listening socket is one of the first files of a process. */
const MAX_FD = 1 << 16;

const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;
const SO_ACCEPTCONN = 30;
const IPPROTO_TCP = 6;

/**
 * Set once on the listening socket and inherited by accepted ones: small writes leave at once, a
 * dead peer is detected within 90 s, idle or not, and the kernel buffers little for a peer that
 * does not read. `kept` is the value that the kernel makes of ours, if it differs.
 */
export const INHERITED_OPTIONS: readonly {
  readonly level: number;
  readonly name: number;
  readonly value: number;
  readonly kept?: number;
}[] = [
  ...BUFFER_OPTIONS,
  { level: IPPROTO_TCP, name: /* TCP_NODELAY */ 1, value: 1 },
  { level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1 },
  { level: IPPROTO_TCP, name: /* TCP_KEEPIDLE, s */ 4, value: 45 },
  { level: IPPROTO_TCP, name: /* TCP_KEEPINTVL, s */ 5, value: 15 },
  { level: IPPROTO_TCP, name: /* TCP_KEEPCNT */ 6, value: 3 },
  { level: IPPROTO_TCP, name: /* TCP_USER_TIMEOUT, ms */ 18, value: 90_000 },
];

/** A listening socket and its file descriptor. */
export interface LibcListener {
  /** Where it listens. */
  readonly addr: PeerAddress;
  /** Its file descriptor, non-blocking; Deno's to close. */
  readonly fd: number;
  /** Stops listening. */
  close(): void;
}

/**
 * Listens.
 *
 * @throws what `Deno.listen` throws
 * @throws LibcUnavailable if its file descriptor cannot be found
 */
export function openListener(
  libc: Libc,
  hostname: string,
  port: number,
  reusePort = false,
): LibcListener {
  // Another socket of this process may share the port.
  const others = reusePort ? listenersAt(libc, { hostname, port }) : [];
  const listener = Deno.listen({ hostname, port, reusePort, tcpBacklog: BACKLOG });
  const { addr } = listener;
  const fd = listenersAt(libc, addr).find((fd) => !others.includes(fd));
  if (fd === undefined) {
    listener.close();
    throw new LibcUnavailable("the listening socket cannot be found");
  }
  for (const { level, name, value } of INHERITED_OPTIONS) libc.setOption(fd, level, name, value);
  return { addr, fd, close: () => listener.close() };
}

/** The descriptors of this process that listen at an address. */
function listenersAt(libc: Libc, { hostname, port }: PeerAddress): number[] {
  const found: number[] = [];
  for (let fd = 0; fd < MAX_FD; fd++) {
    if (libc.option(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) continue;
    const address = libc.localAddress(fd);
    if (address?.port === port && address.hostname === hostname) found.push(fd);
  }
  return found;
}
