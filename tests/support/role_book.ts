/**
 * Records the roles of an account's connections as the mux learns them. It fails the test if they
 * contradict each other: a lost connection cannot serve, a serving one cannot be activated.
 */

import assert from "node:assert/strict";
import type { Upstream, UpstreamEvents } from "../../lib/mux/upstream.ts";
import type { Verdict } from "../../lib/mux/verdict.ts";
import type { Job } from "../../lib/protocol/stratum/job.ts";

export class RoleBook implements UpstreamEvents {
  readonly #roles = new Map<Upstream, "spare" | "active">();
  readonly #hasJob = new Set<Upstream>();
  readonly #now: () => number;
  readonly #lost = new Set<Upstream>();
  /** What happened, in order, such as `pool0 active`. */
  readonly story: string[] = [];
  /** Jobs that arrived, by connection. */
  readonly jobs: { readonly upstream: Upstream; readonly job: Job }[] = [];
  /** Verdicts that arrived. */
  verdicts = 0;

  /** Verdicts are noted at the time that `now` says. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** The pools that serve miners, in order. */
  get active(): number[] {
    return this.#poolsThatAre("active");
  }

  /** The pools that are ready and serve none. */
  get spare(): number[] {
    return this.#poolsThatAre("spare");
  }

  /** The connections that serve miners, and what stands in for them in an outage. */
  get activeUpstreams(): Upstream[] {
    return [...this.#roles].flatMap(([upstream, role]) => role === "active" ? [upstream] : []);
  }

  upstreamReady(upstream: Upstream): void {
    assert.ok(!this.#roles.has(upstream) && !this.#lost.has(upstream));
    this.#set(upstream, "spare");
  }

  /** The names of the workers that connections are for. */
  readonly workers = new Map<Upstream, string[]>();

  dedicated(upstream: Upstream, workerName: string): void {
    assert.ok(this.#hasJob.has(upstream), "its miners would have nothing to do");
    this.workers.set(upstream, [...this.workers.get(upstream) ?? [], workerName]);
  }

  moved(from: Upstream | undefined, to: Upstream | undefined): void {
    if (from !== undefined && this.workers.delete(from)) return;
    if (to !== undefined) {
      assert.equal(this.#roles.get(to), "spare");
      assert.ok(this.#hasJob.has(to), "miners would have nothing to do");
      this.#set(to, "active");
    }
    if (from === undefined) return;
    assert.equal(this.#roles.get(from), "active");
    this.#set(from, "spare");
    assert.ok(this.active.length > 0, "its miners have nowhere to go");
  }

  upstreamLost(upstream: Upstream): void {
    assert.ok(this.#roles.delete(upstream), "lost once, after it was ready");
    this.workers.delete(upstream);
    this.#lost.add(upstream);
    this.story.push(`${poolOf(upstream)} lost`);
  }

  jobArrived(upstream: Upstream, job: Job): void {
    assert.ok(this.#roles.has(upstream));
    this.jobs.push({ upstream, job });
    this.#hasJob.add(upstream);
  }

  /** Of two miners in turn. */
  judged(upstream: Upstream, serial: number, _last: number, verdict: Verdict): void {
    assert.ok(this.#roles.has(upstream));
    this.verdicts++;
    upstream.watch.judged(Math.abs(serial % 2), verdict, this.#now());
  }

  unexplained(): void {}

  abandoned(): void {}
  sent(): void {}
  entryResumed(): void {}

  accountRefused(): void {
    assert.deepEqual([...this.active, ...this.spare], [], "a pool takes the account");
    this.story.push("account refused");
  }

  difficultyChanged(): void {}
  versionMaskChanged(): void {}
  forgotten(): void {}

  #set(upstream: Upstream, role: "spare" | "active"): void {
    this.#roles.set(upstream, role);
    this.story.push(`${poolOf(upstream)} ${role}`);
  }

  #poolsThatAre(wanted: "spare" | "active"): number[] {
    return [...this.#roles]
      .filter(([{ terms }, role]) => role === wanted && terms.verdicts !== "none")
      .map(([upstream]) => Number(poolOf(upstream).slice("pool".length)))
      .sort((a, b) => a - b);
  }
}

function poolOf(upstream: Upstream): string {
  return upstream.name.split(":")[0]!;
}
