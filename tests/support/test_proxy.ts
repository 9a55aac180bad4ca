/**
 * A proxy on loopback with simulated pools, and the check that its counts are right.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";
import { refusedIn, rejectedIn, unansweredIn, waitingIn } from "../../lib/mux/books/ledger.ts";
import { Proxy, type ProxyOptions, type ProxyStatistics } from "../../lib/app/proxy.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { agentEntry } from "./agent_entry.ts";
import { assertLossesAddUp } from "./losses_add_up.ts";
import { PATIENCE_MS } from "./patience.ts";

/**
 * Simulated miners have to share a processor: none is cut off because it comes late to log in, also
 * not by the second that is left when others try TLS first, which marks the address of all of them.
 */
export const PATIENT_LIMITS = { login_timeout_seconds: 600, ban_after_violations: 0 };

/** What the configuration does not say of a proxy. */
export type TestProxyOptions = Partial<
  Pick<
    ProxyOptions,
    "tls" | "balancers" | "kinds" | "knownSizes" | "time" | "history" | "workerTimes"
  >
>;

/** A proxy that is stopped with `await using`. */
export class TestProxy {
  /** The proxy itself. */
  readonly proxy: Proxy;

  /** Listens on a free port; `settings` are keys of the configuration file. */
  constructor(
    pools: readonly SimPool[],
    settings: Readonly<Record<string, unknown>> = {},
    options: TestProxyOptions = {},
  ) {
    this.proxy = new Proxy({
      config: configOf(pools, settings),
      version: "0.0.0-test",
      time: systemTime,
      ...options,
    });
  }

  /** Takes other pools and settings; the port stays. */
  async reconfigure(
    pools: readonly SimPool[],
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<void> {
    await this.proxy.reconfigure(configOf(pools, settings));
  }

  /** Where miners connect to. */
  get port(): number {
    return this.proxy.addresses[0]!.port;
  }

  /** Everything that is counted. */
  statistics(): ProxyStatistics {
    return this.proxy.statistics();
  }

  /** Stops without waiting long for verdicts. Whatever a test did, what was lost adds up. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.proxy.stop(1000);
    const { counter, losses } = this.proxy.parts;
    assertLossesAddUp(counter, losses);
  }
}

/** The configuration of a proxy on a free port; `settings` are keys of the file. */
export function configOf(
  pools: readonly SimPool[],
  settings: Readonly<Record<string, unknown>> = {},
): Config {
  const result = readConfig(JSON.stringify({
    agent_listen_ip: "127.0.0.1",
    pools: pools.map((pool) => agentEntry(pool)),
    limits: PATIENT_LIMITS,
    ...settings,
  }));
  assert.ok(result.ok, JSON.stringify(result));
  return { ...result.config, agent_listen_port: 0 };
}

/** Every share is counted once where it came in and once where it ended. */
export function assertSharesAddUp(statistics: ProxyStatistics): void {
  const { shares, waitingShares } = statistics;
  assert.equal(
    shares.received,
    shares.submitted + shares.kept + refusedIn(shares) + shares.outage,
    "received",
  );
  assert.equal(
    shares.submitted,
    shares.accepted + rejectedIn(shares) + shares.assumed + unansweredIn(shares) + waitingShares,
    "submitted",
  );
  assert.equal(waitingIn(shares), waitingShares, "waiting");
}

/** Submitted shares without a verdict, whether their miners were answered or not. */
export function unjudged({ shares, waitingShares }: ProxyStatistics): number {
  return waitingShares + shares.earlyOpen;
}

/** Settles as soon as `condition` holds; rejects with `what` when it still does not in time. */
export async function until(
  condition: () => boolean,
  what: string,
  timeoutMs = PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
