/**
 * One extended channel: which job is worked on, with which target, and what the pool has announced;
 * pure.
 *
 * | message | effect |
 * | --- | --- |
 * | a job with a time | becomes active at once, on the previous hash of the moment |
 * | a job without | is kept until its previous hash comes |
 * | a previous hash | its job becomes active, and all other jobs are void |
 * | a target | for jobs that become active later |
 * | a prefix | for jobs that come later |
 */

import { difficultyOfTarget, targetOfBytes } from "../../bitcoin/target.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import type { OpenExtendedMiningChannelSuccess } from "../../protocol/sv2/channel.ts";
import type { NewExtendedMiningJob, SetNewPrevHash } from "../../protocol/sv2/job.ts";
import { PoolFault } from "../../base/violation.ts";
import { MAX_EXTENDED_ROOM_BYTES } from "../../mux/terms.ts";
import type { PoolMessage } from "../../protocol/sv2/pool_message.ts";
import { type ExtendedJob, extendedJob, jobFor, prevHashFault } from "./extended_job.ts";

/** The most future jobs that are kept, the latest. */
const MAX_FUTURE_JOBS = 32;

/** The most groups of which a channel can be. */
const MAX_GROUPS = 16;

/**
 * If a pool has left its block and gives no valid job for the new one, it is dead after this time,
 * in milliseconds: all work is for nothing.
 */
export const JOBLESS_MS = 30_000;

/** A job to work on from now on. */
export interface ActiveJob {
  /** What miners get. */
  readonly job: Job;
  /** Whether shares may have other version bits. */
  readonly isVersionRollingAllowed: boolean;
}

/** Hears why a message of the pool has no effect. */
export type Notice = (why: string) => void;

/** What a message changes: a job to work on, or the difficulty; `undefined` for nothing yet. */
export type ChannelNews = ActiveJob | "difficulty" | undefined;

/** A previous hash, and when it came. */
interface Block {
  readonly message: SetNewPrevHash;
  readonly at: number;
}

/** An open channel. Times are monotonic, in milliseconds. */
export class Channel {
  /** The pool's number of it. */
  readonly id: number;
  /** Bytes that we fill in. */
  readonly extranonceBytes: number;
  readonly #notice: Notice;
  readonly #groups = new Set<number>();
  /** By id, the oldest first. */
  readonly #future = new Map<number, ExtendedJob>();
  #prefix: Uint8Array;
  #difficulty: number;
  #block: Block | undefined;
  /** Since when there is a block without a job for it. */
  #joblessSince: number | undefined;
  /** What the last active job was like: a job unlike it makes older work worthless. */
  #last: { readonly block: Block; readonly isVersionRollingAllowed: boolean } | undefined;

  /** The pool has opened it. @throws PoolFault `bad-target`. */
  constructor(opened: OpenExtendedMiningChannelSuccess, notice: Notice) {
    this.id = opened.channelId;
    this.extranonceBytes = opened.extranonceSize;
    this.#notice = notice;
    this.#prefix = opened.extranoncePrefix;
    this.#difficulty = readTarget(opened.target);
    // 0 stands for none.
    if (opened.groupChannelId !== 0) this.#groups.add(opened.groupChannelId);
  }

  /** The difficulty of jobs that become active from now on. */
  get difficulty(): number {
    return this.#difficulty;
  }

  /** Whether a message to this channel or group is for this channel. */
  isFor(channelId: number): boolean {
    return channelId === this.id || this.#groups.has(channelId);
  }

  /** Whether the pool has left its block {@linkcode JOBLESS_MS} ago and given no valid job since. */
  isJobless(time: number): boolean {
    return this.#joblessSince !== undefined && time - this.#joblessSince >= JOBLESS_MS;
  }

  /**
   * Takes a message of the pool, if it is about jobs, targets, prefixes or groups; others change
   * nothing.
   *
   * @throws PoolFault `bad-target`, `group-id`.
   */
  receive(message: PoolMessage, time: number): ChannelNews {
    switch (message.kind) {
      case "newExtendedMiningJob":
        return this.#isOurs(message) ? this.newJob(message, time) : undefined;
      case "setNewPrevHash":
        return this.#isOurs(message) ? this.newPrevHash(message, time) : undefined;
      case "setTarget":
        return this.#isOurs(message) && this.setTarget(message.target) ? "difficulty" : undefined;
      case "setExtranoncePrefix":
        if (this.#isOurs(message)) this.setPrefix(message.extranoncePrefix);
        return undefined;
      case "setGroupChannel":
        return void this.joinGroup(message.groupChannelId, message.channelIds);
      default:
        return undefined;
    }
  }

  #isOurs({ kind, channelId }: { readonly kind: string; readonly channelId: number }): boolean {
    if (this.isFor(channelId)) return true;
    this.#notice(`${kind} came for channel ${channelId}, ours is ${this.id}`);
    return false;
  }

  /** The pool has put channels into a group. @throws PoolFault `group-id`. */
  joinGroup(groupId: number, channelIds: Uint32Array): void {
    // It stands for none.
    if (groupId === 0) return this.#notice("it puts channels into group 0");
    if (groupId === this.id) {
      throw new PoolFault(
        "group-id",
        `Cannot tell messages of this pool apart: channel and group have the number ${groupId}`,
      );
    }
    if (channelIds.includes(this.id)) {
      if (this.#groups.size >= MAX_GROUPS) this.#groups.clear();
      this.#groups.add(groupId);
    } else this.#groups.delete(groupId);
  }

  /** The pool has another target. @returns whether the difficulty is another. @throws PoolFault `bad-target`. */
  setTarget(target: Uint8Array): boolean {
    const before = this.#difficulty;
    this.#difficulty = readTarget(target);
    return this.#difficulty !== before;
  }

  /** The pool has another prefix. */
  setPrefix(prefix: Uint8Array): void {
    if (prefix.length + this.extranonceBytes > MAX_EXTENDED_ROOM_BYTES) {
      return this.#notice(
        `its extranonce prefix has ${prefix.length} bytes, too many beside the ` +
          `${this.extranonceBytes} that we fill`,
      );
    }
    this.#prefix = prefix;
  }

  /** The pool sent a job. @returns it if it is to be worked on now. */
  newJob(message: NewExtendedMiningJob, time: number): ActiveJob | undefined {
    const result = extendedJob(message, this.#prefix, this.extranonceBytes);
    if (!result.ok) {
      this.#notice(`job ${message.jobId}: ${result.why}`);
      return undefined;
    }
    const { job } = result;
    const block = this.#block;
    if (job.minNtime !== undefined) {
      if (block !== undefined) return this.#activate(job, block, time);
      this.#notice(`job ${job.jobId} came before any previous hash`);
      return undefined;
    }
    // Its previous hash may have come first.
    if (this.#joblessSince !== undefined && block?.message.jobId === job.jobId) {
      return this.#activate(job, block, time);
    }
    this.#future.delete(job.jobId);
    this.#future.set(job.jobId, job);
    if (this.#future.size > MAX_FUTURE_JOBS) {
      this.#future.delete(this.#future.keys().next().value!);
    }
    return undefined;
  }

  /** A new block. @returns the job to work on now. */
  newPrevHash(message: SetNewPrevHash, time: number): ActiveJob | undefined {
    const fault = prevHashFault(message);
    const job = this.#future.get(message.jobId);
    this.#future.clear();
    if (fault !== undefined) {
      this.#notice(`the previous hash for job ${message.jobId}: ${fault}`);
      this.#joblessSince ??= time;
      return undefined;
    }
    const block = this.#block = { message, at: time };
    if (job !== undefined) return this.#activate(job, block, time);
    // Not the end of the connection: the next job may be good, and until then miners are busy.
    this.#notice(`a previous hash came for job ${message.jobId}, which is unknown`);
    this.#joblessSince ??= time;
    return undefined;
  }

  #activate(job: ExtendedJob, block: Block, time: number): ActiveJob | undefined {
    const { isVersionRollingAllowed } = job;
    const last = this.#last;
    // Shares of jobs with other rules could not be told apart.
    const isClean = last === undefined || last.block !== block ||
      last.isVersionRollingAllowed !== isVersionRollingAllowed;
    // The header's time goes on from that of the pool, whatever our clock shows.
    const sinceBlock = Math.floor((time - block.at) / 1000);
    const ntime = Math.max(
      job.minNtime ?? 0,
      block.message.minNtime + this.#passed(job, sinceBlock),
    );
    try {
      const active = {
        job: jobFor(job, block.message, ntime, isClean),
        isVersionRollingAllowed,
      };
      this.#last = { block, isVersionRollingAllowed };
      this.#joblessSince = undefined;
      return active;
    } catch (error) {
      if (!(error instanceof PoolFault)) throw error;
      this.#notice(`job ${job.jobId}: ${error.message}`);
      this.#joblessSince ??= time;
      return undefined;
    }
  }

  /** Seconds to add to the block's own time: a job with a time of its own has counted them. */
  #passed({ minNtime }: ExtendedJob, sinceBlock: number): number {
    return minNtime === undefined ? sinceBlock : 0;
  }
}

/** The difficulty of a target. @throws PoolFault `bad-target`: no hash meets it. */
function readTarget(bytes: Uint8Array): number {
  const target = targetOfBytes(bytes);
  if (target > 0n) return difficultyOfTarget(target);
  throw new PoolFault("bad-target", "Cannot mine at this pool: its target is 0, wanted 1 or more");
}
