/**
 * A status server of a real proxy, used as an operator would. Every answer is checked against its
 * documented shape.
 */

import assert from "node:assert/strict";
import * as v from "valibot";
import { systemTime } from "../../lib/base/system_time.ts";
import { readConfigFile } from "../../lib/config/file.ts";
import { readConfig } from "../../lib/config/read.ts";
import { MinerTls } from "../../lib/net/tls/miner_tls.ts";
import { RecentEvents } from "../../lib/observe/recent_events.ts";
import { ProblemSchema, type ProblemShape } from "../../lib/observe/status/shapes.ts";
import { startStatusServer, type StatusServer } from "../../lib/observe/status/server.ts";
import { BalancerPorts } from "../../lib/app/balancer_ports.ts";
import type { HistoryKeeper } from "../../lib/app/history_keeper.ts";
import { openOwnHistory } from "./own_history.ts";
import { Proxy } from "../../lib/app/proxy.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { NotifierSwitch } from "../../lib/app/notifier_switch.ts";
import { Reloader } from "../../lib/app/reload.ts";
import { StatusView } from "../../lib/app/status_source.ts";
import { agentEntry } from "./agent_entry.ts";

/** How many files the proxy is told may be open. */
export const OPEN_FILES = 12_345;

/** A proxy with its status server, both stopped with `await using`. */
export class StatusRig {
  readonly proxy: Proxy;
  readonly events = new RecentEvents();
  readonly server: StatusServer;
  readonly history: HistoryKeeper | undefined;
  readonly view: StatusView;
  readonly alarms: NotifierSwitch;
  readonly #token: string;

  /**
   * `settings` are keys of the configuration file, `tls` has the certificates they name, `balancers`
   * the ports behind load balancers, `path` is
   * the file that is read again; by `workerTimes` workers are judged. The history is kept if the
   * settings have a path for it.
   */
  constructor(
    pools: readonly SimPool[],
    settings: Readonly<Record<string, unknown>> = {},
    {
      tls = new MinerTls(systemTime.wallNow),
      balancers = new BalancerPorts(),
      path = "/no/such/file",
      workerTimes = WORKER_TIMES,
      time = systemTime,
    } = {},
  ) {
    const result = readConfig(JSON.stringify({
      agent_listen_ip: "127.0.0.1",
      pools: pools.map((pool) => agentEntry(pool)),
      ...settings,
    }));
    assert.ok(result.ok, JSON.stringify(result));
    const config = { ...result.config, agent_listen_port: 0 };
    this.history = config.history.path === "" ? undefined : openOwnHistory(config, time);
    this.proxy = new Proxy({
      config,
      version: "0.0.0-test",
      time,
      tls,
      balancers,
      openFiles: OPEN_FILES,
      workerTimes,
      history: this.history?.hooks,
    });
    this.history?.begin(this.proxy);
    const { proxy } = this;
    this.alarms = new NotifierSwitch(proxy, systemTime);
    const reloader = new Reloader({
      path,
      read: () => readConfigFile(path),
      config,
      time: systemTime,
      apply: async (config) => {
        await proxy.reconfigure({ ...config, agent_listen_port: 0 });
        await this.alarms.apply();
      },
    });
    const view = new StatusView({
      farm: proxy.view,
      control: proxy,
      history: this.history,
      version: "1.2.3",
      events: this.events,
      reloader,
      alarms: this.alarms,
    });
    this.view = view;
    this.#token = config.status.token;
    this.server = startStatusServer({
      hostname: "127.0.0.1",
      port: 0,
      time,
      now: time.now,
      token: config.status.token,
      readToken: config.status.read_token,
      source: view,
      control: config.status.control ? view : undefined,
      workerSeriesMax: config.status.worker_series_max,
    })!;
  }

  /** Where miners connect to. */
  get port(): number {
    return this.proxy.addresses[0]!.port;
  }

  /** Asks, with the token if there is one. */
  fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (this.#token !== "" && !headers.has("authorization")) {
      headers.set("authorization", `Bearer ${this.#token}`);
    }
    return fetch(`http://127.0.0.1:${this.server.address.port}${path}`, { ...init, headers });
  }

  /** A good answer, which must have the shape of `schema`. */
  async get<const S extends v.GenericSchema>(path: string, schema: S): Promise<v.InferOutput<S>> {
    const response = await this.fetch(path);
    const body = await response.json();
    assert.equal(response.headers.get("content-type"), "application/json");
    return v.parse(schema, body);
  }

  /** The status of a bad answer, which must be a documented problem. */
  async problem(path: string, init: RequestInit = {}): Promise<ProblemShape> {
    const response = await this.fetch(path, init);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    const problem = v.parse(ProblemSchema, await response.json());
    assert.equal(problem.status, response.status);
    return problem;
  }

  /** The metrics, by name and labels. */
  async metrics(accept = ""): Promise<Map<string, number>> {
    const response = await this.fetch("/metrics", { headers: { accept } });
    return samplesOf(await response.text());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.alarms.stop();
    await this.server.stop();
    await this.proxy.stop(1000);
    await this.history?.end();
  }
}

/** The samples of a page of metrics. */
export function samplesOf(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const cut = line.lastIndexOf(" ");
    const name = line.slice(0, cut);
    assert.ok(!samples.has(name), `${name} is there twice`);
    samples.set(name, Number(line.slice(cut + 1)));
  }
  return samples;
}
