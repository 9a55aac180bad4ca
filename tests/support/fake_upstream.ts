/**
 * A pool connection that checks what the mux asks of it, as the pool would
 * see it: frames reach the pool only when the test writes them out, in order.
 */

import assert from "node:assert/strict";
import type { PoolJob, ShareFate, Upstream, UpstreamEvents } from "../../lib/mux/peers.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import type { RegisteredNames } from "../../lib/protocol/stratum/worker_name.ts";

/** A share as it went up. */
export interface Submitted {
  readonly index: number;
  readonly sessionId: number;
  readonly poolJobId: string;
  /** The job's own time, as the mux has it. */
  readonly jobTime: number;
  readonly share: Share;
}

/** What a test may want otherwise. */
export interface FakeUpstreamOptions {
  readonly difficulty?: number;
  readonly shareFate?: ShareFate;
  readonly pool?: number;
}

export class FakeUpstream implements Upstream {
  readonly name: string;
  readonly pool: number;
  readonly startingDifficulty: number;
  versionMask = 0x1fffe000;
  readonly shareFate: ShareFate;
  readonly submits: Submitted[] = [];
  /** Who is registered as the mux has it, and as the pool knows it. */
  readonly registered = new Map<number, RegisteredNames>();
  readonly knownToPool = new Set<number>();
  isLost = false;
  /** Whether miners may be registered; one that comes all the same fails the test. */
  takesRegistrations = true;
  readonly #events: UpstreamEvents;
  readonly #frames: { readonly sessionId: number; readonly kind: "in" | "out" | "share" }[] = [];

  constructor(
    name: string,
    events: UpstreamEvents,
    { difficulty = 16384, shareFate = "judged", pool = 0 }: FakeUpstreamOptions = {},
  ) {
    this.name = name;
    this.pool = pool;
    this.#events = events;
    this.startingDifficulty = difficulty;
    this.shareFate = shareFate;
  }

  register(sessionId: number, names: RegisteredNames): void {
    assert.ok(!this.isLost, `${this.name} is gone`);
    assert.ok(this.takesRegistrations, `${this.name} takes nobody now`);
    assert.ok(!this.registered.has(sessionId), `${sessionId} is registered at ${this.name}`);
    this.registered.set(sessionId, names);
    this.#frames.push({ sessionId, kind: "in" });
  }

  unregister(sessionId: number): void {
    if (this.isLost) return;
    assert.ok(this.registered.delete(sessionId), `${sessionId} is unknown at ${this.name}`);
    this.#frames.push({ sessionId, kind: "out" });
  }

  submit(sessionId: number, { poolJobId, ntime }: PoolJob, share: Share): number {
    assert.ok(!this.isLost, `${this.name} is gone`);
    assert.ok(this.registered.has(sessionId), `${sessionId} is unknown at ${this.name}`);
    this.#frames.push({ sessionId, kind: "share" });
    const index = this.submits.length % 0x10000;
    this.submits.push({ index, sessionId, poolJobId, jobTime: ntime, share });
    return index;
  }

  /** Whether a frame that names this session has not been written. */
  isUnwritten(sessionId: number): boolean {
    return this.#frames.some((frame) => frame.sessionId === sessionId);
  }

  /** Writes the next `count` frames, and reports those that unregister a session. */
  writeOut(count = Infinity): void {
    for (const { sessionId, kind } of this.#frames.splice(0, count)) {
      if (kind === "in") {
        assert.ok(!this.knownToPool.has(sessionId), "the pool would keep the old worker");
        this.knownToPool.add(sessionId);
      } else {
        assert.ok(this.knownToPool.has(sessionId), "the pool would not count this frame");
      }
      if (kind !== "out") continue;
      this.knownToPool.delete(sessionId);
      this.#events.sessionUnregistered(this, sessionId);
    }
  }
}
