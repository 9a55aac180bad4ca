/**
 * The workers registered on one connection of the simulated pool, and the difficulty of each for
 * every job (agent.md "Difficulty").
 */

import type { SetDifficulty } from "../protocol/agent/message.ts";
import { MAX_DIFFICULTY_EXPONENT } from "../protocol/agent/message.ts";
import { DEFAULT_WORKER_NAME, filterName } from "../protocol/stratum/worker_name.ts";

const JOB_IDS = 256;
/** The most session ids in a frame of difficulties: its length has 16 bits. */
const MAX_IDS_IN_FRAME = 32764;
const NICEHASH = /^nicehash\//i;
/** After this many refused shares of a worker within a minute, no more of them are booked. */
const MAX_BOOKED_REFUSALS = 20;
const REFUSALS_MS = 60_000;

/** How a pool follows a worker's speed. */
export interface Vardiff {
  /** The time between shares that the pool aims at, in seconds. */
  readonly shareSeconds: number;
  /** The lowest exponent; 0 or more. */
  readonly minExponent: number;
  /** The highest exponent; 63 or less. */
  readonly maxExponent: number;
}

/** One registered session. */
export class PoolWorker {
  /** 0..0xfffe. */
  readonly sessionId: number;
  /** As the pool keeps it: filtered. */
  readonly clientAgent: string;
  /** As the pool keeps it: filtered, never empty. */
  readonly workerName: string;
  /** Whether it is still registered; if not, its shares get no verdict. */
  isRegistered = true;
  /** Shares accepted since its difficulty was last considered. */
  acceptedShares = 0;
  /** When that was, in milliseconds. */
  consideredAtMs: number;
  /** When its last shares were refused, in milliseconds, the oldest first. */
  #refusedAt: number[] = [];
  /** Difficulties by the job they began with, ascending. */
  #difficulties: { readonly from: number; readonly difficulty: number }[];

  /** `difficulty` is the connection's first, with which every worker begins. */
  constructor(
    sessionId: number,
    clientAgent: string,
    workerName: string,
    difficulty: number,
    nowMs: number,
  ) {
    this.sessionId = sessionId;
    this.clientAgent = filterName(clientAgent);
    this.workerName = filterName(workerName) || DEFAULT_WORKER_NAME;
    this.consideredAtMs = nowMs;
    this.#difficulties = [{ from: 0, difficulty }];
  }

  /**
   * Whether the pool applies its NiceHash minimum to it without announcing it (agent.md trap 6).
   */
  get isNiceHash(): boolean {
    return NICEHASH.test(this.clientAgent);
  }

  /** Notes a refused share. Returns whether the pool still books it. */
  refused(nowMs: number): boolean {
    this.#refusedAt.push(nowMs);
    if (this.#refusedAt.length > MAX_BOOKED_REFUSALS) this.#refusedAt.shift();
    return this.#refusedAt.filter((at) => at > nowMs - REFUSALS_MS).length < MAX_BOOKED_REFUSALS;
  }

  /** Its current difficulty. */
  get difficulty(): number {
    return this.#difficulties.at(-1)!.difficulty;
  }

  /** Its difficulty when the job with this sequence was sent. */
  difficultyAt(sequence: number): number {
    return this.#difficulties.findLast(({ from }) => from <= sequence)!.difficulty;
  }

  /** Sets its difficulty from the job with this sequence on. */
  setDifficulty(difficulty: number, sequence: number): void {
    // Jobs whose ids are in use again are never looked up; the first entry stands for them.
    while (this.#difficulties.length > 1 && this.#difficulties[1]!.from < sequence - JOB_IDS) {
      this.#difficulties.shift();
    }
    this.#difficulties.push({ from: sequence, difficulty });
  }

  /** Returns the exponent for its speed, at most two steps from the current one. */
  exponentForSpeed(vardiff: Vardiff, nowMs: number): number {
    const seconds = (nowMs - this.consideredAtMs) / 1000;
    const now = Math.max(0, Math.log2(this.difficulty));
    if (seconds < vardiff.shareSeconds) return Math.round(now);
    const times = this.acceptedShares * vardiff.shareSeconds / seconds;
    this.acceptedShares = 0;
    this.consideredAtMs = nowMs;
    const step = Math.max(-2, Math.min(2, Math.round(Math.log2(times))));
    const max = Math.min(vardiff.maxExponent, MAX_DIFFICULTY_EXPONENT);
    return Math.max(vardiff.minExponent, Math.min(max, Math.round(now) + step));
  }
}

/** What decides difficulties besides a worker's own speed. */
export interface DifficultyRules {
  /** How the pool is to behave. */
  readonly settings: {
    /** How difficulties follow speed, if they do. */
    readonly vardiff?: Vardiff;
  };
  /** The exponent a test wants of the workers of this name, if any. */
  wantedExponent(workerName: string): number | undefined;
}

/** Keeps the workers of one connection. */
export class PoolWorkers {
  readonly #bySession = new Map<number, PoolWorker>();

  /** The number of workers. */
  get count(): number {
    return this.#bySession.size;
  }

  /** All workers, in the order of their registers. */
  all(): Iterable<PoolWorker> {
    return this.#bySession.values();
  }

  /** Returns the worker with this session id. */
  find(sessionId: number): PoolWorker | undefined {
    return this.#bySession.get(sessionId);
  }

  /** Adds a worker, unless its session id is taken: then the old worker stays (agent.md trap 7). */
  add(worker: PoolWorker): boolean {
    if (this.#bySession.has(worker.sessionId)) return false;
    this.#bySession.set(worker.sessionId, worker);
    return true;
  }

  /** Removes a worker; returns `false` for an unknown session id. */
  remove(sessionId: number): boolean {
    const worker = this.#bySession.get(sessionId);
    if (worker !== undefined) worker.isRegistered = false;
    return this.#bySession.delete(sessionId);
  }

  /**
   * Considers every difficulty for the job with this sequence, and returns the messages to send to
   * the agent before it: the changes, or all difficulties with a connection's first job; by
   * ascending exponent, at most 32,764 sessions each.
   */
  difficultiesFor(
    sequence: number,
    nowMs: number,
    { settings: { vardiff }, wantedExponent }: DifficultyRules,
  ): Omit<SetDifficulty, "kind">[] {
    const sessionsByExponent = new Map<number, number[]>();
    for (const worker of this.#bySession.values()) {
      const exponent = wantedExponent(worker.workerName) ??
        (vardiff === undefined
          ? Math.log2(worker.difficulty)
          : worker.exponentForSpeed(vardiff, nowMs));
      // A fraction, as in development mode, has no exponent that a frame can carry.
      if (!Number.isInteger(exponent) || exponent < 0) continue;
      const difficulty = 2 ** exponent;
      if (difficulty !== worker.difficulty) worker.setDifficulty(difficulty, sequence);
      else if (sequence > 0) continue;
      const sessions = sessionsByExponent.get(exponent);
      if (sessions === undefined) sessionsByExponent.set(exponent, [worker.sessionId]);
      else sessions.push(worker.sessionId);
    }
    const ascending = [...sessionsByExponent].sort(([a], [b]) => a - b);
    return ascending.flatMap(([exponent, all]) =>
      chunksOf(all, MAX_IDS_IN_FRAME).map((sessionIds) => ({ exponent, sessionIds }))
    );
  }
}

function chunksOf(all: readonly number[], size: number): number[][] {
  const chunks: number[][] = [];
  for (let at = 0; at < all.length; at += size) chunks.push(all.slice(at, at + size));
  return chunks;
}
