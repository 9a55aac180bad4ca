/**
 * A receiver of messages: a real HTTP server that answers as a test wants, and remembers.
 */

import type { ServerCertificate } from "./test_certificates.ts";

/** A request that it got. */
export interface Received {
  /** Its path, with the query. */
  readonly path: string;
  /** Its headers. */
  readonly headers: Headers;
  /** Its body. */
  readonly body: string;
}

/** Ended with `await using`. */
export class Webhook implements AsyncDisposable {
  /** What came, the oldest first. */
  readonly received: Received[] = [];
  /** Answers; by default takes everything. */
  answer: (request: Received) => Response | Promise<Response> = () => new Response("ok");
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting = new Set<() => void>();

  /** Listens on any port of this machine, or on this one; with TLS if a certificate is given. */
  constructor(port?: number, certificate?: ServerCertificate) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: port ?? 0, onListen: () => {}, ...certificate },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        const received = {
          path: `${pathname}${search}`,
          headers: request.headers,
          body: await request.text(),
        };
        this.received.push(received);
        for (const look of this.#waiting) look();
        return await this.answer(received);
      },
    );
  }

  /** Its port. */
  get port(): number {
    return this.#server.addr.port;
  }

  /** An address of it. */
  url(path = "/hook"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** The bodies that came, as JSON. */
  // deno-lint-ignore no-explicit-any -- each test knows what it looks for
  get bodies(): any[] {
    return this.received.map(({ body }) => JSON.parse(body));
  }

  /** Resolves when this many requests came. */
  async until(count: number): Promise<void> {
    while (this.received.length < count) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
