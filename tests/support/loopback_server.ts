/**
 * A TCP server on 127.0.0.1 that lives as long as a test, and knows how many are connected.
 */

import { systemTime } from "../../lib/base/system_time.ts";
import { Watch } from "../../lib/sim/watch.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { PATIENCE_MS } from "./patience.ts";

/** What is done with each connection; it is closed afterwards, whatever happens. */
export type Serve = (conn: Deno.Conn) => Promise<void>;

/** A server; ended with `await using`. */
export class LoopbackServer {
  readonly #listener: Deno.Listener<Deno.Conn<Deno.NetAddr>>;
  readonly #serve: Serve;
  readonly #open = new Set<Deno.Conn>();
  readonly #serving: Promise<void>[] = [];
  readonly #watch = new Watch(systemTime);
  #accepted = 0;
  #isStopped = false;

  /** Listens on any free port, with TLS if a certificate is given. */
  constructor(serve: Serve, certificate?: { readonly cert: string; readonly key: string }) {
    const where = { hostname: "127.0.0.1", port: 0 };
    this.#listener = certificate === undefined
      ? Deno.listen(where)
      : Deno.listenTls({ ...where, ...certificate });
    this.#serve = serve;
    this.#serving.push(this.#accept());
  }

  /** Where it listens. */
  get address(): PoolAddress {
    const { hostname, port } = this.#listener.addr as Deno.NetAddr;
    return { host: hostname, port };
  }

  /** As in an address of a proxy: `host:port`. */
  get hostPort(): string {
    return `${this.address.host}:${this.address.port}`;
  }

  /** How many connections were ever accepted. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections are open on this side. */
  get open(): number {
    return this.#open.size;
  }

  /** Settles as soon as `condition`, asked whenever connections come and go, is true. */
  until(condition: () => boolean, timeoutMs = PATIENCE_MS): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopped = true;
    this.#listener.close();
    for (const conn of this.#open) closeQuietly(conn);
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#serving.push(this.#run(await this.#listener.accept()));
      } catch {
        // Closed, or a client that went before it was accepted.
      }
    }
  }

  async #run(conn: Deno.Conn): Promise<void> {
    this.#accepted++;
    this.#open.add(conn);
    this.#watch.changed();
    try {
      await this.#serve(conn);
    } catch {
      // The client went, or the server is being stopped.
    }
    this.#open.delete(conn);
    closeQuietly(conn);
    this.#watch.changed();
  }
}

/** Copies both ways until one side ends, then closes both. */
export async function relay(here: Deno.Conn, there: Deno.Conn): Promise<void> {
  const copies = [copy(there, here), copy(here, there)];
  await Promise.race(copies);
  closeQuietly(there);
  closeQuietly(here);
  await Promise.all(copies);
}

/** Closes a connection that may be closed already. */
function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was.
  }
}

async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      for (let rest = buffer.subarray(0, count); rest.length > 0;) {
        rest = rest.subarray(await to.write(rest));
      }
    }
  } catch {
    // One of them was closed.
  }
}
