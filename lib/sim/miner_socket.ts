/**
 * One connection of a simulated miner: lines in, text out, at once or byte by byte.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { LineDecoder } from "../protocol/stratum/lines.ts";
import { PoolFault } from "../base/violation.ts";

const READ_BYTES = 4096;
const MAX_LINE_BYTES = 1 << 20;
/** The most text that waits for a server that does not read; later lines are dropped. */
const MAX_WAITING_CHARACTERS = 1 << 20;

/** All a miner needs of a socket; a `Deno.TcpConn` fits. */
export interface MinerConnection {
  /** Reads some bytes; `null` at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Closes at once. */
  close(): void;
}

/** Lines over a connection. */
export class MinerSocket {
  readonly #connection: MinerConnection;
  readonly #timers: Timers;
  readonly #decoder = new LineDecoder(MAX_LINE_BYTES, PoolFault);
  readonly #encoder = new TextEncoder();
  readonly #textDecoder = new TextDecoder();
  /** 0 to write at full speed. */
  #dribbleMs: number;
  #dribbleTimer: Timer | undefined;
  #wakeDribble: (() => void) | undefined;
  #waiting = "";
  #writing: Promise<void> | undefined;
  #isClosed = false;

  /** Sends one byte every `dribbleMs` until {@linkcode MinerSocket.hurry}; 0 for never. */
  constructor(connection: MinerConnection, dribbleMs: number, timers: Timers) {
    this.#timers = timers;
    this.#connection = connection;
    this.#dribbleMs = dribbleMs;
  }

  /** Whether {@linkcode MinerSocket.close} was called. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Hands lines, without their ends, to `receive` until the connection ends, breaks or is closed.
   *
   * @throws PoolFault (rejects) when a line is longer than 1 MiB.
   */
  async readLines(receive: (line: string) => void): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    while (!this.#isClosed) {
      // Closed by this miner or reset by the server: a normal end.
      const count = await this.#connection.read(buffer).catch(() => null);
      if (count === null) return;
      this.#decoder.push(buffer.subarray(0, count));
      for (let line = this.#decoder.next(); line; line = this.#decoder.next()) {
        if (line.length > 0) receive(this.#textDecoder.decode(line));
        if (this.#isClosed) return;
      }
    }
  }

  /** Sends a line; LF is added. The line is dropped when too much is waiting already. */
  send(line: string): void {
    if (this.#isClosed || this.#waiting.length > MAX_WAITING_CHARACTERS) return;
    this.#waiting += line + "\n";
    this.#writing ??= this.#write();
  }

  /** Sends everything without delay from now on. */
  hurry(): void {
    this.#dribbleMs = 0;
  }

  /** Closes the connection and settles when nothing of it runs any more. */
  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#timers.clear(this.#dribbleTimer);
      this.#wakeDribble?.();
      this.#connection.close();
    }
    await this.#writing;
  }

  async #write(): Promise<void> {
    // One turn later, so that all lines of a turn are one write.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0 && !this.#isClosed) {
        const bytes = this.#encoder.encode(this.#waiting);
        this.#waiting = "";
        let written = 0;
        while (written < bytes.length && !this.#isClosed) {
          const end = this.#dribbleMs > 0 ? written + 1 : bytes.length;
          written += await this.#connection.write(bytes.subarray(written, end));
          if (this.#dribbleMs > 0) await this.#dribble();
        }
      }
    } catch {
      // The connection is closed; the reader notices this, too, and reports it.
    }
    this.#writing = undefined;
  }

  #dribble(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeDribble = resolve;
      this.#dribbleTimer = this.#timers.after(this.#dribbleMs, resolve);
    });
  }
}
