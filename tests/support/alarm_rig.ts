/** A real proxy on loopback whose alarms go to a real HTTP server, each at once. */

import assert from "node:assert/strict";
import type { LookTimes } from "../../lib/app/notifier.ts";
import { type NotifierParts, NotifierSwitch } from "../../lib/app/notifier_switch.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { TestProxy, type TestProxyOptions, until } from "./test_proxy.ts";
import type { Webhook } from "./webhook.ts";

/** A farm's minutes in seconds. */
export const QUICK = { ...WORKER_TIMES, sweepMs: 200, missingMs: 500, silentMs: 3_000 };

/** Nothing has to settle. */
export const NO_SETTLING = { startMs: 0, hashrateMs: 0, changeMs: 0, outageMs: 0, lostWorkMs: 0 };
/** Looks that do not wait. */
export const LOOKS: LookTimes = { lookMs: 50, countMs: 100, gatherMs: 0, settling: NO_SETTLING };

/** Every alarm at once, at the first worker. */
export const AT_ONCE = { after_seconds: 0 };
export const FIRST = { after_seconds: 0, more_than: 0 };
export const EVENTS = {
  outage: AT_ONCE,
  // An outage of all must be an outage first.
  account_outage: { after_seconds: 2 },
  backup: AT_ONCE,
  // Once it is known whether this makes a backup or an outage, which is looked at once a second.
  pool_lost: { after_seconds: 2 },
  workers_missing: FIRST,
  workers_refused: FIRST,
  workers_flapping: FIRST,
  workers_silent: FIRST,
  workers_weak: { on: false },
  hashrate: AT_ONCE,
  // Whatever is lost when a connection breaks would be enough.
  lost_work: { on: false },
  disk: AT_ONCE,
};

/** A proxy whose alarms go to a webhook; ended with `await using`. */
export class AlarmRig implements AsyncDisposable {
  readonly proxy: TestProxy;
  readonly alarms: NotifierSwitch;
  readonly #pools: readonly SimPool[];
  readonly #hook: Webhook;
  #settings: Readonly<Record<string, unknown>>;

  private constructor(
    pools: readonly SimPool[],
    hook: Webhook,
    settings: Readonly<Record<string, unknown>>,
    { times = LOOKS, history, memory }: NotifierParts,
    options: TestProxyOptions,
  ) {
    this.#pools = pools;
    this.#hook = hook;
    this.#settings = this.#withChannel(settings);
    this.proxy = new TestProxy(pools, this.#settings, { workerTimes: QUICK, ...options });
    this.alarms = new NotifierSwitch(this.proxy.proxy, systemTime, { times, history, memory });
  }

  /** Starts it; `settings` are keys of the configuration file. */
  static async start(
    pools: readonly SimPool[],
    hook: Webhook,
    settings: Readonly<Record<string, unknown>> = {},
    parts: NotifierParts = {},
    options: TestProxyOptions = {},
  ): Promise<AlarmRig> {
    const rig = new AlarmRig(pools, hook, settings, parts, options);
    await rig.alarms.apply();
    return rig;
  }

  /** Reads another configuration. */
  async reload(settings: Readonly<Record<string, unknown>>): Promise<void> {
    this.#settings = this.#withChannel(settings);
    await this.proxy.reconfigure(this.#pools, this.#settings);
    await this.alarms.apply();
  }

  #withChannel(settings: Readonly<Record<string, unknown>>): Record<string, unknown> {
    const { notify = {}, ...rest } = settings;
    return {
      outage: { grace_seconds: 60 },
      failover: { return_after_seconds: 0 },
      ...rest,
      notify: {
        channels: [{ type: "webhook", url: this.#hook.url() }],
        farm_name: "Farm 7",
        at_most_every_minutes: 0,
        events: EVENTS,
        ...notify as object,
      },
    };
  }

  /** What was told, as `event phase`, in order. */
  get told(): string[] {
    return this.#hook.bodies.flatMap(({ events }) =>
      events.map(({ event, phase }: Record<string, string>) => `${event} ${phase}`)
    );
  }

  /** The text that was told last. */
  get last(): string {
    return this.#hook.bodies.at(-1).text;
  }

  /** Waits until it was told, in this order and nothing else. */
  async tells(...told: readonly string[]): Promise<void> {
    await until(() => this.told.length >= told.length, `${told}, and not only ${this.told}`);
    assert.deepEqual(this.told, told);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.alarms.stop();
    await this.proxy[Symbol.asyncDispose]();
  }
}

/** The pool refuses connections, and ends those it has. */
export async function goDown(pool: SimPool): Promise<void> {
  await pool.setFaults({ refuseConnections: true });
  pool.resetConnections();
}

/** It takes connections again. */
export async function comeBack(pool: SimPool): Promise<void> {
  await pool.setFaults({ refuseConnections: false });
}

/** Miners that send shares often. */
export function minersOf(rig: AlarmRig, count = 6): SimFarm {
  return SimFarm.start({
    port: rig.proxy.port,
    count,
    mode: { kind: "rate", sharesPerSecond: 5 },
  });
}

/** Some looks at the farm go by. */
export async function looks(rig: AlarmRig, count: number): Promise<void> {
  const { clock } = rig.proxy.proxy;
  const start = clock.realNow();
  await until(() => clock.realNow() - start > count * LOOKS.lookMs, `${count} looks`);
}
