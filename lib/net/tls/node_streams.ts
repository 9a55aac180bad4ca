/**
 * Between our connections and Node's streams, for `node:tls`: a connection as the stream that Node
 * wants underneath, and what Node makes of it as a connection.
 *
 * To be imported only where TLS is done by Node: that costs memory.
 */

import { nextTick } from "node:process";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Connection } from "../pools/connection.ts";
import { writeAll } from "../pools/handshake_bytes.ts";

/** A connection as the stream that Node wants underneath; destroying it closes the connection. */
export class CarrierStream extends Duplex {
  readonly #carrier: Connection;
  readonly #buffer: Uint8Array;
  /** What comes before anything else. */
  #begun: Uint8Array | undefined;

  /** Reads at most `readBytes` at a time; `begun` was read already. */
  constructor(carrier: Connection, readBytes: number, begun?: Uint8Array) {
    super({ allowHalfOpen: false });
    this.#carrier = carrier;
    this.#buffer = new Uint8Array(readBytes);
    this.#begun = begun;
  }

  /** @internal Called by Node. */
  override _read(): void {
    const begun = this.#begun;
    if (begun !== undefined) {
      this.#begun = undefined;
      // Node (of Deno 2.9.6) fails beyond reach over bytes it has before it starts, which it does
      // at its next tick, if they are no TLS.
      nextTick(() => this.push(begun));
      return;
    }
    this.#carrier.read(this.#buffer).then(
      // The stream keeps what it is given.
      (count) => this.push(count === null ? null : this.#buffer.slice(0, count)),
      (error) => this.destroy(error),
    );
  }

  /** @internal Called by Node. */
  override _write(chunk: Uint8Array, _: string, done: (error?: Error) => void): void {
    writeAll(this.#carrier, chunk).then(() => done(), done);
  }

  /** @internal Called by Node. */
  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    try {
      this.#carrier.close();
    } catch {
      // Closed already by whoever gave up the attempt.
    }
    done(error);
  }
}

/** A read that waits for bytes. */
interface WaitingRead {
  readonly into: Uint8Array;
  readonly resolve: (count: number | null) => void;
  readonly reject: (error: Error) => void;
}

/** A socket of Node as a connection; one read at a time. */
export class SocketConnection implements Connection {
  readonly #socket: TLSSocket;
  /** What was taken from the socket and not yet read. */
  #chunk = new Uint8Array(0);
  #waiting: WaitingRead | undefined;
  #isEnded = false;
  #failure: Error | undefined;

  /** Nobody else may read from `socket`, which runs over `carrier`. */
  constructor(socket: TLSSocket, carrier: CarrierStream) {
    this.#socket = socket;
    // Node closes the socket, and does not say that this was why.
    carrier.on("error", (error: Error) => this.#failed(error));
    socket.on("readable", () => this.#pump());
    socket.on("end", () => this.#ended());
    socket.on("close", () => this.#ended());
    socket.on("error", (error: Error) => this.#failed(error));
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#waiting = { into, resolve, reject };
      this.#pump();
    });
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  close(): void {
    this.#failed(new Deno.errors.Interrupted("the connection was closed"));
    this.#socket.destroy();
  }

  #ended(): void {
    this.#isEnded = true;
    this.#pump();
  }

  #failed(error: Error): void {
    this.#failure ??= error;
    this.#pump();
  }

  /** Gives the waiting read what there is. */
  #pump(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    if (this.#chunk.length === 0 && this.#failure === undefined) {
      this.#chunk = (this.#socket.read() as Uint8Array<ArrayBuffer> | null) ?? this.#chunk;
    }
    const count = Math.min(this.#chunk.length, waiting.into.length);
    if (count === 0 && this.#failure === undefined && !this.#isEnded) return;
    this.#waiting = undefined;
    if (count > 0) {
      waiting.into.set(this.#chunk.subarray(0, count));
      this.#chunk = this.#chunk.subarray(count);
      waiting.resolve(count);
    } else if (this.#failure !== undefined) {
      waiting.reject(this.#failure);
    } else {
      waiting.resolve(null);
    }
  }
}
