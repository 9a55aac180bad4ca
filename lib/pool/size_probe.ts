/**
 * Asks the pools of a list for their extranonce2 sizes, so that miners get what fits all of them
 * before any but the first has been connected to: one short connection for each address, two at a
 * time, within the rate of all connects.
 */

import type { Now, Timers } from "../base/clock.ts";
import { MAX_EXTENDED_ROOM_BYTES, roomFor } from "../mux/terms.ts";
import { type ConnectLimiter, URGENCY } from "../net/pools/connect_limiter.ts";
import type { Dial } from "../net/pools/connection.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import type { AskSize } from "./connection.ts";
import type { KnownPool } from "./pool_ids.ts";

/** Pools that are asked at a time. */
const AT_ONCE = 2;

/** A pool that has not answered by then is given up, in milliseconds. */
const MOST_TIMEOUT_MS = 10_000;

/** How often to ask again for a turn to connect, in milliseconds. */
const TURN_MS = 200;

const log = areaLog("pool");

/** What {@linkcode SizeProbe} works with. */
export interface SizeProbeOptions {
  /** Asks one pool. */
  readonly askSize: AskSize;
  /** Shared by everything that connects to pools. */
  readonly connects: ConnectLimiter;
  /** The version of btcagent. */
  readonly version: string;
  /** Monotonic time. */
  readonly now: Now;
  /** This machine's clock. */
  readonly wallNow: Now;
  /** For the waits. */
  readonly timers: Timers;
}

/** What is asked in one go. */
export interface SizeRound {
  /** The pools, from {@linkcode SizeProbe.asksOf}. */
  readonly pools: readonly KnownPool[];
  /** Opens sockets. */
  readonly dial: Dial;
  /** How long dialing and answering may take, in milliseconds; at most 10 s. */
  readonly timeoutMs: number;
  /** Called with the number of bytes that a pool leaves for miners, if it is enough for them. */
  readonly found: (pool: KnownPool, bytes: number) => void;
  /** Called when each pool has answered or failed to. Not called if the round is given up. */
  readonly over: () => void;
}

/** Asks one list of pools at a time. */
export class SizeProbe {
  readonly #options: SizeProbeOptions;
  #round = new AbortController();
  #work: Promise<unknown> = Promise.resolve();

  /** Asks nothing yet. */
  constructor(options: SizeProbeOptions) {
    this.#options = options;
  }

  /** The pools of a list to ask: all except those whose kind fixes their size. */
  static asksOf(pools: readonly KnownPool[]): KnownPool[] {
    return pools.filter(({ kind }) => kind !== "agent");
  }

  /** Asks, and gives up the round before this one. */
  ask(round: SizeRound): void {
    this.#round.abort();
    const { signal } = this.#round = new AbortController();
    // Two entries with different names at one address are one pool here.
    const groups = [...Map.groupBy(round.pools, addressOf).values()];
    let open = groups.length;
    const answered = (pools: readonly KnownPool[], bytes: number | undefined) => {
      if (signal.aborted) return;
      if (bytes !== undefined) note(pools, bytes, round.found);
      if (--open === 0) round.over();
    };
    if (open === 0) return round.over();
    // One iterator for all: each worker takes the next group when it has finished one.
    const queue = groups.values();
    const work = async () => {
      for (const pools of queue) {
        if (signal.aborted) return;
        await this.#askOne(round, pools[0]!, signal, (bytes) => answered(pools, bytes));
      }
    };
    const working = Array.from({ length: AT_ONCE }, work);
    this.#work = Promise.all([this.#work, ...working])
      .catch((error) => reportFault(log, error));
  }

  /** Stops asking. Resolves when no connection is open any more. */
  async stop(): Promise<void> {
    this.#round.abort();
    await this.#work;
  }

  #askOne(
    { dial, timeoutMs }: SizeRound,
    pool: KnownPool,
    signal: AbortSignal,
    answered: (bytes: number | undefined) => void,
  ): Promise<void> {
    const { askSize, version, now, wallNow, timers } = this.#options;
    const { host, port, usesTls, authorityKey } = pool;
    return askSize(pool.kind, {
      address: { host, port, usesTls, authorityKey },
      account: pool.account ?? "",
      password: pool.password,
      version,
      dial: async (address, signal, opening) => {
        await this.#turn(pool, signal);
        return await dial(address, signal, opening);
      },
      now,
      wallNow,
      timers,
      timeoutMs: Math.min(timeoutMs, MOST_TIMEOUT_MS),
      signal,
      answered,
    });
  }

  /** Waits until the pool may be connected to. @throws when `signal` aborts. */
  async #turn(pool: KnownPool, signal: AbortSignal): Promise<void> {
    const { connects, timers } = this.#options;
    const asker = {};
    while (!connects.mayConnect(pool, asker, URGENCY.more)) {
      await pauseUnlessAborted(timers, TURN_MS, signal);
      if (signal.aborted) connects.forget(asker);
      signal.throwIfAborted();
    }
    connects.connects(pool, asker, URGENCY.more);
  }
}

/**
 * Useless sizes are reported when miners connect to the pool; here they must not narrow any miner.
 */
function note(pools: readonly KnownPool[], bytes: number, found: SizeRound["found"]): void {
  const most = pools[0]?.kind === "sv2" ? MAX_EXTENDED_ROOM_BYTES : undefined;
  if (roomFor(bytes, undefined, most) === undefined) return;
  for (const pool of pools) found(pool, bytes);
}

function addressOf({ host, port, usesTls, kind }: KnownPool): string {
  return `${kind} ${host.toLowerCase()} ${port} ${usesTls}`;
}

function pauseUnlessAborted(timers: Timers, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      timers.clear(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = timers.after(ms, end);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}
