/**
 * One accepted socket of the simulated pool: it gathers everything sent in one turn into one write,
 * and misbehaves as the fault switches say.
 *
 * It is a `node:net` socket because that one can close with RST, as the real pool does (agent.md
 * "Time-outs and closing"); a `Deno.Conn` cannot.
 */

import type { Socket } from "node:net";
import type { Timer, Timers } from "../base/clock.ts";
import type { PoolFaults } from "./pool_faults.ts";

/** The switches of a pool's faults that its sockets look at. */
export type SocketFaults = Pick<PoolFaults, "isSilent" | "dribbleMs" | "stopReading">;

/** Events for the owner of a socket. */
export interface PoolSocketEvents {
  /** Bytes arrived. They may be kept. */
  received(bytes: Uint8Array): void;
  /** Bytes are on their way out. */
  sending(byteCount: number): void;
  /** The socket is closed; no event follows. */
  closed(): void;
}

/** A socket that can be told to misbehave. */
export class PoolSocket {
  readonly #socket: Socket;
  readonly #faults: () => SocketFaults;
  readonly #events: PoolSocketEvents;
  readonly #timers: Timers;
  readonly #writeTimeoutMs: number;
  /** Bytes sent in this turn. */
  #gathered: Uint8Array[] = [];
  /** Bytes that wait to be sent one by one. */
  #dribbling: number[] = [];
  #dribbleTimer: Timer | undefined;
  #writeTimer: Timer | undefined;
  #isOpen = true;

  /** Takes over `socket`, and resets it when output cannot be written for `writeTimeoutMs`. */
  constructor(
    socket: Socket,
    faults: () => SocketFaults,
    events: PoolSocketEvents,
    writeTimeoutMs: number,
    timers: Timers,
  ) {
    this.#timers = timers;
    this.#socket = socket;
    this.#faults = faults;
    this.#events = events;
    this.#writeTimeoutMs = writeTimeoutMs;
    socket.on("data", (bytes: Uint8Array) => {
      if (this.#isOpen) events.received(bytes);
    });
    socket.on("drain", () => this.#stopWriteTimer());
    // A reset by the agent: `close` follows.
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#stop();
      events.closed();
    });
    this.faultsChanged();
  }

  /** Applies the switches that act by themselves. */
  faultsChanged(): void {
    if (this.#faults().stopReading) this.#socket.pause();
    else this.#socket.resume();
  }

  /**
   * Sends `bytes` together with everything else sent in this turn. They must not change any more.
   * @returns whether they will be sent: false when the socket is closed or silent.
   */
  send(bytes: Uint8Array): boolean {
    if (!this.#isOpen || this.#faults().isSilent) return false;
    this.#events.sending(bytes.length);
    this.#gathered.push(bytes);
    if (this.#gathered.length === 1) queueMicrotask(() => this.#flush());
    return true;
  }

  /** Closes with RST, as the real pool always does. */
  reset(): void {
    this.#flush();
    this.#stop();
    this.#socket.resetAndDestroy();
  }

  /** Closes with FIN, after `lastBytes` if there are any. */
  finish(lastBytes: Uint8Array = new Uint8Array(0)): void {
    if (!this.#isOpen) return;
    this.#flush();
    this.#stop();
    this.#socket.end(lastBytes, () => this.#socket.destroy());
  }

  #flush(): void {
    if (!this.#isOpen || this.#gathered.length === 0) return;
    const bytes = this.#gathered.length === 1 ? this.#gathered[0]! : joined(this.#gathered);
    this.#gathered = [];
    if (this.#faults().dribbleMs > 0 || this.#dribbling.length > 0) {
      for (const byte of bytes) this.#dribbling.push(byte);
      this.#dribbleTimer ??= this.#timers.after(this.#faults().dribbleMs, () => this.#dribble());
    } else {
      this.#write(bytes);
    }
  }

  #dribble(): void {
    const { dribbleMs } = this.#faults();
    const count = dribbleMs > 0 ? 1 : this.#dribbling.length;
    this.#write(Uint8Array.from(this.#dribbling.splice(0, count)));
    this.#dribbleTimer = this.#dribbling.length > 0
      ? this.#timers.after(dribbleMs, () => this.#dribble())
      : undefined;
  }

  #write(bytes: Uint8Array): void {
    if (!this.#socket.write(bytes)) {
      this.#writeTimer ??= this.#timers.after(this.#writeTimeoutMs, () => this.reset());
    }
  }

  #stopWriteTimer(): void {
    this.#timers.clear(this.#writeTimer);
    this.#writeTimer = undefined;
  }

  #stop(): void {
    this.#isOpen = false;
    this.#gathered = [];
    this.#dribbling = [];
    this.#timers.clear(this.#dribbleTimer);
    this.#stopWriteTimer();
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
