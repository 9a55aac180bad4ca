/**
 * A real proxy with its status server between simulated pools and simulated miners, all of them
 * over loopback. The first pool of the list takes no connections, so the farm works on its backup.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { Proxy } from "../../lib/app/proxy.ts";
import { StatusView } from "../../lib/app/status_source.ts";
import { RecentEvents } from "../../lib/observe/recent_events.ts";
import { startStatusServer, type StatusServer } from "../../lib/observe/status/server.ts";
import { SimFarm, type SimFarmOptions } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import type { WorkerTimes } from "../../lib/workers/worker_times.ts";
import { configOf } from "../support/test_proxy.ts";

/** What is said of a worker after minutes in a farm is said after seconds here. */
const QUICK: WorkerTimes = {
  sweepMs: 2_000,
  bucketMs: 10_000,
  missingMs: 20_000,
  silentMs: 30_000,
  gapMs: 50_000,
  windowMs: 20_000,
  keptMs: 30_000,
  strangerMs: 600_000,
};

/** Ended with `await using`. */
export class LiveFarm {
  /** It takes no connections. */
  readonly first: SimPool;
  /** It serves all of them. */
  readonly backup: SimPool;
  readonly farm: SimFarm;
  readonly #proxy: Proxy;
  readonly #status: StatusServer;

  private constructor(first: SimPool, backup: SimPool, options: Omit<SimFarmOptions, "port">) {
    this.first = first;
    this.backup = backup;
    this.#proxy = new Proxy({
      workerTimes: QUICK,
      config: configOf([first, backup]),
      version: "0.0.0-test",
      time: systemTime,
    });
    const view = new StatusView({
      farm: this.#proxy.view,
      control: this.#proxy,
      version: "0.0.0-test",
      events: new RecentEvents(),
      reloader: {
        history: { done: 0, failed: 0, lastAt: undefined, lastWentWell: true },
        reload: () => Promise.resolve({ ok: false, reason: "There is no file", problems: [] }),
      },
    });
    const status = startStatusServer({
      hostname: "127.0.0.1",
      port: 0,
      token: "",
      workerSeriesMax: 0,
      time: systemTime,
      now: this.#proxy.clock.now,
      source: view,
      control: undefined,
    });
    assert.ok(status);
    this.#status = status;
    this.farm = SimFarm.start({ ...options, port: this.#proxy.addresses[0]!.port });
  }

  /** Starts pools, proxy and miners. Shares need no proof of work. */
  static async start(options: Omit<SimFarmOptions, "port">): Promise<LiveFarm> {
    const [first, backup] = await Promise.all([
      SimPool.start(),
      SimPool.start({ proofOfWork: false }),
    ]);
    await first.setFaults({ refuseConnections: true });
    return new LiveFarm(first, backup, options);
  }

  /** Of the page, with a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${this.#status.address.port}/`;
  }

  /** The answer to a path of the API, such as `summary`. */
  async api(path: string): Promise<unknown> {
    return await (await fetch(`${this.url}api/v1/${path}`)).json();
  }

  /** All metrics, as Prometheus reads them. */
  async metrics(): Promise<string> {
    return await (await fetch(`${this.url}metrics`)).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.farm.stop();
    await this.#status.stop();
    await this.#proxy.stop(1000);
    await Promise.all([this.first.stop(), this.backup.stop()]);
  }
}
