/**
 * Sockets for the two ends of a benchmark, straight from the kernel: ten thousand of them in one
 * process, one thread and no promise, so that the load generator itself is not measured.
 *
 * It adds to lib/net/libc/calls.ts the calls that only a client or an observer needs. An end never
 * gives its thread back: it waits for its sockets and for its standard input in one place, and does
 * everything else in between.
 */

import { Epoll, READY } from "../../lib/net/libc/epoll.ts";
import { Libc } from "../../lib/net/libc/calls.ts";
import { type LibcListener, openListener } from "../../lib/net/libc/listener.ts";

const SYMBOLS = {
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const AF_INET = 2;
const SOCK_STREAM_NONBLOCK = 0x80801;
const SOL_SOCKET = 1;
const SO_ERROR = 4;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_INFO = 11;
const CLOCK_MONOTONIC = 1;
const STANDARD_INPUT = 0;

/** How often the clocks are compared. */
const CLOCK_SAMPLES = 100;

/** Offsets of the fields in `struct tcp_info`; see linux/tcp.h. */
const TCP_INFO_AT = { bytesAcked: 120, bytesReceived: 128, segsOut: 136, segsIn: 140 } as const;
const TCP_INFO_BYTES = 256;

/** Bytes of a segment besides its payload: IPv4 20, TCP 20, time stamps 12. */
export const SEGMENT_HEADER_BYTES = 52;

const READ_BYTES = 256 * 1024;

/** The end of a `struct sockaddr_in`. */
const UNUSED = [0, 0, 0, 0, 0, 0, 0, 0];

/** `struct linger`: on, for no time. */
const NO_LINGER = Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0);

/** The kernel's counters of one connection, or of several together. */
export interface WireCounters {
  /** Payload the other side has acknowledged. */
  readonly bytesOut: number;
  /** Payload received. */
  readonly bytesIn: number;
  /** Segments sent, bare acknowledgements included. */
  readonly segmentsOut: number;
  /** Segments received, likewise. */
  readonly segmentsIn: number;
}

/** Nothing counted yet. */
export const NO_WIRE: WireCounters = { bytesOut: 0, bytesIn: 0, segmentsOut: 0, segmentsIn: 0 };

/** Adds `b` to `a`; a `sign` of -1 subtracts it. */
export function addWire(a: WireCounters, b: WireCounters, sign: 1 | -1 = 1): WireCounters {
  return {
    bytesOut: a.bytesOut + sign * b.bytesOut,
    bytesIn: a.bytesIn + sign * b.bytesIn,
    segmentsOut: a.segmentsOut + sign * b.segmentsOut,
    segmentsIn: a.segmentsIn + sign * b.segmentsIn,
  };
}

/** Gets the events of sockets. */
export interface SocketOwner {
  /** A connection came in. */
  accepted(fd: number): void;
  /**
   * A connect has ended: the connection is open, or `isThere` is false and it is closed already.
   */
  connected(fd: number, isThere: boolean): void;
  /** Bytes arrived; the view is valid during the call. */
  received(fd: number, bytes: Uint8Array): void;
  /** The other side has disconnected; the descriptor is closed. */
  ended(fd: number): void;
  /** A line arrived on standard input. */
  commanded(line: string): void;
}

/** Sockets by file descriptor, and the loop that waits for them. */
export class Kernel {
  readonly #libc = new Libc();
  readonly #epoll = new Epoll(this.#libc);
  readonly #more = Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  readonly #owner: SocketOwner;
  readonly #buffer = new Uint8Array(READ_BYTES);
  readonly #info = new DataView(new ArrayBuffer(TCP_INFO_BYTES));
  readonly #length = new Uint32Array(1);
  readonly #clockOffsetMs: number;
  readonly #connecting = new Set<number>();
  /** Bytes that sockets have not accepted yet: rare, since both ends read as fast as they can. */
  readonly #unsent = new Map<number, Uint8Array[]>();
  #listener: LibcListener | undefined;
  #input = "";

  /** Watches standard input from the start. */
  constructor(owner: SocketOwner) {
    this.#owner = owner;
    this.#clockOffsetMs = this.#measureClockOffset();
    this.#epoll.add(STANDARD_INPUT, READY.read, 0);
  }

  /** Milliseconds on a clock that all processes of the machine share. */
  now(): number {
    return performance.now() + this.#clockOffsetMs;
  }

  /** Listens on a free port of 127.0.0.1 and returns it. */
  listen(): number {
    this.#listener = openListener(this.#libc, "127.0.0.1", 0);
    this.#epoll.add(this.#listener.fd, READY.read, 0);
    return this.#listener.addr.port;
  }

  /** Starts a connect to 127.0.0.1; `connected` follows. Returns -1 if no descriptor is left. */
  connect(port: number): number {
    const fd = this.#more.socket(AF_INET, SOCK_STREAM_NONBLOCK, 0);
    if (fd < 0) return -1;
    this.#libc.setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    const address = Uint8Array.of(AF_INET, 0, port >> 8, port & 0xff, 127, 0, 0, 1, ...UNUSED);
    this.#more.connect(fd, address, address.length);
    this.#connecting.add(fd);
    this.#epoll.add(fd, READY.write, 0);
    return fd;
  }

  /** Sends `bytes`, which may be reused afterwards; bytes not accepted at once are sent later. */
  send(fd: number, bytes: Uint8Array): void {
    const waiting = this.#unsent.get(fd);
    if (waiting !== undefined) {
      waiting.push(bytes.slice());
      return;
    }
    const count = Math.max(0, this.#libc.send(fd, bytes));
    if (count === bytes.length) return;
    this.#unsent.set(fd, [bytes.slice(count)]);
    this.#epoll.change(fd, READY.read | READY.write, 0);
  }

  /** Closes; with `isAbrupt`, by RST as pools do. */
  close(fd: number, isAbrupt = false): void {
    if (isAbrupt) this.#more.setsockopt(fd, SOL_SOCKET, SO_LINGER, NO_LINGER, NO_LINGER.length);
    this.#forget(fd);
  }

  /** Returns the kernel's counters of a connection. */
  wire(fd: number): WireCounters {
    this.#length[0] = TCP_INFO_BYTES;
    const buffer = new Uint8Array(this.#info.buffer);
    const length = new Uint8Array(this.#length.buffer);
    if (this.#more.getsockopt(fd, IPPROTO_TCP, TCP_INFO, buffer, length) < 0) return NO_WIRE;
    const { bytesAcked, bytesReceived, segsOut, segsIn } = TCP_INFO_AT;
    return {
      bytesOut: Number(this.#info.getBigUint64(bytesAcked, true)),
      bytesIn: Number(this.#info.getBigUint64(bytesReceived, true)),
      segmentsOut: this.#info.getUint32(segsOut, true),
      segmentsIn: this.#info.getUint32(segsIn, true),
    };
  }

  /** Waits up to `ms` for events, tells them to the owner, then returns. */
  turn(ms: number): void {
    const count = this.#epoll.wait(ms);
    for (let i = 0; i < count; i++) {
      const fd = this.#epoll.fd(i);
      if (fd === STANDARD_INPUT) this.#readInput();
      else if (fd === this.#listener?.fd) this.#accept();
      else if (this.#connecting.has(fd)) this.#connected(fd);
      else {
        const flags = this.#epoll.flags(i);
        if ((flags & READY.write) !== 0) this.#flush(fd);
        if ((flags & ~READY.write) !== 0) this.#read(fd);
      }
    }
  }

  /**
   * Measures the offset between the clocks. Another process that gets the processor in between
   * makes a sample smaller, so the largest is right.
   */
  #measureClockOffset(): number {
    const clock = new BigInt64Array(2);
    const bytes = new Uint8Array(clock.buffer);
    let largest = -Infinity;
    for (let i = 0; i < CLOCK_SAMPLES; i++) {
      this.#more.clock_gettime(CLOCK_MONOTONIC, bytes);
      const time = Number(clock[0]) * 1000 + Number(clock[1]) / 1e6;
      largest = Math.max(largest, time - performance.now());
    }
    return largest;
  }

  #accept(): void {
    for (let fd = this.#nextAccepted(); fd >= 0; fd = this.#nextAccepted()) {
      this.#epoll.add(fd, READY.read, 0);
      this.#owner.accepted(fd);
    }
  }

  #nextAccepted(): number {
    return this.#libc.accept(this.#listener!.fd);
  }

  #connected(fd: number): void {
    this.#connecting.delete(fd);
    const isThere = this.#libc.option(fd, SOL_SOCKET, SO_ERROR) === 0;
    if (isThere) this.#epoll.change(fd, READY.read, 0);
    else this.#forget(fd);
    this.#owner.connected(fd, isThere);
  }

  #read(fd: number): void {
    const count = this.#libc.receive(fd, this.#buffer);
    if (count > 0) return this.#owner.received(fd, this.#buffer.subarray(0, count));
    // After an event there was something to read, so an error also means the end.
    this.#forget(fd);
    this.#owner.ended(fd);
  }

  #flush(fd: number): void {
    const waiting = this.#unsent.get(fd);
    if (waiting === undefined) return;
    while (waiting.length > 0) {
      const bytes = waiting[0]!;
      const count = Math.max(0, this.#libc.send(fd, bytes));
      if (count < bytes.length) {
        waiting[0] = bytes.subarray(count);
        return;
      }
      waiting.shift();
    }
    this.#unsent.delete(fd);
    this.#epoll.change(fd, READY.read, 0);
  }

  #forget(fd: number): void {
    this.#connecting.delete(fd);
    this.#unsent.delete(fd);
    this.#libc.close(fd);
  }

  #readInput(): void {
    const count = Number(this.#more.read(STANDARD_INPUT, this.#buffer, BigInt(READ_BYTES)));
    // The process that started this one has ended.
    if (count <= 0) Deno.exit(0);
    this.#input += new TextDecoder().decode(this.#buffer.subarray(0, count));
    const lines = this.#input.split("\n");
    this.#input = lines.pop()!;
    for (const line of lines) this.#owner.commanded(line);
  }
}
