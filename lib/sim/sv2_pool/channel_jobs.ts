/**
 * The jobs of one channel of a simulated Stratum V2 pool, by the rules of the protocol: a future
 * job waits for its prev hash, which makes all others invalid; and a job keeps the target that was
 * in force when it became the job now.
 */

import { parseHex32 } from "../../base/hex.ts";
import type { Job } from "../../protocol/stratum/job.ts";

/** A job as a channel was sent it. */
export interface GivenJob {
  /** Its texts. */
  readonly job: Job;
  /** The number of the template it is made from. */
  readonly template: number;
  /** The extranonce prefix when it was sent, in hex. */
  readonly prefix: string;
  /** Bytes of the extranonce. */
  readonly extranonceSize: number;
  /** Whether its shares may have another version. */
  readonly isRollingAllowed: boolean;
  /** Whether there is nothing wrong with it on purpose. */
  readonly isSane: boolean;
}

/** A job with what became of it. */
export interface ChannelJob extends GivenJob {
  /** Not yet; now or before on the same prev hash; on the prev hash before; never. */
  state: "future" | "valid" | "stale" | "dropped";
  /** The target of its shares. */
  target: bigint;
  /** The least time of its shares, in seconds since 1970. */
  readonly minNtime: number;
  /** When its prev hash was replaced. */
  staleAtMs: number;
  /** The hashes of its accepted shares. */
  readonly shares: Set<bigint>;
}

/** Jobs of one channel. */
export class ChannelJobs {
  readonly #byId = new Map<number, ChannelJob>();
  readonly #ids = new Set<number>();

  /** Notes a future job. */
  addFuture(given: GivenJob): void {
    this.#add(given, "future", 0n);
  }

  /** Notes a job on the current prev hash, which is the job now. */
  add(given: GivenJob, target: bigint): void {
    this.#add(given, "valid", target);
  }

  /** Makes a future job the job now. Jobs of the prev hash before that one are forgotten. */
  activate(id: number, target: bigint, nowMs: number): void {
    for (const [other, job] of this.#byId) {
      if (job.state === "stale" || job.state === "dropped") this.#byId.delete(other);
      else if (other !== id) {
        job.state = job.state === "future" ? "dropped" : "stale";
        job.staleAtMs = nowMs;
      }
    }
    const job = this.#byId.get(id);
    if (job === undefined) throw new Error(`No future job ${id} was sent`);
    job.state = "valid";
    job.target = target;
  }

  /** The job of this id, unless it is forgotten. */
  get(id: number): ChannelJob | undefined {
    return this.#byId.get(id);
  }

  /** Whether a job of this id was ever sent. */
  wasGiven(id: number): boolean {
    return this.#ids.has(id);
  }

  /** The id of the future job made from this template, if there is one. */
  futureOf(template: number): number | undefined {
    for (const [id, job] of this.#byId) {
      if (job.state === "future" && job.template === template) return id;
    }
    return undefined;
  }

  #add(given: GivenJob, state: ChannelJob["state"], target: bigint): void {
    const id = Number(given.job.id);
    this.#ids.add(id);
    this.#byId.set(id, {
      ...given,
      state,
      target,
      minNtime: parseHex32(given.job.ntime)!,
      staleAtMs: Infinity,
      shares: new Set(),
    });
  }
}
