/**
 * Where the shares of a simulated miner come from: it hashes, or submits at a set rate.
 *
 * Invariant: it submits only shares for work that its miner has now or, once, for the work before,
 * and only while its miner's conduct lets it.
 */

import type { Random, Time } from "../base/clock.ts";
import { Grinder, ShareMaker } from "./grinder.ts";
import type { MinerShare, MinerWork } from "./miner_dialogue.ts";
import type { Conduct } from "./trouble.ts";
import type { HashingMiner, RateMiner, WorkScheduler } from "./work_scheduler.ts";

/** How long a clean job takes from the socket to the last chip. */
const STALE_MS = 100;

/** How a miner gets its shares. */
export type MinerMode =
  | {
    /** It really hashes, at the difficulty it was sent. */
    readonly kind: "hash";
  }
  | {
    /** It submits shares without hashing, whether or not they are answered. */
    readonly kind: "rate";
    /** Shares per second; may be a fraction. */
    readonly sharesPerSecond: number;
  }
  | {
    /** It submits nothing of its own accord. */
    readonly kind: "idle";
  };

/** The parts that {@linkcode ShareSource} needs. */
export interface ShareSourceParts {
  /** The clock. */
  readonly time: Pick<Time, "now">;
  /** All its random choices. */
  readonly random: Random;
  /** Gives it turns. */
  readonly scheduler: WorkScheduler;
  /** How its miner behaves. */
  readonly conduct: Pick<Conduct, "works" | "part" | "spoil">;
  /** Whether its firmware still sends what it finds for the old job when a clean one comes. */
  readonly sendsStale: boolean;
  /** The miner's latest work on its connection; `undefined` for none. */
  readonly work: () => MinerWork | undefined;
  /** Submits a share. */
  readonly submit: (share: MinerShare) => void;
}

/** Finds or makes up the shares of one miner. */
export class ShareSource implements HashingMiner, RateMiner {
  readonly #parts: ShareSourceParts;
  readonly #grinder: Grinder;
  readonly #shareMaker: ShareMaker;
  readonly #startedAtMs: number;
  #mode: MinerMode = { kind: "idle" };
  /** Work of the previous job, for which one more share may be found. */
  #staleWork: MinerWork | undefined;
  #staleUntilMs = 0;
  /** Turns that it may still use to hash. */
  #turnsDue = 0;
  #rateStartMs: number | undefined;
  #rateSubmitted = 0;
  #isStopped = false;

  /** Gives no shares before its mode is set. */
  constructor(parts: ShareSourceParts) {
    this.#parts = parts;
    this.#grinder = new Grinder(parts.random);
    this.#shareMaker = new ShareMaker(parts.random);
    this.#startedAtMs = parts.time.now();
  }

  /** Hashes computed. */
  get hashes(): number {
    return this.#grinder.hashes;
  }

  /** Changes where shares come from. */
  setMode(mode: MinerMode): void {
    const { scheduler, work } = this.#parts;
    this.#mode = mode;
    this.#rateStartMs = undefined;
    this.#staleWork = undefined;
    this.#grinder.setWork(work());
    scheduler.remove(this);
    if (this.#isStopped) return;
    if (mode.kind === "hash") scheduler.addHashing(this);
    if (mode.kind === "rate") scheduler.addSubmitting(this);
  }

  /** Gives no more shares. */
  stop(): void {
    this.#isStopped = true;
    this.#parts.scheduler.remove(this);
  }

  /** Much firmware still sends what it finds for the old job while a clean one reaches its chips. */
  gotWork(work: MinerWork, previous: MinerWork | undefined): void {
    if (this.#parts.sendsStale && work.job.isClean && previous?.isWorked) {
      this.#staleWork = previous;
      this.#staleUntilMs = this.#parts.time.now() + STALE_MS;
    } else {
      this.#staleWork = undefined;
      this.#grinder.setWork(work);
    }
  }

  /** Its miner has no connection, and no work. */
  lostWork(): void {
    this.#staleWork = undefined;
    this.#grinder.setWork(undefined);
  }

  hash(maxHashes: number): boolean {
    const { time, conduct, work, submit } = this.#parts;
    if (work()?.isWorked !== true || !this.#isAtWork(time.now())) return false;
    this.#turnsDue += conduct.part;
    if (this.#turnsDue < 1) return false;
    this.#turnsDue--;
    const share = this.#grinder.grind(maxHashes);
    if (share !== undefined) submit(conduct.spoil(share));
    if (this.#staleWork !== undefined) {
      this.#staleWork = undefined;
      this.#grinder.setWork(work());
    }
    return true;
  }

  submitDue(nowMs: number): void {
    const mode = this.#mode;
    const { conduct, random, submit } = this.#parts;
    const work = this.#parts.work();
    if (work?.isWorked !== true || mode.kind !== "rate" || !this.#isAtWork(nowMs)) {
      this.#rateStartMs = undefined;
      return;
    }
    const sharesPerSecond = mode.sharesPerSecond * conduct.part;
    if (this.#rateStartMs === undefined) {
      // Begins within one interval, at random, so that a farm's miners do not submit in step.
      this.#rateStartMs = nowMs - random() * 1000 / sharesPerSecond;
      this.#rateSubmitted = 0;
    }
    const due = Math.floor((nowMs - this.#rateStartMs) / 1000 * sharesPerSecond);
    for (; this.#rateSubmitted < due; this.#rateSubmitted++) {
      const staleWork = nowMs < this.#staleUntilMs ? this.#staleWork : undefined;
      submit(conduct.spoil(this.#shareMaker.make(staleWork ?? work)));
      this.#staleWork = undefined;
    }
  }

  /** Whether it looks for shares by its conduct. */
  #isAtWork(nowMs: number): boolean {
    return this.#parts.conduct.works(nowMs - this.#startedAtMs);
  }
}
