/**
 * Adapters between our connections and Node's streams, for `node:tls`: a connection as the stream
 * that Node needs underneath, and Node's socket as a connection.
 *
 * Import it only where Node does TLS: it costs memory.
 */

import { nextTick } from "node:process";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Connection } from "../pools/connection.ts";
import { writeAll } from "../pools/handshake_bytes.ts";

/** A connection as the stream that Node needs underneath; destroying it closes the connection. */
export class CarrierStream extends Duplex {
  readonly #carrier: Connection;
  readonly #buffer: Uint8Array;
  /** Bytes to deliver before all others. */
  #early: Uint8Array | undefined;

  /** Reads at most `readBytes` at a time; `early` was read already. */
  constructor(carrier: Connection, readBytes: number, early?: Uint8Array) {
    super({ allowHalfOpen: false });
    this.#carrier = carrier;
    this.#buffer = new Uint8Array(readBytes);
    this.#early = early;
  }

  /** @internal Called by Node. */
  override _read(): void {
    const early = this.#early;
    if (early !== undefined) {
      this.#early = undefined;
      // Node starts at its next tick. If it gets bytes before that and they are not TLS, Node (of
      // Deno 2.9.6) fails in a way that we cannot catch.
      nextTick(() => this.push(early));
      return;
    }
    this.#carrier.read(this.#buffer).then(
      // The stream keeps the array, so it gets a copy.
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
      // It was closed already when the attempt was given up.
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
  /** Bytes taken from the socket and not yet read. */
  #chunk = new Uint8Array(0);
  #waiting: WaitingRead | undefined;
  #isEnded = false;
  #failure: Error | undefined;

  /** Nothing else may read from `socket`, which runs over `carrier`. */
  constructor(socket: TLSSocket, carrier: CarrierStream) {
    this.#socket = socket;
    // Node closes the socket without reporting this error.
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

  /** Gives the available bytes to the waiting read. */
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
