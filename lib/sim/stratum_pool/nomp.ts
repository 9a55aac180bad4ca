/**
 * node-stratum-pool (NOMP) as a client sees it: no version rolling, shares booked to the name they
 * carry, the previous difficulty remembered, and addresses banned for bad shares.
 */

import { formatHex32 } from "../../base/hex.ts";
import type { PoolBackground } from "./personality.ts";
import type { StratumPoolSettings } from "./settings.ts";
import { SharedJob } from "./shared_job.ts";
import type { BlockTemplate } from "./template.ts";

const SUBSCRIPTION = "deadbeefcafebabe";
const LAST_JOB_NUMBER = 0xffff;
/** The number of the real process is in the upper 5 bits. */
const FIRST_EXTRANONCE1 = 1 << 27;

/** What all sessions share. */
export class NompServer implements PoolBackground {
  readonly #settings: StratumPoolSettings;
  readonly #banned = new Map<string, number>();
  #jobs = new Map<string, SharedJob>();
  #newest: SharedJob | undefined;
  #sequence = 0;
  #subscriptions = 0;
  #extranonces = FIRST_EXTRANONCE1;

  /** Plays the server of a pool with these settings. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
  }

  /** The current job. */
  get newest(): SharedJob | undefined {
    return this.#newest;
  }

  /** Returns the job of this id on the current height. */
  job(id: string): SharedJob | undefined {
    return this.#jobs.get(id);
  }

  /** Whether the address is not banned. */
  admits(address: string): boolean {
    const untilMs = this.#banned.get(address);
    if (untilMs === undefined) return true;
    if (this.#settings.time.now() < untilMs) return false;
    this.#banned.delete(address);
    return true;
  }

  /** Bans the address from now on. */
  ban(address: string): void {
    this.#banned.set(address, this.#settings.time.now() + this.#settings.banMs);
  }

  /** Returns the name of the next connection's subscriptions. */
  nextSubscription(): string {
    const { rewrite } = this.#settings;
    const count = new Uint8Array(8);
    new DataView(count.buffer).setUint32(0, ++this.#subscriptions, true);
    const session = SUBSCRIPTION + count.toHex();
    return rewrite.session?.(session) ?? session;
  }

  /** Returns the extranonce1 of the next subscribe, which is always new. */
  nextExtranonce1(): string {
    const made = formatHex32(this.#extranonces++);
    return this.#settings.rewrite.extranonce1?.(made) ?? made;
  }

  /** Makes the job of a new template; after a block all earlier jobs are unknown. */
  templateChanged(template: BlockTemplate): void {
    this.#sequence = this.#sequence % LAST_JOB_NUMBER + 1;
    // The first template after a start replaces nothing, and is not clean.
    const isClean = template.isNewBlock && this.#newest !== undefined;
    if (isClean) this.#jobs = new Map();
    const id = this.#sequence.toString(16);
    this.#newest = new SharedJob(id, template.number, template, isClean, this.#settings);
    this.#jobs.set(this.#newest.id, this.#newest);
  }
}
