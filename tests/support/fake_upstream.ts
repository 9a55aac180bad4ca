/**
 * A connection to an agent pool without a socket. It checks the mux from the pool's point of view:
 * frames reach the pool in order, and only when the test writes them out.
 */

import assert from "node:assert/strict";
import type { Terms } from "../../lib/mux/terms.ts";
import type { PoolJob, UpstreamEvents } from "../../lib/mux/upstream.ts";
import type { Verdict } from "../../lib/mux/verdict.ts";
import { PoolWatch } from "../../lib/pool/pool_watch.ts";
import { TERMS } from "./terms.ts";
import { AgentUpstream } from "../../lib/pool/agent/upstream.ts";
import type { RegisteredNames } from "../../lib/protocol/agent/names.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { parseNotify } from "../../lib/protocol/stratum/job.ts";
import { notifyLine } from "./pool_lines.ts";

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
  readonly verdicts?: Terms["verdicts"];
  readonly poolId?: number;
  /** The time, in milliseconds. */
  readonly now?: () => number;
  /** Other terms than usual. */
  readonly terms?: Partial<Terms>;
}

/** What the pool is sent. */
class FakeFrames {
  takesRegistrations = true;
  readonly submits: Submitted[] = [];
  readonly registered = new Map<number, RegisteredNames>();
  readonly frames: { readonly sessionId: number; readonly kind: "in" | "out" | "share" }[] = [];
  isLost = false;
  /** Hears of every registration before it is noted. */
  onRegister: (sessionId: number) => void = () => {};

  register(sessionId: number, names: RegisteredNames): void {
    this.onRegister(sessionId);
    assert.ok(!this.isLost, "the connection is gone");
    assert.ok(this.takesRegistrations, "it takes nobody now");
    assert.ok(!this.registered.has(sessionId), `${sessionId} is registered`);
    this.registered.set(sessionId, names);
    this.frames.push({ sessionId, kind: "in" });
  }

  unregister(sessionId: number): void {
    if (this.isLost) return;
    assert.ok(this.registered.delete(sessionId), `${sessionId} is unknown`);
    this.frames.push({ sessionId, kind: "out" });
  }

  submit(sessionId: number, { poolJobId, ntime }: PoolJob, share: Share): void {
    assert.ok(!this.isLost, "the connection is gone");
    assert.ok(this.registered.has(sessionId), `${sessionId} is unknown`);
    this.frames.push({ sessionId, kind: "share" });
    const index = this.submits.length % 0x10000;
    this.submits.push({ index, sessionId, poolJobId, jobTime: ntime, share });
  }
}

/** Notes whose shares were judged. */
class NotingWatch extends PoolWatch {
  judgedSessions: number[] = [];

  override judged(sessionId: number, verdict: Verdict, time: number): void {
    this.judgedSessions.push(sessionId);
    super.judged(sessionId, verdict, time);
  }
}

export class FakeUpstream extends AgentUpstream {
  override readonly terms: Terms;
  override readonly watch: NotingWatch;
  /** Miners known to the pool, by the frames that were written. */
  readonly knownToPool = new Set<number>();
  readonly #frames: FakeFrames;
  #mask: number | undefined;

  constructor(
    name: string,
    mux: UpstreamEvents,
    { difficulty = 16384, verdicts = "given", poolId = 0, now = () => 0, terms }:
      FakeUpstreamOptions = {},
  ) {
    const frames = new FakeFrames();
    super({
      poolId,
      name,
      agreement: {
        poolExtranonce1: 1,
        versionMask: 0x1fffe000,
        givesVerdicts: verdicts === "given",
        difficulty,
        job: parseNotify(JSON.parse(notifyLine("0")).params),
      },
      outgoing: frames,
      liveness: { submitted: () => {}, answered: () => {}, isSilent: false },
      inflow: { registered: () => {}, unregistered: () => {}, submitted: () => {} },
      mux,
      now,
      rateClock: { realNow: now, awayMs: () => 0 },
      end: (reason) => assert.fail(reason),
    });
    this.terms = {
      ...TERMS,
      startingDifficulty: difficulty,
      poolDifficulty: difficulty,
      verdicts,
      ...terms,
    };
    this.watch = new NotingWatch(now());
    this.#frames = frames;
  }

  /** The session ids of the shares judged since the last look. */
  takeJudged(): number[] {
    return this.watch.judgedSessions.splice(0);
  }

  override get versionMask(): number {
    return this.#mask ?? super.versionMask;
  }

  override set versionMask(mask: number) {
    this.#mask = mask;
  }

  /** Whether miners may be registered; one that comes all the same fails the test. */
  override get takesWorkers(): boolean {
    return super.takesWorkers;
  }

  override set takesWorkers(takes: boolean) {
    this.#frames.takesRegistrations = takes;
  }

  /** The shares that went up. */
  get submits(): readonly Submitted[] {
    return this.#frames.submits;
  }

  /** Miners registered, by the frames that were accepted. */
  get registered(): ReadonlyMap<number, RegisteredNames> {
    return this.#frames.registered;
  }

  get isLost(): boolean {
    return this.#frames.isLost;
  }

  set isLost(isLost: boolean) {
    this.#frames.isLost = isLost;
  }

  /** Hears of every registration before it is noted. */
  get onRegister(): (sessionId: number) => void {
    return this.#frames.onRegister;
  }

  set onRegister(hear: (sessionId: number) => void) {
    this.#frames.onRegister = hear;
  }

  /** The pool judges the share with this number. */
  judge(index: number, status: number): void {
    this.frameCame({ kind: "verdict", index, status });
  }

  /** Whether a frame that names this session has not been written. */
  isUnwritten(sessionId: number): boolean {
    return this.#frames.frames.some((frame) => frame.sessionId === sessionId);
  }

  /** Writes the next `count` frames, and reports those that unregister a session. */
  writeOut(count = Infinity): void {
    for (const { sessionId, kind } of this.#frames.frames.splice(0, count)) {
      if (kind === "in") {
        assert.ok(!this.knownToPool.has(sessionId), "the pool would keep the old worker");
        this.knownToPool.add(sessionId);
      } else {
        assert.ok(this.knownToPool.has(sessionId), "the pool would not count this frame");
      }
      if (kind !== "out") continue;
      this.knownToPool.delete(sessionId);
      this.unregistered(sessionId);
    }
  }
}
