/**
 * A small HTTP/1.1 server for a few clients that may mean no good: everything a client can take up
 * is bounded, which Deno's own server offers no way to do.
 *
 * When all places are taken, a new client takes the place of the one that has been waited for
 * longest: idle connections of honest clients are opened again without loss, and neither slow nor
 * silent clients keep anybody out.
 */

import { pause, type Timer } from "../../base/clock.ts";
import { type ConnectionOptions, HttpConnection } from "./connection.ts";

/** How often late clients are looked for, in milliseconds. */
const SWEEP_MS = 1_000;

/** A pause after a connection could not be accepted, as when no file is left for it. */
const ACCEPT_PAUSE_MS = 100;

/** What the server is made of. */
export interface HttpServerOptions extends ConnectionOptions {
  /** IP address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Hears that there were too many, and one was closed. */
  readonly full: () => void;
}

/** A server that listens, with its clients. */
export class HttpServer {
  readonly #options: HttpServerOptions;
  readonly #listener: Deno.TcpListener;
  readonly #connections = new Map<HttpConnection, Promise<void>>();
  readonly #sweeping: Timer;
  readonly #accepting: Promise<void>;
  #isStopped = false;

  /** Listens and serves. @throws Deno's error if it cannot listen there. */
  constructor(options: HttpServerOptions) {
    this.#options = options;
    this.#listener = Deno.listen({ hostname: options.hostname, port: options.port });
    this.#sweeping = options.time.every(SWEEP_MS, () => this.#sweep());
    this.#accepting = this.#accept();
  }

  /** Where it listens. */
  get address(): Deno.NetAddr {
    return this.#listener.addr as Deno.NetAddr;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Closes everything; settles when nothing of it runs any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#options.time.clear(this.#sweeping);
    this.#listener.close();
    for (const connection of this.#connections.keys()) connection.close();
    await this.#accepting;
    await Promise.all(this.#connections.values());
  }

  async #accept(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#take(await this.#listener.accept());
        // Connections cost time, too, and wait in the kernel meanwhile.
        await this.#options.turn();
      } catch {
        if (this.#isStopped) return;
        await pause(this.#options.time, ACCEPT_PAUSE_MS);
      }
    }
  }

  #take(conn: Deno.TcpConn): void {
    const connection = new HttpConnection(conn, this.#options);
    if (this.#connections.size >= this.#options.maxConnections) {
      this.#options.full();
      const longest = this.#longestWaiting();
      if (longest === undefined) return connection.close();
      longest.close();
    }
    const served = connection.serve().then(() => {
      this.#connections.delete(connection);
    });
    this.#connections.set(connection, served);
  }

  #longestWaiting(): HttpConnection | undefined {
    let longest: HttpConnection | undefined;
    for (const connection of this.#connections.keys()) {
      if (connection.waitsSince === undefined) continue;
      if (longest === undefined || connection.waitsSince < longest.waitsSince!) {
        longest = connection;
      }
    }
    return longest;
  }

  #sweep(): void {
    const time = this.#options.now();
    for (const connection of this.#connections.keys()) {
      if (connection.isLate(time)) connection.close();
    }
  }
}
