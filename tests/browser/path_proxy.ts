/**
 * A reverse proxy as farms have them: several agents under one host, each under a path of its own,
 * which it strips; it calls them by their own addresses.
 */

/** Stopped with `await using`. */
export class PathProxy {
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  /** Paths that were asked for below none of the agents. */
  readonly strays: string[] = [];

  /** @param agents Addresses that end in a slash, by the path that leads to them. */
  constructor(agents: Readonly<Record<string, string>>) {
    this.#server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { pathname, search } = new URL(request.url);
      const [, path = "", rest = ""] = /^(\/[^/]+)\/(.*)$/.exec(pathname) ?? [];
      const agent = agents[path];
      if (agent === undefined) {
        this.strays.push(pathname);
        return new Response("Nothing here", { status: 404 });
      }
      const headers = new Headers(request.headers);
      headers.delete("host");
      return fetch(agent + rest + search, {
        method: request.method,
        headers,
        body: request.body,
        signal: request.signal,
      });
    });
  }

  /** The address of an agent for browsers. */
  url(path: string): string {
    return `http://127.0.0.1:${this.#server.addr.port}${path}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
