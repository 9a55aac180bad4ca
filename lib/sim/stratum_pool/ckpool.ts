/**
 * ckpool as a client sees it: jobs and their ids are the same for all, a difficulty is sent alone
 * and applies by job, one connection is one worker, and unexpected messages get no answer.
 */

import type { PoolBackground } from "./personality.ts";
import type { StratumPoolSettings } from "./settings.ts";
import { SharedJob } from "./shared_job.ts";
import type { BlockTemplate } from "./template.ts";

/** Ended sessions that can be resumed. */
const KEPT_SESSIONS = 1_000;

/** What all sessions share. */
export class CkpoolServer implements PoolBackground {
  readonly #settings: StratumPoolSettings;
  /** Whether it refuses shares with a reason and no error, and sends some extra messages. */
  readonly hasReasons: boolean;
  readonly #jobs = new Map<string, SharedJob>();
  /** The extranonce1 of ended sessions, by session id. */
  readonly #endedSessions = new Map<string, string>();
  #newest: readonly SharedJob[] = [];
  #sequence = 0;
  #blockSequence = 0;
  #counter: number;
  readonly #jobPrefix: string;

  /** Numbers sessions and jobs from the wall clock at its start, as the real one does. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
    this.hasReasons = settings.like === "ckpool-reasons";
    this.#counter = Math.floor(settings.time.wallNow() / 1000) >>> 0;
    this.#jobPrefix = this.#counter.toString(16).padStart(8, "0");
  }

  /** The jobs of the last template, the newest last. */
  get newest(): readonly SharedJob[] {
    return this.#newest;
  }

  /** The number of the first job on the current height. */
  get blockSequence(): number {
    return this.#blockSequence;
  }

  /** The number of the newest job. */
  get sequence(): number {
    return this.#sequence;
  }

  /** The job of this id, unless it is forgotten. */
  job(id: string): SharedJob | undefined {
    return this.#jobs.get(id);
  }

  /** Admits all addresses. */
  admits(): boolean {
    return true;
  }

  /** Starts a session, or resumes an ended one: returns its id and extranonce1. */
  begin(resumed: unknown): { readonly session: string; readonly extranonce1: string } {
    const { rewrite } = this.#settings;
    const number = ++this.#counter >>> 0;
    const session = number.toString(16).padStart(8, "0");
    const old = typeof resumed === "string" ? this.#endedSessions.get(resumed) : undefined;
    if (old !== undefined) this.#endedSessions.delete(resumed as string);
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, number, true);
    const extranonce1 = old ?? bytes.toHex();
    return {
      session: rewrite.session?.(session) ?? session,
      extranonce1: rewrite.extranonce1?.(extranonce1) ?? extranonce1,
    };
  }

  /** Ends a session. */
  end(session: string, extranonce1: string): void {
    this.#endedSessions.set(session, extranonce1);
    for (const oldest of this.#endedSessions.keys()) {
      if (this.#endedSessions.size <= KEPT_SESSIONS) break;
      this.#endedSessions.delete(oldest);
    }
  }

  /** Makes the job of a new template; after a block `ckpool-reasons` makes the same job twice. */
  templateChanged(template: BlockTemplate): void {
    const first = this.#add(template, template.isNewBlock);
    if (template.isNewBlock) this.#blockSequence = first.sequence;
    this.#newest = template.isNewBlock && this.hasReasons && first.sequence > 1
      ? [first, this.#add(template, false)]
      : [first];
    const { jobLifetimeMs } = this.#settings;
    if (jobLifetimeMs === 0) return;
    for (const [id, job] of this.#jobs) {
      if (template.madeAtMs - job.template.madeAtMs <= jobLifetimeMs) break;
      this.#jobs.delete(id);
    }
  }

  #add(template: BlockTemplate, isClean: boolean): SharedJob {
    const sequence = ++this.#sequence;
    const id = this.#jobPrefix + sequence.toString(16).padStart(8, "0");
    const job = new SharedJob(id, sequence, template, isClean, this.#settings);
    this.#jobs.set(job.id, job);
    return job;
  }
}
