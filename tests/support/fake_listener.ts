/**
 * Connections whose every read and write is settled by the test: for what real sockets cannot be
 * made to do at a given moment.
 */

import type {
  AcceptedConnection,
  ConnectionListener,
} from "../../lib/net/miners/miner_listener.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import type { Appetite, FakePeer } from "./fake_peer.ts";

const decoder = new TextDecoder();

/** One accepted connection, seen from both sides. */
export class FakeConn implements AcceptedConnection, FakePeer {
  readonly remoteAddr: PeerAddress;
  /** `all` takes every write whole at once, a number takes that many bytes of the next one. */
  appetite: Appetite = "all";
  /** Everything it has taken. */
  taken = "";
  isClosed = false;
  /** Whether the system looks after it while it is silent. */
  isKeptAlive = false;
  /** Writes that were begun and not settled. More than one would tear lines. */
  writesUnderWay = 0;
  mostWritesUnderWay = 0;
  #write: PromiseWithResolvers<number> | undefined;
  #offered: Uint8Array = new Uint8Array(0);
  #read: { into: Uint8Array; settle: PromiseWithResolvers<number | null> } | undefined;

  /** A peer at `port`. */
  constructor(port: number) {
    this.remoteAddr = { hostname: "10.0.0.7", port };
  }

  setNoDelay(): void {}

  setKeepAlive(on: boolean): void {
    this.isKeptAlive = on;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    const settle = Promise.withResolvers<number | null>();
    this.#read = { into, settle };
    return settle.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.isClosed) return Promise.reject(new Deno.errors.BadResource("closed"));
    this.writesUnderWay++;
    this.mostWritesUnderWay = Math.max(this.mostWritesUnderWay, this.writesUnderWay);
    this.#write = Promise.withResolvers<number>();
    this.#offered = bytes;
    const { promise } = this.#write;
    if (this.appetite !== "nothing") this.take(this.appetite);
    return promise;
  }

  /** Takes so much of the write under way, if there is one. Later ones are taken as before. */
  take(appetite: "all" | number): void {
    if (this.#write === undefined) return;
    const bytes = appetite === "all" ? this.#offered : this.#offered.subarray(0, appetite);
    this.taken += decoder.decode(bytes);
    this.#settled()!.resolve(bytes.length);
  }

  /** The write under way fails. */
  failWrite(error: Error): void {
    this.#settled()?.reject(error);
  }

  /** The peer sends something. */
  send(text: string): void {
    const { into, settle } = this.#read!;
    const { written } = new TextEncoder().encodeInto(text, into);
    settle.resolve(written);
  }

  /** The peer closes its side. */
  end(): void {
    this.#read!.settle.resolve(null);
  }

  close(): void {
    if (this.isClosed) throw new Deno.errors.BadResource("closed twice");
    this.isClosed = true;
    this.#settled()?.reject(new Deno.errors.Interrupted("closed"));
    this.#read?.settle.reject(new Deno.errors.Interrupted("closed"));
  }

  #settled(): PromiseWithResolvers<number> | undefined {
    const write = this.#write;
    this.#write = undefined;
    if (write !== undefined) this.writesUnderWay--;
    return write;
  }
}

/** A listener at which connections come in, or fail to, when the test says so. */
export class FakeListener implements ConnectionListener {
  readonly addr: PeerAddress = { hostname: "127.0.0.1", port: 3333 };
  isClosed = false;
  /** How often somebody waited for a connection. */
  accepts = 0;
  #waiting: PromiseWithResolvers<AcceptedConnection> | undefined;

  accept(): Promise<AcceptedConnection> {
    this.accepts++;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** A connection comes in. */
  admit(conn: AcceptedConnection): void {
    this.#waiting!.resolve(conn);
  }

  /** Makes the next accept fail. */
  fail(error: Error): void {
    this.#waiting!.reject(error);
  }

  close(): void {
    this.isClosed = true;
    this.#waiting?.reject(new Deno.errors.BadResource("listener closed"));
  }
}
