/**
 * Loads the notifier while the configuration has a channel, and nothing of it otherwise.
 */

import type { Time } from "../base/clock.ts";
import type { DeliveryReport } from "../observe/notify/delivery.ts";
import type { IncidentMemory } from "../observe/notify/incident_memory.ts";
import type { TestResult } from "../observe/notify/notifications.ts";
import type { SnapshotSource } from "./farm_snapshot.ts";
import { KeptIncidents } from "./kept_incidents.ts";
import type { FarmAlarms, HistoryView } from "./farm_view.ts";
import type { LookTimes, Notifier } from "./notifier.ts";

/** What else a notifier may work with. */
export interface NotifierParts {
  /** The history on disk, if one is kept: its disk may fail. */
  readonly history?: Pick<HistoryView, "shape"> | undefined;
  /** What people were told before, also in an earlier run; else only in this one. */
  readonly memory?: IncidentMemory | undefined;
  /** How often it is looked, if not as at a farm. */
  readonly times?: LookTimes | undefined;
}

/** The notifier of a proxy, on or off. */
export class NotifierSwitch implements FarmAlarms {
  readonly #proxy: SnapshotSource;
  readonly #startedReal: number;
  readonly #time: Time;
  readonly #parts: NotifierParts;
  readonly #memory: IncidentMemory;
  #notifier: Notifier | undefined;
  #isStopped = false;

  /** Off. To be created when the proxy has just started. */
  constructor(proxy: SnapshotSource, time: Time, parts: NotifierParts = {}) {
    this.#proxy = proxy;
    this.#time = time;
    this.#parts = parts;
    this.#memory = parts.memory ?? new KeptIncidents(undefined);
    this.#startedReal = proxy.clock.realNow();
  }

  get reports(): readonly DeliveryReport[] {
    return this.#notifier?.reports ?? [];
  }

  async test(): Promise<readonly TestResult[]> {
    return await this.#notifier?.test() ?? [];
  }

  /** Does what the configuration that is in force wants; one call at a time. */
  async apply(): Promise<void> {
    const isWanted = this.#proxy.config.notify.channels.length > 0;
    if (!isWanted || this.#isStopped) {
      this.#notifier?.stop();
      this.#notifier = undefined;
      return;
    }
    if (this.#notifier !== undefined) return await this.#notifier.reconfigure();
    const { Notifier } = await import("./notifier.ts");
    const { history, times } = this.#parts;
    const notifier = await Notifier.start({
      proxy: this.#proxy,
      startedReal: this.#startedReal,
      time: this.#time,
      history,
      memory: this.#memory,
      ...times === undefined ? {} : { times },
    });
    if (this.#isStopped) notifier.stop();
    else this.#notifier = notifier;
  }

  /** Off for good. */
  stop(): void {
    this.#isStopped = true;
    this.#notifier?.stop();
    this.#notifier = undefined;
  }
}
