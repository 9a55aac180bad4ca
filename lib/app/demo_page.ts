/**
 * The live page of a demo, on an address of this machine only.
 */

import type { Time } from "../base/clock.ts";
import type { RecentEvents } from "../observe/recent_events.ts";
import { startStatusServer, type StatusServer } from "../observe/status/server.ts";
import type { Proxy } from "./proxy.ts";
import type { Reloader } from "./reload.ts";
import { StatusView } from "./status_source.ts";

/** The default port of an agent's page, so that a browser that knows it also finds the demo. */
const USUAL_PORT = 9999;

const HOST = "127.0.0.1";

/** A demo has no file to reload, and accepts no requests that would change something. */
const NO_RELOADS: Pick<Reloader, "history" | "reload"> = {
  history: { done: 0, failed: 0, lastAt: undefined, lastWentWell: true },
  reload: () =>
    Promise.resolve({ ok: false, reason: "A demo has no configuration file", problems: [] }),
};

/** Serves the page of `proxy`; `undefined`, with a line in the log, where no port is free. */
export function startDemoPage(
  proxy: Proxy,
  version: string,
  events: RecentEvents,
  time: Time,
): StatusServer | undefined {
  const view = new StatusView({
    farm: proxy.view,
    control: proxy,
    version,
    events,
    reloader: NO_RELOADS,
  });
  return startStatusServer({
    hostname: HOST,
    port: isFree(USUAL_PORT) ? USUAL_PORT : 0,
    token: "",
    workerSeriesMax: proxy.config.status.worker_series_max,
    time,
    now: proxy.clock.now,
    source: view,
    control: undefined,
  });
}

/** Whether the port is free. An agent on this machine may use it. */
function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: HOST, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
