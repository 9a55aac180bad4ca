/**
 * Adds TLS to a plain listener: an engine uses its connections like any other.
 *
 * It uses Node's TLS. Deno's own, `Deno.listenTls`, takes half the memory, but Deno 2.9.6 keeps the
 * socket of an abandoned handshake until the peer closes it, so peers that never close could hold
 * any number of sockets; it also cannot change its certificate. Import this file only when TLS is
 * wanted: it costs 10 MB.
 */

import { type SecureContext, TLSSocket } from "node:tls";
import type { AcceptedConnection, ConnectionListener } from "../miners/miner_listener.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { ProtocolViolation } from "../../base/violation.ts";
import { CarrierStream, SocketConnection } from "./node_streams.ts";
import { explainHandshake, TlsHandshakeFailed, whyNotTls } from "./handshake_failure.ts";

/** The most bytes read at a time: a share has about 150, a `ClientHello` up to 2,000. */
const READ_BYTES = 512;

/**
 * The most bytes written at a time, those of one TLS record: progress of a slow peer is seen record
 * by record.
 */
const WRITE_BYTES = 16 * 1024;

const NO_BYTES = new Uint8Array(0);

/** Which connections begin with a header that is not TLS, and where it ends. */
export interface PlainHeaders {
  /** Whether a connection from here begins with one. */
  isTrusted(from: PeerAddress): boolean;
  /**
   * The header at the beginning of what a connection sent so far; `undefined` if more has to come.
   *
   * @throws ProtocolViolation if there is none.
   */
  read(bytes: Uint8Array): { readonly length: number } | undefined;
}

/** A listener whose connections speak TLS. */
export class TlsListener implements ConnectionListener {
  readonly #listener: ConnectionListener;
  readonly #context: () => SecureContext;
  readonly #headers: PlainHeaders | undefined;

  /**
   * Owns `listener` from here on; `context` returns the certificate for a new connection. The first
   * reads of a connection with a header bring its bytes, those after them what TLS carries.
   */
  constructor(
    listener: ConnectionListener,
    context: () => SecureContext,
    headers?: PlainHeaders,
  ) {
    this.#listener = listener;
    this.#context = context;
    this.#headers = headers;
  }

  get addr(): PeerAddress {
    return this.#listener.addr;
  }

  /** Does not wait for the handshake, which starts with the first read. */
  async accept(): Promise<AcceptedConnection> {
    const tcp = await this.#listener.accept();
    const hasHeader = this.#headers?.isTrusted(tcp.remoteAddr) ?? false;
    return new TlsConnection(tcp, this.#context(), hasHeader ? this.#headers : undefined);
  }

  close(): void {
    this.#listener.close();
  }
}

/** A connection whose first read runs the handshake. Closing it always closes its socket. */
class TlsConnection implements AcceptedConnection {
  readonly #tcp: AcceptedConnection;
  readonly #context: SecureContext;
  /** TLS, once the first bytes have come. */
  #secured: SocketConnection | undefined;
  #isSecure = false;
  #isClosed = false;
  /** Says where its header ends; `undefined` once it has ended, or if there is none. */
  #headers: PlainHeaders | undefined;
  /** What came of its header, then what came with the header's end. */
  #kept: Uint8Array = NO_BYTES;

  constructor(tcp: AcceptedConnection, context: SecureContext, headers: PlainHeaders | undefined) {
    this.#tcp = tcp;
    this.#context = context;
    this.#headers = headers;
  }

  get remoteAddr(): PeerAddress {
    return this.#tcp.remoteAddr;
  }

  setNoDelay(on: boolean): void {
    this.#tcp.setNoDelay(on);
  }

  setKeepAlive(on: boolean): void {
    this.#tcp.setKeepAlive(on);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#isSecure ? this.#secured!.read(into) : this.#readFirst(into);
  }

  /** Call it only after bytes have come in. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#secured === undefined) {
      return Promise.reject(new Error("its TLS handshake has not started"));
    }
    return this.#secured.write(bytes.subarray(0, WRITE_BYTES));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#secured?.close();
    // Node would close it, too, but later.
    try {
      this.#tcp.close();
    } catch {
      // Node has closed it already.
    }
  }

  /** Reads the next bytes of the header, and keeps what comes with its end. */
  async #readHeader(into: Uint8Array, headers: PlainHeaders): Promise<number | null> {
    const count = await this.#tcp.read(into);
    if (count === null || this.#isClosed) return null;
    const before = this.#kept.length;
    const soFar = new Uint8Array(before + count);
    soFar.set(this.#kept);
    soFar.set(into.subarray(0, count), before);
    this.#kept = soFar;
    try {
      const header = headers.read(soFar);
      if (header === undefined) return count;
      this.#headers = undefined;
      this.#kept = soFar.subarray(header.length);
      return header.length - before;
    } catch (error) {
      if (!(error instanceof ProtocolViolation)) throw error;
      // The reader of these bytes finds the same fault in them.
      return count;
    }
  }

  /** Runs the handshake and reads the miner's first bytes after it. */
  async #readFirst(into: Uint8Array): Promise<number | null> {
    if (this.#headers !== undefined) return this.#readHeader(into, this.#headers);
    const count = this.#kept.length || await this.#tcp.read(into);
    if (count === null || this.#isClosed) return null;
    into.set(this.#kept);
    this.#kept = NO_BYTES;
    const reason = whyNotTls(into.subarray(0, count));
    if (reason !== undefined) throw new TlsHandshakeFailed(reason);
    const carrier = new CarrierStream(this.#tcp, READ_BYTES, into.slice(0, count));
    const socket = new TLSSocket(carrier, { isServer: true, secureContext: this.#context });
    socket.once("secure", () => this.#isSecure = true);
    this.#secured = new SocketConnection(socket, carrier);
    try {
      const first = await this.#secured.read(into);
      if (first === null && !this.#isSecure) {
        throw new Error("it closed the connection during the TLS handshake");
      }
      return first;
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      const isTls = error instanceof Error && "code" in error && /^ERR_SSL/.test(`${error.code}`);
      if (this.#isSecure || !isTls) throw error;
      throw new TlsHandshakeFailed(explainHandshake(found), { cause: error });
    }
  }
}
