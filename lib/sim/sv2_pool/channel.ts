/**
 * One channel of a simulated Stratum V2 pool: its terms, its jobs, and which of its shares are yet
 * to be acknowledged. No messages are made here.
 */

import type { OpenExtendedMiningChannel } from "../../protocol/sv2/channel.ts";
import { MAX_TARGET, targetOf, targetOfBytes } from "../../bitcoin/target.ts";
import { ChannelJobs } from "./channel_jobs.ts";
import type { Sv2PoolSettings } from "./settings.ts";

const DIFFICULTY_1 = 0xffffn << 208n;
const HASHES_PER_DIFFICULTY = 2 ** 32;
/** The difficulties that a target can be calculated for. */
const LEAST_DIFFICULTY = 2 ** -32;
const MOST_DIFFICULTY = 2 ** 62;

/** The difficulty of a target, as exact as a double. */
export function difficultyOfTarget(target: bigint): number {
  return Number(DIFFICULTY_1) / Number(target);
}

/** The target of any difficulty: below 2^-32 it is the easiest there is. */
export function anyTargetOf(difficulty: number): bigint {
  return difficulty < LEAST_DIFFICULTY
    ? MAX_TARGET
    : targetOf(Math.min(difficulty, MOST_DIFFICULTY));
}

/** What opens a channel. */
export interface ChannelTerms {
  /** Its id on the connection. */
  readonly id: number;
  /** Its number in the whole pool, from 1. */
  readonly serial: number;
  /** Its first prefix. */
  readonly prefix: Uint8Array;
  /** Bytes of extranonce. */
  readonly extranonceSize: number;
  /** The request. */
  readonly request: OpenExtendedMiningChannel;
}

/** Accepted shares that one SubmitShares.Success acknowledges. */
export interface Acknowledged {
  /** The sequence number of the last one. */
  readonly last: number;
  /** How many there are. */
  readonly fresh: number;
  /** The sum of their difficulties. */
  readonly freshDifficulty: number;
  /** How many the message says there are: perhaps all so far. */
  readonly count: number;
  /** The sum of the difficulties of these. */
  readonly difficulty: number;
}

/** One channel. */
export class Sv2Channel {
  /** Its id on the connection. */
  readonly id: number;
  /** Its number in the whole pool, from 1. */
  readonly serial: number;
  /** Whose shares these are. */
  readonly userIdentity: string;
  /** What the client asked for. */
  readonly minExtranonceSize: number;
  /** Bytes of extranonce. */
  readonly extranonceSize: number;
  /** The prefix of jobs to come. */
  prefix: Uint8Array;
  /** The hashrate that the client declared last. */
  nominalHashRate: number;
  /** When the last UpdateChannel came. */
  updatedAtMs: number = -Infinity;
  /** Its jobs. */
  readonly jobs = new ChannelJobs();
  #target: bigint;
  #maxTarget: bigint;
  #lastSequence: number | undefined;
  #unacknowledged = { last: 0, count: 0, difficulty: 0 };
  #acknowledged = { count: 0, difficulty: 0 };
  readonly #settings: Sv2PoolSettings;

  /** Opens a channel with its first target. */
  constructor(terms: ChannelTerms, settings: Sv2PoolSettings) {
    this.id = terms.id;
    this.serial = terms.serial;
    this.prefix = terms.prefix;
    this.extranonceSize = terms.extranonceSize;
    const { request } = terms;
    this.userIdentity = request.userIdentity;
    this.minExtranonceSize = request.minExtranonceSize;
    this.nominalHashRate = request.nominalHashRate;
    this.#maxTarget = targetOfBytes(request.maxTarget);
    this.#settings = settings;
    const made = this.#followed();
    this.#target = settings.rewrite.target?.(made) ?? made;
  }

  /** The target of jobs to come. */
  get target(): bigint {
    return this.#target;
  }

  /** Sets the target of jobs to come. @returns whether it is another one. */
  setTarget(target: bigint): boolean {
    const isNew = target !== this.#target;
    this.#target = target;
    return isNew;
  }

  /** Takes what an UpdateChannel declares. @returns the target it asks for. */
  update(nominalHashRate: number, maxTarget: Uint8Array): bigint {
    this.nominalHashRate = nominalHashRate;
    this.#maxTarget = targetOfBytes(maxTarget);
    return this.#settings.sharesPerMinute === 0 ? this.#target : this.#followed();
  }

  /** Takes the sequence number of a share. @returns what is wrong with it. */
  takeSequence(sequence: number): "repeatedSequence" | "jumpedSequence" | undefined {
    const last = this.#lastSequence;
    this.#lastSequence = last === undefined ? sequence : Math.max(last, sequence);
    if (last === undefined) return sequence > 1 ? "jumpedSequence" : undefined;
    if (sequence <= last) return "repeatedSequence";
    return sequence === last + 1 ? undefined : "jumpedSequence";
  }

  /** Notes an accepted share. @returns how many are not acknowledged now. */
  accepted(sequence: number, difficulty: number): number {
    const before = this.#unacknowledged;
    this.#unacknowledged = {
      last: sequence,
      count: before.count + 1,
      difficulty: before.difficulty + difficulty,
    };
    return this.#unacknowledged.count;
  }

  /** Takes what is to be acknowledged now; `undefined` if there is nothing. */
  takeUnacknowledged(): Acknowledged | undefined {
    const taken = this.#unacknowledged;
    if (taken.count === 0) return undefined;
    this.#unacknowledged = { last: taken.last, count: 0, difficulty: 0 };
    this.#acknowledged.count += taken.count;
    this.#acknowledged.difficulty += taken.difficulty;
    const said = this.#settings.hasCumulativeCounts ? this.#acknowledged : taken;
    const { count, difficulty } = said;
    const { last, count: fresh, difficulty: freshDifficulty } = taken;
    return { last, fresh, freshDifficulty, count, difficulty };
  }

  /** The target for the declared hashrate. */
  #followed(): bigint {
    const { sharesPerMinute, difficulty, minDifficulty } = this.#settings;
    const isFollowed = sharesPerMinute > 0 && this.nominalHashRate > 0;
    const hashes = this.nominalHashRate * 60 / sharesPerMinute;
    const wanted = isFollowed
      ? Math.max(minDifficulty, hashes / HASHES_PER_DIFFICULTY)
      : difficulty;
    const target = anyTargetOf(wanted);
    return target < this.#maxTarget ? target : this.#maxTarget;
  }
}
