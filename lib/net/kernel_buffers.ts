/**
 * How much the kernel holds for one peer that does not read, or is not read: the bounds, and how
 * they get onto a listening socket that Deno opened.
 *
 * Left alone, Linux holds up to 4 MB for each connection, beside what waits in this process. A
 * bound set on the listening socket is inherited by every connection accepted from it.
 */

import type { PeerAddress } from "./engine.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import { LibcUnavailable, loadLibc } from "./libc_library.ts";
import { decodeSockaddr, SOCKADDR_BYTES } from "./sockaddr.ts";

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

/** Called on another thread, which costs less memory: see net/libc_library.ts. */
const SYMBOLS = {
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32", nonblocking: true },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
    nonblocking: true,
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

type Calls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

const log = areaLog("agent");

/** Descriptors looked at together, and how far: a listening socket is among the first files. */
const FDS_AT_ONCE = 256;
const MAX_FD = 1 << 16;

/**
 * Bounds the buffers of every connection accepted from now on by this process's socket that listens
 * at `address`. Where the C library cannot be used (net/libc_library.ts) they stay as they are.
 *
 * @returns whether they are bounded.
 */
export async function boundKernelBuffers(address: PeerAddress): Promise<boolean> {
  let library: Deno.DynamicLibrary<typeof SYMBOLS>;
  try {
    library = loadLibc(SYMBOLS);
  } catch (error) {
    if (error instanceof LibcUnavailable) return false;
    throw error;
  }
  try {
    const fd = await findListener(library.symbols, address);
    if (fd === undefined) return false;
    const failures = await Promise.all(
      BUFFER_OPTIONS.map(({ level, name, value }) =>
        library.symbols.setsockopt(fd, level, name, Int32Array.of(value), 4)
      ),
    );
    return failures.every((failure) => failure === 0);
  } catch (error) {
    // Miners are served all the same.
    reportFault(log, error);
    return false;
  } finally {
    library.close();
  }
}

async function findListener(
  calls: Calls,
  { hostname, port }: PeerAddress,
): Promise<number | undefined> {
  for (let first = 0; first < MAX_FD; first += FDS_AT_ONCE) {
    const fds = Array.from({ length: FDS_AT_ONCE }, (_, i) => first + i);
    const found = await Promise.all(fds.map(async (fd) => {
      if (await intOption(calls, fd, SO_ACCEPTCONN) !== 1) return false;
      const local = await localAddress(calls, fd);
      return local?.port === port && local.hostname === hostname;
    }));
    const place = found.indexOf(true);
    if (place >= 0) return first + place;
  }
  return undefined;
}

// The arrays below are the kernel's until the call has returned, and kept by us for as long.

async function intOption(calls: Calls, fd: number, name: number): Promise<number | undefined> {
  const value = new Int32Array(1);
  const length = Uint32Array.of(value.byteLength);
  const failure = await calls.getsockopt(fd, SOL_SOCKET, name, value, length);
  return failure < 0 ? undefined : value[0];
}

async function localAddress(calls: Calls, fd: number): Promise<PeerAddress | undefined> {
  const address = new Uint8Array(SOCKADDR_BYTES);
  const length = Uint32Array.of(address.length);
  if (await calls.getsockname(fd, address, length) < 0) return undefined;
  return decodeSockaddr(new DataView(address.buffer));
}
