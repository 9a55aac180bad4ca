/** A connection to a pool whose shares are hashed here, without a socket. */

import assert from "node:assert/strict";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { roomFor, type Terms } from "../../lib/mux/terms.ts";
import type { PoolJob, Upstream, UpstreamEvents, Worker } from "../../lib/mux/upstream.ts";
import { ACCEPTED } from "../../lib/mux/verdict.ts";
import { PoolWatch } from "../../lib/pool/pool_watch.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { TERMS } from "./terms.ts";

// As a session does before it is ready.
await loadShareHasher();

/** Every hash is a share at this difficulty. */
export const ANY_WORK = 2 ** -32;

/** A share as it went up. */
export interface CheckedSubmit {
  readonly serial: number;
  readonly sessionId: number;
  readonly poolJobId: string;
  readonly share: Share;
  readonly isBlock: boolean;
}

export class CheckedUpstream implements Upstream {
  readonly poolId: number;
  readonly name: string;
  readonly terms: Terms;
  versionMask = 0x1fffe000;
  readonly takesWorkers = true;
  /** Submits that it holds back. */
  queued = 0;
  readonly watch = new PoolWatch(0);
  readonly submits: CheckedSubmit[] = [];
  /** Whether submits wait for their turn, and those that do. */
  isHolding = false;
  held: CheckedSubmit[] = [];
  readonly #mux: UpstreamEvents;
  /** Hears of every miner that comes. */
  onEnter: (worker: Worker) => void = () => {};

  /** A pool whose extranonce2 has `size` bytes. */
  constructor(
    name: string,
    mux: UpstreamEvents,
    { size = 8, difficulty = ANY_WORK, poolId = 0, terms = {} }: {
      readonly size?: number;
      readonly difficulty?: number;
      readonly poolId?: number;
      readonly terms?: Partial<Terms>;
    } = {},
  ) {
    this.name = name;
    this.poolId = poolId;
    this.#mux = mux;
    this.terms = {
      ...TERMS,
      extranonce: roomFor(size)!,
      startingDifficulty: difficulty,
      poolDifficulty: difficulty,
      difficulty: "vardiff",
      validation: "here",
      canSayTimeZero: true,
      retention: { jobs: 256, acrossClean: 0, ms: 240_000 },
      ...terms,
    };
  }

  enter(worker: Worker): void {
    this.onEnter(worker);
  }

  leave(sessionId: number, isAwaited: boolean): void {
    if (!isAwaited) this.#mux.forgotten(this, sessionId);
  }

  settled(sessionId: number): void {
    this.#mux.forgotten(this, sessionId);
  }

  submit(
    serial: number,
    sessionId: number,
    job: PoolJob,
    share: Share,
    isBlock: boolean,
  ): boolean {
    const submit = { serial, sessionId, poolJobId: job.poolJobId, share, isBlock };
    const isHeld = this.isHolding && !isBlock;
    if (isHeld) this.queued = this.held.push(submit);
    else this.submits.push(submit);
    return !isHeld;
  }

  withdraw(serials: ReadonlySet<number>): void {
    const left = this.held.filter(({ serial }) => !serials.has(serial));
    assert.equal(this.held.length - left.length, serials.size, "one of them did not wait");
    this.held = left;
    this.queued = left.length;
  }

  /** What it has held goes up. */
  letGo(): void {
    this.isHolding = false;
    this.queued = 0;
    for (const submit of this.held.splice(0)) {
      this.submits.push(submit);
      this.#mux.sent(this, submit.serial);
    }
  }

  /** The pool accepts everything so far. */
  acceptAll(): void {
    const last = this.submits.at(-1);
    if (last !== undefined) this.#mux.judged(this, 0, last.serial, ACCEPTED);
  }
}
