/**
 * Connections whose reads and writes the test settles, for moments that real sockets cannot be made
 * to show.
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
  /** `all` accepts every write at once; a number accepts that many bytes of the next one. */
  appetite: Appetite = "all";
  /** All bytes that it has accepted. */
  taken = "";
  isClosed = false;
  /** Whether TCP keep-alive is on. */
  isKeptAlive = false;
  /** Writes that have started and not ended. More than one would mix up lines. */
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

  /**
   * Accepts this number of bytes of the write under way, if there is one. Later writes are handled
   * as before.
   */
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

/** A listener whose connections arrive, or fail, when the test says so. */
export class FakeListener implements ConnectionListener {
  readonly addr: PeerAddress = { hostname: "127.0.0.1", port: 3333 };
  isClosed = false;
  /** The number of calls of `accept`. */
  accepts = 0;
  #waiting: PromiseWithResolvers<AcceptedConnection> | undefined;

  accept(): Promise<AcceptedConnection> {
    this.accepts++;
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** A connection arrives. */
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
