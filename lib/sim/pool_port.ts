/**
 * The port of a simulated pool, which can be left and listened on again.
 *
 * Its sockets are `node:net` sockets: see pool_socket.ts.
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A port of one address; the same for its whole life. */
export class PoolPort {
  /** The address. */
  readonly hostname: string;
  readonly #accept: (socket: Socket) => void;
  #port: number;
  #server: Server | undefined;

  /** Not listened on yet. `port` may be 0 for any free one; `accept` takes what connects. */
  constructor(hostname: string, port: number, accept: (socket: Socket) => void) {
    this.hostname = hostname;
    this.#port = port;
    this.#accept = accept;
  }

  /** Its number. */
  get port(): number {
    return this.#port;
  }

  /**
   * Listens, unless it does already.
   *
   * @throws Error (rejects) when the port cannot be listened on.
   */
  listen(): Promise<void> {
    if (this.#server !== undefined) return Promise.resolve();
    const server = createServer({ noDelay: true }, this.#accept);
    this.#server = server;
    return new Promise((resolve, reject) => {
      server.once("error", (error) => {
        this.#server = undefined;
        reject(error);
      });
      server.listen(this.#port, this.hostname, () => {
        this.#port = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  /** Leaves the port, which is free at once; connections stay. */
  close(): void {
    const server = this.#server;
    this.#server = undefined;
    // Not awaited: it only calls back when the last connection has gone.
    server?.close();
  }
}
