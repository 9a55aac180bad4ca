/**
 * What is known of the pools' extranonce2 sizes: asked for at start and reload, learnt from every
 * connection, told to what remembers them across restarts; and how long miners wait for it.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { counted } from "../base/counted.ts";
import { formatAddress } from "../base/peer_address.ts";
import type { Layouts } from "../mux/layouts.ts";
import { WIDEST_LAYOUT } from "../mux/terms.ts";
import type { Dial } from "../net/pools/connection.ts";
import { areaLog } from "../observe/log.ts";
import type { KnownPool } from "../pool/pool_ids.ts";
import { SizeProbe } from "../pool/size_probe.ts";

/**
 * Miners that subscribe wait this long for sizes that are being asked for, in milliseconds: NerdMiner
 * gives an answer 1.2 s, Braiins OS the whole login 5 s.
 */
export const MOST_WAIT_MS = 1_000;

/** Pools with this many bytes or more have room for every layout: they are not remembered. */
const ROOMY = 8;

const log = areaLog("agent");

/** What it works with. */
export interface PoolSizesOptions {
  /** Which layouts follow. */
  readonly layouts: Layouts;
  /** Asks pools; `undefined` where none has to be asked. */
  readonly probe: SizeProbe | undefined;
  /** For the longest wait. */
  readonly timers: Timers;
  /** Miners wait no longer. */
  readonly released: () => void;
  /**
   * Hears, whenever they have changed, the sizes of all narrow pools of the list by `host:port`, each
   * 4 to 7 bytes: a pool that is not there has the usual size or is unknown.
   */
  readonly changed: ((sizes: ReadonlyMap<string, number>) => void) | undefined;
}

/** How pools are asked. */
export interface Asking {
  /** Opens sockets. */
  readonly dial: Dial;
  /** A pool has this long to be reached and to answer, in milliseconds. */
  readonly timeoutMs: number;
  /** `extranonce2_bytes` of the configuration, for the log. */
  readonly wanted: number | undefined;
}

/** The sizes of the pools of one proxy. */
export class PoolSizes {
  readonly #options: PoolSizesOptions;
  #pools: readonly KnownPool[] = [];
  /** Numbers of pools that gave their size in this run. */
  readonly #heard = new Set<number>();
  #wanted: number | undefined;
  #waiting: Timer | undefined;
  #said = describe(WIDEST_LAYOUT);
  #remembered = "";

  /** Nothing is known. */
  constructor(options: PoolSizesOptions) {
    this.#options = options;
  }

  /** The list is this, from now on. */
  list(pools: readonly KnownPool[]): void {
    this.#pools = pools;
  }

  /** Takes sizes of an earlier run, by `host:port`: good until a pool says another. */
  recall(sizes: ReadonlyMap<string, number>): void {
    for (const pool of this.#pools) {
      const bytes = sizes.get(keyOf(pool));
      if (bytes === undefined || this.#heard.has(pool.poolId)) continue;
      this.#options.layouts.learn(pool.poolId, bytes);
    }
    this.#remembered = textOf(this.#narrow());
  }

  /**
   * The pool with this number gives this size. Of those heard in one run the smallest stays: behind one
   * address may be servers of several sizes, and miners with too much would be sent away by the
   * narrower ones again and again.
   */
  learn(poolId: number, bytes: number): void {
    const { layouts } = this.#options;
    const before = layouts.sizeOf(poolId);
    const isNews = before === undefined || bytes < before || !this.#heard.has(poolId);
    this.#heard.add(poolId);
    if (!isNews || bytes === before) return;
    layouts.learn(poolId, bytes);
    this.#tellChanges();
    if (!layouts.isHeld) this.#say();
  }

  /** Asks all pools whose kind does not say it. Miners wait where one has not said it in this run. */
  ask({ dial, timeoutMs, wanted }: Asking): void {
    this.#wanted = wanted;
    const { probe, layouts, timers } = this.#options;
    this.#tellChanges();
    timers.clear(this.#waiting);
    const asked = probe === undefined ? [] : SizeProbe.asksOf(this.#pools);
    if (asked.every(({ poolId }) => this.#heard.has(poolId))) this.#release();
    else {
      layouts.hold();
      this.#waiting = timers.after(MOST_WAIT_MS, () => this.#release());
    }
    probe?.ask({
      pools: asked,
      dial,
      timeoutMs,
      found: ({ poolId }, bytes) => this.learn(poolId, bytes),
      over: () => this.#release(),
    });
  }

  /** Asks no more. Resolves when no connection is open for it. */
  async stop(): Promise<void> {
    this.#options.timers.clear(this.#waiting);
    await this.#options.probe?.stop();
  }

  #release(): void {
    const { layouts, timers, released } = this.#options;
    timers.clear(this.#waiting);
    this.#say();
    if (!layouts.isHeld) return;
    layouts.release();
    released();
  }

  /** Says what most miners get, if that is not what was said last. */
  #say(): void {
    const { layouts } = this.#options;
    const layout = layouts.layoutFor("");
    const text = describe(layout);
    if (text === this.#said) return;
    this.#said = text;
    const { narrowest } = layouts;
    const pool = this.#pools.find(({ poolId }) => layouts.sizeOf(poolId) === narrowest);
    const reasons = [
      pool === undefined || narrowest >= ROOMY
        ? undefined
        : `pool ${keyOf(pool)} leaves ${narrowest} bytes for both`,
      this.#wanted === undefined ? undefined : `extranonce2_bytes is ${this.#wanted}`,
    ].filter((reason) => reason !== undefined);
    log.info("Miners that connect from now on get {layout}: {reason}", {
      layout: text,
      reason: reasons.join(", ") || "every pool of the list has room for it",
    });
  }

  #tellChanges(): void {
    const { changed } = this.#options;
    if (changed === undefined) return;
    const sizes = this.#narrow();
    const text = textOf(sizes);
    if (text === this.#remembered) return;
    this.#remembered = text;
    changed(sizes);
  }

  #narrow(): ReadonlyMap<string, number> {
    const sizes = new Map<string, number>();
    for (const pool of this.#pools) {
      const bytes = this.#options.layouts.sizeOf(pool.poolId) ?? ROOMY;
      const key = keyOf(pool);
      if (bytes < ROOMY) sizes.set(key, Math.min(bytes, sizes.get(key) ?? ROOMY));
    }
    return sizes;
  }
}

function describe({ extranonce1Bytes, extranonce2Bytes }: typeof WIDEST_LAYOUT): string {
  return `${
    counted(extranonce1Bytes, "byte")
  } of extranonce1 and ${extranonce2Bytes} of extranonce2`;
}

function keyOf({ host, port }: KnownPool): string {
  return formatAddress({ hostname: host.toLowerCase(), port });
}

function textOf(sizes: ReadonlyMap<string, number>): string {
  return JSON.stringify([...sizes]);
}
