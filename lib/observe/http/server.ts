/**
 * A small HTTP/1.1 server for a few clients that may be hostile: everything a client can use up is
 * bounded, which Deno's own server cannot do.
 *
 * When all places are taken, a new client takes the place of the client that the server has waited
 * for longest. Honest clients reopen idle connections without loss, and slow or silent clients
 * cannot keep others out.
 */

import { pause, type Timer } from "../../base/clock.ts";
import { type ConnectionOptions, HttpConnection } from "./connection.ts";

/** How often the server looks for late clients, in milliseconds. */
const SWEEP_MS = 1_000;

/**
 * Pause after a connection could not be accepted, for example for lack of open files, in
 * milliseconds.
 */
const ACCEPT_PAUSE_MS = 100;

/** What the server needs. */
export interface HttpServerOptions extends ConnectionOptions {
  /** IP address to listen on. */
  readonly hostname: string;
  /** Port to listen on; 0 for any. */
  readonly port: number;
  /** The greatest number of connections at a time. */
  readonly maxConnections: number;
  /** Called when there were too many connections and one was closed. */
  readonly full: () => void;
}

/** A listening server with its clients. */
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

  /** The address it listens on. */
  get address(): Deno.NetAddr {
    return this.#listener.addr as Deno.NetAddr;
  }

  /** Open connections. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Closes all connections and the port; settles when nothing of the server runs any more. */
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
        // Accepting costs time, too; connections wait in the kernel meanwhile.
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
