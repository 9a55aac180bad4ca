/**
 * Keeps the roles of an account's connections as the mux hears of them, and fails the test when
 * they contradict each other: what is lost cannot serve, what serves cannot be activated.
 */

import assert from "node:assert/strict";
import type { Upstream, UpstreamEvents } from "../../lib/mux/peers.ts";
import type { Job } from "../../lib/protocol/stratum/job.ts";

export class RoleBook implements UpstreamEvents {
  readonly #roles = new Map<Upstream, "spare" | "active">();
  readonly #hasJob = new Set<Upstream>();
  readonly #lost = new Set<Upstream>();
  /** What happened, in order, such as `pool0 active`. */
  readonly story: string[] = [];
  /** Jobs that arrived, by connection. */
  readonly jobs: { readonly upstream: Upstream; readonly job: Job }[] = [];
  /** Verdicts that arrived. */
  verdicts = 0;

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

  upstreamActivated(upstream: Upstream): void {
    assert.equal(this.#roles.get(upstream), "spare");
    assert.ok(this.#hasJob.has(upstream), "miners would have nothing to do");
    this.#set(upstream, "active");
  }

  upstreamRested(upstream: Upstream): void {
    assert.equal(this.#roles.get(upstream), "active");
    this.#set(upstream, "spare");
    assert.ok(this.active.length > 0, "its miners have nowhere to go");
  }

  upstreamLost(upstream: Upstream): void {
    assert.ok(this.#roles.delete(upstream), "lost once, after it was ready");
    this.#lost.add(upstream);
    this.story.push(`${poolOf(upstream)} lost`);
  }

  jobArrived(upstream: Upstream, job: Job): void {
    assert.ok(this.#roles.has(upstream));
    this.jobs.push({ upstream, job });
    this.#hasJob.add(upstream);
  }

  /** Of two miners in turn. */
  verdictArrived(upstream: Upstream, index: number): number {
    assert.ok(this.#roles.has(upstream));
    this.verdicts++;
    return index % 2;
  }

  registrationsResumed(): void {}

  accountRefused(): void {
    assert.deepEqual([...this.active, ...this.spare], [], "a pool takes the account");
    this.story.push("account refused");
  }

  difficultyChanged(): void {}
  versionMaskChanged(): void {}
  sessionUnregistered(): void {}

  #set(upstream: Upstream, role: "spare" | "active"): void {
    this.#roles.set(upstream, role);
    this.story.push(`${poolOf(upstream)} ${role}`);
  }

  #poolsThatAre(wanted: "spare" | "active"): number[] {
    return [...this.#roles]
      .filter(([{ shareFate }, role]) => role === wanted && shareFate !== "outage")
      .map(([upstream]) => Number(poolOf(upstream).slice("pool".length)))
      .sort((a, b) => a - b);
  }
}

function poolOf(upstream: Upstream): string {
  return upstream.name.split(":")[0]!;
}
