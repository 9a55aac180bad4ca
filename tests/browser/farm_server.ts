/** A status server with a made-up farm behind it. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { startStatusServer, type StatusServer } from "../../lib/observe/status/server.ts";
import type { FakeFarm } from "./fake_farm.ts";
import { causeAnswer } from "./cause_routes.ts";

/** Stopped with `await using`. */
export class FarmServer {
  readonly #server: StatusServer;
  readonly #front: Deno.HttpServer<Deno.NetAddr>;

  /** `port` 0 for any. */
  constructor(farm: FakeFarm, options: {
    port?: number;
    token?: string;
    control?: boolean;
    /** What the clock on the wall shows. */
    wallNow?: () => number;
  } = {}) {
    const { port = 0, token = "", control = false, wallNow = Date.now } = options;
    const server = startStatusServer({
      hostname: "127.0.0.1",
      port: 0,
      token,
      source: farm,
      control: control ? farm : undefined,
      workerSeriesMax: 0,
      time: { ...systemTime, wallNow },
      now: systemTime.now,
    });
    assert.ok(server);
    this.#server = server;
    const behind = `http://127.0.0.1:${server.address.port}`;
    this.#front = Deno.serve(
      {
        hostname: "127.0.0.1",
        port,
        onListen() {},
        onError: () => new Response(null, { status: 502 }),
      },
      async (request) => {
        const { pathname, search } = new URL(request.url);
        const isKnown = token === "" || request.headers.get("authorization") === `Bearer ${token}`;
        const own = isKnown ? causeAnswer(farm, pathname) : undefined;
        if (own !== undefined) return own;
        const headers = new Headers(request.headers);
        headers.delete("host");
        const { method, body, signal } = request;
        const response = await fetch(behind + pathname + search, { method, headers, body, signal });
        if (pathname !== "/api/v1/history" || !response.ok) return response;
        return Response.json({ ...await response.json(), marks: farm.marks() });
      },
    );
  }

  get port(): number {
    return this.#front.addr.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await this.#front.shutdown();
  }
}
