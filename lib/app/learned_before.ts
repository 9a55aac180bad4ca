/**
 * What is worth knowing after a restart, in the file of the history: workers of the last day, the
 * difficulties of those that left lately, the usual hashrate, and the extranonce2 sizes of pools.
 */

import type { Time } from "../base/clock.ts";
import { REMEMBER_MS } from "../mux/remembered_difficulties.ts";
import type { KeptHistory } from "../observe/history/kept_history.ts";
import { STEP_MS, type WorkerSpan } from "../observe/history/steps.ts";
import type { Proxy } from "./proxy.ts";

/** What sizes, difficulties and the usual hashrate are kept as. */
const SIZES = "extranonce2_bytes";
const USUAL = "usual_hashrate";
const DIFFICULTIES = "difficulty";

/** Sizes are kept of pools with fewer bytes than all miners have room in; others have this many. */
const ROOMY = 8;
const LEAST_BYTES = 4;

/** A difficulty is kept with the minute in which its worker left: its exponent is added to that. */
const MINUTE_MS = 60_000;
const EXPONENTS = 128;
const EXPONENT_OFFSET = 64;

/** The usual hashrate is that of a day: it says nothing of a farm that was off for longer. */
const USUAL_MS = 86_400_000;

/** What is known of earlier runs. */
export class LearnedBefore {
  readonly #time: Time;
  #workers: readonly WorkerSpan[];
  #difficulties: ReadonlyMap<string, number>;
  /** The end of what was kept. */
  readonly #to: number;
  /** The narrow pools that are in the file. */
  #sizes: ReadonlyMap<string, number>;
  readonly #usual: number | undefined;
  #savedAt = 0;

  /** Reads all of it, before there are miners who would have to wait. */
  constructor(
    store: KeptHistory | undefined,
    { time, rememberMs }: { readonly time: Time; readonly rememberMs: number },
  ) {
    this.#time = time;
    const now = time.wallNow();
    this.#workers = store === undefined ? [] : workersSince(store, now - rememberMs, now);
    this.#difficulties = store?.learned(DIFFICULTIES) ?? new Map();
    this.#to = store?.figures.to ?? 0;
    this.#usual = store?.learned(USUAL).get("");
    const sizes = store?.learned(SIZES) ?? new Map<string, number>();
    this.#sizes = new Map([...sizes].filter(([, bytes]) => bytes >= LEAST_BYTES && bytes < ROOMY));
  }

  /** Extranonce2 sizes of narrow pools, by `host:port`. */
  get sizes(): ReadonlyMap<string, number> {
    return this.#sizes;
  }

  /** Fills the books of a proxy that has just started. */
  recall({ clock, parts: { workers, remembered, watch } }: Proxy): void {
    const [now, wallNow] = [clock.now(), this.#time.wallNow()];
    for (const { account, name, hashrate, connectedPart, first, last } of this.#workers) {
      // One that was there at the end may be about to come back.
      const wasThere = last >= this.#to - STEP_MS;
      workers.remember({
        account,
        name,
        firstSeenMs: Math.max(0, wallNow - first),
        goneMs: wasThere ? 0 : Math.max(0, wallNow - last),
        hashrate: hashrate / connectedPart,
        went: wasThere ? "btcagent was restarted" : "before btcagent was restarted",
      }, now);
    }
    for (const [name, value] of this.#difficulties) {
      const agoMs = wallNow - Math.floor(value / EXPONENTS) * MINUTE_MS;
      if (agoMs < 0 || agoMs > REMEMBER_MS) continue;
      remembered.add(name, value % EXPONENTS - EXPONENT_OFFSET, now - agoMs);
    }
    const isRecent = wallNow >= this.#to && wallNow - this.#to < USUAL_MS;
    if (this.#usual !== undefined && isRecent) watch.recallUsualHashrate(this.#usual);
    this.#savedAt = now;
    // They are in the books now.
    this.#workers = [];
    this.#difficulties = new Map();
  }

  /** Notes the sizes of all narrow pools. Those that were narrow before and are not there are not. */
  learnSizes(store: KeptHistory | undefined, sizes: ReadonlyMap<string, number>): void {
    for (const [pool, bytes] of sizes) store?.learn(SIZES, pool, bytes);
    for (const pool of this.#sizes.keys()) {
      if (!sizes.has(pool)) store?.learn(SIZES, pool, ROOMY);
    }
    this.#sizes = new Map(sizes);
  }

  /** Notes the usual hashrate, and the difficulties of workers that left since the last call. */
  learnFrom(store: KeptHistory, { clock, parts: { remembered, watch } }: Proxy): void {
    const { usualHashrate } = watch.attention;
    if (usualHashrate !== undefined) store.learn(USUAL, "", usualHashrate);
    const [now, wallNow] = [clock.now(), this.#time.wallNow()];
    // They left in some minute: one that was noted is noted again rather than not at all.
    for (const { name, exponent, agoMs } of remembered.left(now - this.#savedAt + MINUTE_MS, now)) {
      const minute = Math.floor((wallNow - agoMs) / MINUTE_MS);
      store.learn(DIFFICULTIES, name, minute * EXPONENTS + exponent + EXPONENT_OFFSET);
    }
    this.#savedAt = now;
  }
}

/** Workers that did something, those that have been gone longest in front. */
function workersSince(store: KeptHistory, from: number, to: number): WorkerSpan[] {
  const workers: WorkerSpan[] = [];
  for (const span of store.workers(from, to)) {
    const didWork = span !== undefined && span.hashrate > 0 && span.connectedPart > 0;
    if (didWork && span.last >= from) workers.push(span);
  }
  return workers.sort((one, other) => one.last - other.last);
}
