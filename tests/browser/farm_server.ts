/** A status server with a made-up farm behind it. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { startStatusServer, type StatusServer } from "../../lib/observe/status/server.ts";
import type { FakeFarm } from "./fake_farm.ts";

/** Stopped with `await using`. */
export class FarmServer {
  readonly #server: StatusServer;

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
      port,
      token,
      source: farm,
      control: control ? farm : undefined,
      workerSeriesMax: 0,
      time: { ...systemTime, wallNow },
      now: systemTime.now,
    });
    assert.ok(server);
    this.#server = server;
  }

  get port(): number {
    return this.#server.address.port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server.stop();
  }
}
