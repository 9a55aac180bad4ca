/**
 * The pools' extranonce2 sizes: asked for at start and reload, learned from every connection, and
 * handed out to be remembered across restarts. Also decides how long miners wait for them.
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
 * Miners that subscribe wait this long, in milliseconds, while pools are asked for their sizes:
 * NerdMiner waits 1.2 s for an answer, Braiins OS 5 s for the whole login.
 */
export const MOST_WAIT_MS = 1_000;

/** Pools with this many bytes or more have room for every layout: they are not remembered. */
const ROOMY = 8;

const log = areaLog("agent");

/** What {@linkcode PoolSizes} works with. */
export interface PoolSizesOptions {
  /** The layouts that follow from the sizes. */
  readonly layouts: Layouts;
  /** Asks pools; `undefined` where none has to be asked. */
  readonly probe: SizeProbe | undefined;
  /** For the longest wait. */
  readonly timers: Timers;
  /** Called when miners need not wait any more. */
  readonly released: () => void;
  /**
   * Called with the sizes of all narrow pools of the list, by `host:port` and each 4 to 7 bytes,
   * whenever they change. A pool that is not among them has the usual size, or its size is unknown.
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

  /** Takes sizes of an earlier run, by `host:port`: they count until a pool gives another. */
  recall(sizes: ReadonlyMap<string, number>): void {
    for (const pool of this.#pools) {
      const bytes = sizes.get(keyOf(pool));
      if (bytes === undefined || this.#heard.has(pool.poolId)) continue;
      this.#options.layouts.learn(pool.poolId, bytes);
    }
    this.#remembered = textOf(this.#narrow());
  }

  /**
   * The pool with this number gave this size. The smallest size of one run is kept: one address may
   * lead to servers with different sizes, and the narrower ones would disconnect miners with too
   * much again and again.
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

  /**
   * Asks all pools whose kind does not fix the size. Miners wait if a pool has not given it in this
   * run.
   */
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

  /** Stops asking. Resolves when no connection is open for it. */
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

  /** Logs what most miners get, unless that was logged last. */
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
        : `pool ${keyOf(pool)} leaves ${counted(narrowest, "byte")} for both`,
      this.#wanted === undefined ? undefined : `extranonce2_bytes is ${this.#wanted}`,
    ].filter((reason) => reason !== undefined);
    log.info("Miners that connect from now on get {layout}: {reason}", {
      layout: text,
      reason: reasons.join(", ") || "every pool in the list has room for it",
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
