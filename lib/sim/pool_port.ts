/**
 * The port of a simulated pool, which can be closed and opened again.
 *
 * Its sockets are `node:net` sockets: see pool_socket.ts.
 */

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** A port of one address; its number never changes. */
export class PoolPort {
  /** The address. */
  readonly hostname: string;
  readonly #accept: (socket: Socket) => void;
  #port: number;
  #server: Server | undefined;

  /** Does not listen yet. `port` may be 0 for any free one; `accept` gets the connections. */
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

  /** Closes the port, which is free at once; connections stay. */
  close(): void {
    const server = this.#server;
    this.#server = undefined;
    // Not awaited: the callback comes only after the last connection is closed.
    server?.close();
  }
}
