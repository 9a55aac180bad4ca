/**
 * Miners' connections with TLS, on a listener without: an engine sees them like any other.
 *
 * TLS is Node's here. Deno's own, `Deno.listenTls`, takes half the memory, but 2.9.6 keeps the
 * socket of a handshake that was given up until the other side ends it, so that a peer which never
 * does could not be bounded; nor can it change its certificate. To be imported only when TLS is
 * wanted: it costs 10 MB.
 */

import { type SecureContext, TLSSocket } from "node:tls";
import type { AcceptedConnection, ConnectionListener } from "../miners/miner_listener.ts";
import type { PeerAddress } from "../../base/peer_address.ts";
import { CarrierStream, SocketConnection } from "./node_streams.ts";
import { explainHandshake, TlsHandshakeFailed, whyNotTls } from "./handshake_failure.ts";

/** Most bytes read at a time: a share has about 150, a `ClientHello` up to 2,000. */
const READ_BYTES = 512;

/** Most bytes written at a time, those of one TLS record: so far is seen whether a peer takes any. */
const WRITE_BYTES = 16 * 1024;

/** See the head of this file. */
export class TlsListener implements ConnectionListener {
  readonly #listener: ConnectionListener;
  readonly #context: () => SecureContext;

  /** `listener` is this one's from here on; `context` gives the certificate for a new connection. */
  constructor(listener: ConnectionListener, context: () => SecureContext) {
    this.#listener = listener;
    this.#context = context;
  }

  get addr(): PeerAddress {
    return this.#listener.addr;
  }

  /** Does not wait for the handshake: that comes with the first read. */
  async accept(): Promise<AcceptedConnection> {
    return new TlsConnection(await this.#listener.accept(), this.#context());
  }

  close(): void {
    this.#listener.close();
  }
}

/** A connection whose first read makes the handshake. Closing it always closes its socket. */
class TlsConnection implements AcceptedConnection {
  readonly #tcp: AcceptedConnection;
  readonly #context: SecureContext;
  /** TLS, once the first bytes have come. */
  #secured: SocketConnection | undefined;
  #isSecure = false;
  #isClosed = false;

  constructor(tcp: AcceptedConnection, context: SecureContext) {
    this.#tcp = tcp;
    this.#context = context;
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

  /** To be called only after bytes have come in. */
  write(bytes: Uint8Array): Promise<number> {
    if (this.#secured === undefined) {
      return Promise.reject(new Error("its TLS handshake has not begun"));
    }
    return this.#secured.write(bytes.subarray(0, WRITE_BYTES));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#secured?.close();
    // Node would close it as well, but in its own time.
    try {
      this.#tcp.close();
    } catch {
      // It has.
    }
  }

  /** The first bytes of the miner's own, after the handshake. */
  async #readFirst(into: Uint8Array): Promise<number | null> {
    const count = await this.#tcp.read(into);
    if (count === null || this.#isClosed) return null;
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
