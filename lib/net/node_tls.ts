/**
 * TLS through `node:tls`, for what Deno's own cannot do: accept any certificate, compare it with
 * pins, and run over something else than a TCP connection (TLS through a proxy behind TLS).
 *
 * To be imported only when that is asked for: a running proxy then has 5 MB more resident than with
 * Deno's own (2.9.6).
 */

import { Duplex } from "node:stream";
import { connect, type TLSSocket } from "node:tls";
import type { Connection } from "./connection.ts";
import { writeAll } from "./handshake_bytes.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { TlsPolicy } from "./tls_policy.ts";

const CARRIER_READ_BYTES = 16 * 1024;

/**
 * Speaks TLS over `carrier` and waits for the end of the handshake. Once this was called the
 * carrier is closed by what is returned, or when it fails.
 *
 * Trusted are the authorities of the policy or, if it names none, the well-known ones.
 *
 * @throws Error of Node (rejects), or of ours when no pin is that of the certificate.
 */
export function startNodeTls(
  carrier: Connection,
  name: string,
  { isVerified, caCerts, pins }: TlsPolicy,
): Promise<Connection> {
  const socket = connect({
    socket: new CarrierStream(carrier),
    host: name,
    // Node verifies `host` if there is no `servername`, which must be a name.
    ...(parseIpAddress(name) === undefined ? { servername: name } : {}),
    rejectUnauthorized: isVerified,
    // Those given here take the place of the well-known ones, which may only be listed with
    // --allow-sys=ca.
    ...(caCerts.length > 0 ? { ca: [...caCerts] } : {}),
  });
  const connection = new SocketConnection(socket);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      connection.close();
      reject(error);
    };
    const closed = () => fail(new Error("unexpected end of file"));
    socket.once("error", fail);
    socket.once("close", closed);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      socket.off("close", closed);
      const found = fingerprint(socket);
      if (pins.length > 0 && !pins.includes(found)) {
        fail(
          new Error(
            `the pool's certificate is not one of tls.certificate_sha256: found ${found}; if the ` +
              "pool says that this is its new one, add it to the list",
          ),
        );
      } else {
        resolve(connection);
      }
    });
  });
}

/** SHA-256 of the certificate in DER, 64 lower-case hex digits. */
function fingerprint(socket: TLSSocket): string {
  return (socket.getPeerCertificate().fingerprint256 ?? "").replaceAll(":", "").toLowerCase();
}

/** A connection as the stream that Node wants underneath. */
class CarrierStream extends Duplex {
  readonly #carrier: Connection;
  readonly #buffer = new Uint8Array(CARRIER_READ_BYTES);

  constructor(carrier: Connection) {
    super({ allowHalfOpen: false });
    this.#carrier = carrier;
  }

  override _read(): void {
    this.#carrier.read(this.#buffer).then(
      // The stream keeps what it is given.
      (count) => this.push(count === null ? null : this.#buffer.slice(0, count)),
      (error) => this.destroy(error),
    );
  }

  override _write(chunk: Uint8Array, _: string, done: (error?: Error) => void): void {
    writeAll(this.#carrier, chunk).then(() => done(), done);
  }

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
class SocketConnection implements Connection {
  readonly #socket: TLSSocket;
  /** What was taken from the socket and not yet read. */
  #chunk = new Uint8Array(0);
  #waiting: WaitingRead | undefined;
  #isEnded = false;
  #failure: Error | undefined;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
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
