/**
 * The calls of the Linux C library that the libc engine uses, and a datagram for systemd.
 *
 * The runtime does not check these calls, so this file shows why they are memory-safe.
 *
 * 1. Every array is passed with a count computed here from its own length, never with a caller's
 * count: the kernel can neither read nor write past its end.
 * 2. During a call that blocks, nothing else runs in this isolate: no array is moved, freed,
 *    resized or written by anyone but the kernel, and the kernel keeps no pointer afterwards.
 * 3. One call runs on another thread, {@linkcode Libc.epollWaitAside}. The kernel writes into its
 *    array until its promise settles; net/libc/epoll.ts owns that array, keeps it referenced, and looks
 *    at it only then.
 * 4. Results that are `long` in C are read as 32 bits: no count here can be 2³¹ or more, and the
 *    low half of -1 is -1.
 * 5. Declared types are those of x86_64 and aarch64 Linux; on anything else nothing is loaded.
 *
 * A wrong file descriptor breaks no memory, but can break another file: the caller of `close` must
 * own the descriptor.
 */

import type { PeerAddress } from "../../base/peer_address.ts";
import { loadLibc } from "./library.ts";
import { decodeSockaddr, SOCKADDR_BYTES } from "./sockaddr.ts";

const SYMBOLS = {
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  epoll_wait: { parameters: ["i32", "buffer", "i32", "i32"], result: "i32" },
  epoll_wait_aside: {
    name: "epoll_wait",
    parameters: ["i32", "buffer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "usize"], result: "i32" },
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "usize", "i32"], result: "i32" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  sendto: { parameters: ["i32", "buffer", "usize", "i32", "buffer", "u32"], result: "i32" },
  close: { parameters: ["i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  memcpy: { parameters: ["buffer", "pointer", "usize"], result: "pointer" },
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const EPOLL_CLOEXEC = 0x80000;
const EFD_CLOEXEC_NONBLOCK = 0x80800;
const SOCK_CLOEXEC = 0x80000;
const SOCK_DGRAM = 2;
const AF_UNIX = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const INT_BYTES = 4;

/** Bytes reserved for one `struct epoll_event`: the larger of its two layouts (net/libc/epoll.ts). */
export const MAX_EVENT_BYTES = 16;

/** The C library. Its calls return what the C functions return: -1 is a failure. */
export class Libc {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;
  readonly #address = new Uint8Array(SOCKADDR_BYTES);
  readonly #addressView = new DataView(this.#address.buffer);
  readonly #length = new Uint32Array(1);
  readonly #int = new Int32Array(1);
  readonly #one = BigUint64Array.of(1n);

  /**
   * Loads the library. Does not ask for permissions that are not granted.
   *
   * @throws LibcUnavailable if it cannot be used here
   */
  constructor() {
    this.#library = loadLibc(SYMBOLS);
  }

  /** A new epoll instance. */
  epollCreate(): number {
    return this.#library.symbols.epoll_create1(EPOLL_CLOEXEC);
  }

  /** `operation` is an `EPOLL_CTL_` number; `event` one record of at least its layout's size. */
  epollControl(epoll: number, operation: number, fd: number, event: Uint8Array): number {
    if (event.length < MAX_EVENT_BYTES) throw new RangeError("An event record is too short");
    return this.#library.symbols.epoll_ctl(epoll, operation, fd, event);
  }

  /**
   * Fills `events`, {@linkcode MAX_EVENT_BYTES} for each; waits for at most `ms`, or forever if it
   * is -1.
   */
  epollWait(epoll: number, events: Uint8Array, ms: number): number {
    return this.#library.symbols.epoll_wait(epoll, events, eventCapacity(events), ms);
  }

  /** The same on another thread. `events` must not be touched until this settles. */
  epollWaitAside(epoll: number, events: Uint8Array, ms: number): Promise<number> {
    return this.#library.symbols.epoll_wait_aside(epoll, events, eventCapacity(events), ms);
  }

  /** A new counter that is readable once {@linkcode Libc.raise} has been called. */
  eventfd(): number {
    return this.#library.symbols.eventfd(0, EFD_CLOEXEC_NONBLOCK);
  }

  /** Makes an `eventfd` readable. */
  raise(eventfd: number): number {
    return this.#library.symbols.write(eventfd, this.#one, BigInt(this.#one.byteLength));
  }

  /**
   * The next connection of a non-blocking listening socket; `peerAddress` says where it comes from.
   */
  accept(listener: number): number {
    this.#length[0] = this.#address.length;
    const { accept4 } = this.#library.symbols;
    return accept4(listener, this.#address, this.#length, SOCK_CLOEXEC);
  }

  /** The address of the connection accepted last. */
  peerAddress(): PeerAddress {
    return decodeSockaddr(this.#addressView) ?? { hostname: "unknown", port: 0 };
  }

  /** The address that a socket is bound to; `undefined` if it has none. */
  localAddress(fd: number): PeerAddress | undefined {
    this.#length[0] = this.#address.length;
    if (this.#library.symbols.getsockname(fd, this.#address, this.#length) < 0) return undefined;
    return decodeSockaddr(this.#addressView);
  }

  /**
   * Reads the bytes that have arrived into `buffer`, without waiting; 0 at the end of the stream.
   */
  receive(fd: number, buffer: Uint8Array): number {
    return this.#library.symbols.recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT);
  }

  /** Sends as much of `bytes` as the socket takes at once. */
  send(fd: number, bytes: Uint8Array): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    return this.#library.symbols.send(fd, bytes, BigInt(bytes.length), flags);
  }

  /**
   * Sends one datagram to a Unix socket; `address` is a `struct sockaddr_un`, cut to its length.
   * Returns the bytes sent, or -errno.
   */
  sendDatagram(address: Uint8Array, bytes: Uint8Array): number {
    const { socket, sendto } = this.#library.symbols;
    const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -this.lastError();
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = sendto(fd, bytes, BigInt(bytes.length), flags, address, address.length);
    // Read it now: closing would overwrite it.
    const errno = sent < 0 ? this.lastError() : 0;
    this.close(fd);
    return sent < 0 ? -errno : sent;
  }

  /** Closes a descriptor that the caller owns. */
  close(fd: number): void {
    this.#library.symbols.close(fd);
  }

  /** A socket option that is an `int`; `undefined` if there is none. */
  option(fd: number, level: number, name: number): number | undefined {
    this.#length[0] = INT_BYTES;
    const { getsockopt } = this.#library.symbols;
    return getsockopt(fd, level, name, this.#int, this.#length) < 0 ? undefined : this.#int[0];
  }

  /** Sets a socket option that is an `int`. */
  setOption(fd: number, level: number, name: number, value: number): number {
    this.#int[0] = value;
    return this.#library.symbols.setsockopt(fd, level, name, this.#int, INT_BYTES);
  }

  /**
   * The `errno` of the last call. The runtime may have made calls of its own in between, so use it
   * only for messages and where a wrong value does no harm.
   */
  lastError(): number {
    const { memcpy, __errno_location } = this.#library.symbols;
    memcpy(this.#int, __errno_location(), BigInt(INT_BYTES));
    return this.#int[0]!;
  }

  /** Unloads the library. No call may be under way or follow. */
  unload(): void {
    this.#library.close();
  }
}

function eventCapacity(events: Uint8Array): number {
  return Math.floor(events.length / MAX_EVENT_BYTES);
}
